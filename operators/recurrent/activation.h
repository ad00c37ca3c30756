/* activation.h - the functions that recurrent cells apply, by their ONNX names. */
#ifndef OPERATORS_RECURRENT_ACTIVATION_H
#define OPERATORS_RECURRENT_ACTIVATION_H

#include "base/base.h"

typedef struct Activation {
  double (*apply)(double x, double alpha, double beta);
  double (*slope)(double x, double y, double alpha, double beta); /* dy/dx, where y is apply(x) */
  void (*fast)(float *x, int64_t n); /* apply on an array, in its place, in float32; NULL: there is none */
  double alpha, beta;
} Activation;

/* Finds the function and its default alpha and beta; false where there is none of that name. Letter case does
   not matter. `takes_alpha` and `takes_beta` say whether it reads them. */
bool activation_find(const char *name, Activation *activation, bool *takes_alpha, bool *takes_beta);

static inline double activate(const Activation *activation, double x) {
  return activation->apply(x, activation->alpha, activation->beta);
}
static inline double activation_slope(const Activation *activation, double x, double y) {
  return activation->slope(x, y, activation->alpha, activation->beta);
}

#endif
