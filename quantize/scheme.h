/* scheme.h - the schemes that --bits names: bits of weights, form of activations. */
#ifndef QUANTIZE_SCHEME_H
#define QUANTIZE_SCHEME_H

#include "quantize/quantize.h"

/* X(name, text, bits of weights, activations, brief) */
#define SCHEMES(X)                                                                                           \
  X(W8A8, "w8a8", 8, ACTIVATIONS_8BIT, "weights and activations in 8 bits")                                  \
  X(W4A8, "w4a8", 4, ACTIVATIONS_8BIT, "weights in 4 bits, of half the size; activations in 8")              \
  X(W8A16, "w8a16", 8, ACTIVATIONS_16BIT, "weights in 8 bits, activations in 16: nearly as float")           \
  X(W4A16, "w4a16", 4, ACTIVATIONS_16BIT, "weights in 4 bits, activations in 16")                            \
  X(W8, "w8", 8, ACTIVATIONS_FLOAT, "weights in 8 bits, everything else in float32")                         \
  X(W4, "w4", 4, ACTIVATIONS_FLOAT, "weights in 4 bits, everything else in float32")                         \
  X(MIXED, "mixed", 8, ACTIVATIONS_8BIT, "weights of each layer in 4 or 8 bits, as a search finds best")

typedef struct Scheme {
  const char *name;
  int weight_bits;
  ActivationForm activations;
  const char *brief;
} Scheme;

extern const Scheme quantize_schemes[]; /* in the order of SCHEMES */

#endif
