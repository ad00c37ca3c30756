/*
 * quant_spec.h - how a value is represented once a model is quantized. There is one representation of these
 * decisions: `quantize` writes them on the graph's values, and simulation, lowering, export and report read
 * them from there.
 */
#ifndef GRAPH_QUANT_SPEC_H
#define GRAPH_QUANT_SPEC_H

#include "graph/tensor.h"

typedef enum QuantKind {
  QUANT_FLOAT = 0, /* stays float32; `reason` says why */
  QUANT_INTEGER,   /* codes: real = scale * (q - zero_point) */
  QUANT_INTERNAL,  /* exists only inside the instruction of its producer, into which its one user is fused: as
                      a clamp where scale_count is 0, as a table over these codes where it is 1 */
  QUANT_INDEX      /* integers or truth values of the model itself: shapes, ids, conditions */
} QuantKind;

/*
 * QUANT_INTEGER, by what the value is:
 *
 * - an activation: bits 8 (or 16 at a graph's output), one scale, zero_point within the type, axis -1;
 *
 * - a weight of a linear operator: bits 8 with codes in [-127, 127], or bits 4 with codes in [-7, 7];
 * zero_point 0, scale_count = channels along `axis` (the output channels), or 1 with axis -1;
 *
 * - with 4 bits and group_size > 0 so many neighbours along group_axis share a factor, a whole number by
 * which the scale of their channel is multiplied: quant_step();
 *
 * - a bias of a linear operator: bits 32, no scales: its scale is that of input times weight;
 *
 * - an operand, that is a constant of an element-by-element operator: like an activation.
 */
typedef struct QuantSpec {
  QuantKind kind;
  int bits;
  int axis;
  int64_t scale_count;
  const float *scales; /* positive, finite, normal; owned by the graph's arena */
  int32_t zero_point;
  int group_axis;
  int64_t group_size;     /* a multiple of 16 that divides that dimension; 0: no factors */
  const uint8_t *factors; /* [channels][positions behind both axes][groups along group_axis] */
  bool is_fixed;          /* came with the model: quantization keeps it as it is */
  double low, high;       /* the real range that was calibrated; of activations */
  const char *reason;     /* static text or the graph's; never NULL for QUANT_FLOAT */
} QuantSpec;

/* Groups in one channel of a weight that has some. */
int64_t quant_groups(const QuantSpec *spec, const Shape *weight);

/* real / code of element i of a weight. */
double quant_step(const QuantSpec *spec, const Shape *weight, int64_t i);

#endif
