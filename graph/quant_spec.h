/*
 * quant_spec.h - how a value is represented once a model is quantized. There is one representation of these
 * decisions: `quantize` writes them on the graph's values, and simulation, lowering, export and report read
 * them from there.
 */
#ifndef GRAPH_QUANT_SPEC_H
#define GRAPH_QUANT_SPEC_H

#include <stdbool.h>
#include <stdint.h>

typedef enum QuantKind {
  QUANT_FLOAT = 0, /* stays float32; `reason` says why */
  QUANT_INTEGER,   /* codes: real = scale * (q - zero_point) */
  QUANT_INTERNAL,  /* exists only inside the instruction of its producer, into which its one user is fused: as
                      a clamp where scale_count is 0, as a table over these codes where it is 1 */
  QUANT_INDEX      /* integers or truth values of the model itself: shapes, ids, conditions */
} QuantKind;

/*
 * QUANT_INTEGER:
 *   activation  bits 8 (or 16 at a graph's output), one scale, zero_point within the type, axis -1.
 *   weight      of a linear operator: bits 8, codes in [-127, 127], zero_point 0, scale_count = channels
 * along `axis` (the output channels), or 1 with axis -1. bias        of a linear operator: bits 32, no
 * scales: its scale is that of input times weight. operand     a constant of an element-by-element operator:
 * like an activation.
 */
typedef struct QuantSpec {
  QuantKind kind;
  int bits;
  int axis;
  int64_t scale_count;
  const float *scales; /* positive, finite, normal; owned by the graph's arena */
  int32_t zero_point;
  bool is_fixed;      /* came with the model: quantization keeps it as it is */
  double low, high;   /* the real range that was calibrated; of activations */
  const char *reason; /* static text or the graph's; never NULL for QUANT_FLOAT */
} QuantSpec;

#endif
