/*
 * quant.h - what the quantized operators share: which scale belongs to an element, codes that saturate, and
 * zero points.
 */
#ifndef OPERATORS_QUANT_QUANT_H
#define OPERATORS_QUANT_QUANT_H

#include "operators/op.h"

#define QUANT_CODES_8 (ELEMENT_BIT(ELEMENT_INT8) | ELEMENT_BIT(ELEMENT_UINT8))
#define QUANT_CODES                                                                                          \
  (QUANT_CODES_8 | ELEMENT_BIT(ELEMENT_INT16) | ELEMENT_BIT(ELEMENT_UINT16) | ELEMENTS_NARROW_INTEGER |      \
   (ELEMENTS_NARROW_FLOAT & ~ELEMENT_BIT(ELEMENT_FLOAT8E8M0)))
#define QUANT_REALS                                                                                          \
  (ELEMENT_BIT(ELEMENT_FLOAT32) | ELEMENT_BIT(ELEMENT_FLOAT16) | ELEMENT_BIT(ELEMENT_BFLOAT16))
#define QUANT_SCALES (QUANT_REALS | ELEMENT_BIT(ELEMENT_FLOAT8E8M0))

/* ---- scales: one for all elements, one along an axis, or one a block of an axis ---- */

/* The attributes of QuantizeLinear and DequantizeLinear. */
typedef struct QuantParams {
  int64_t axis, block_size; /* block_size 0: no blocks */
  int64_t output_dtype;     /* 0: not given */
  int64_t precision;        /* element type of the division; 0: not given */
  int64_t saturate; /* of codes that are 8-bit floats: whether what is too large becomes the largest */
} QuantParams;

extern const AttributeRow quant_attributes[];
Status quant_check_params(const Node *node, void *params, Error *err);

/* BAD_INPUT where the shapes of x, scale (input 1) and zero point (input 2) do not fit each other. */
Status quant_check_shapes(Infer *infer);

/* Where in the scales an element's scale is. */
typedef struct ScaleMap {
  int64_t inner, dim, block;                  /* elements behind the axis, along it, in a block of it */
  int64_t outer_step, block_step, inner_step; /* in the scales */
} ScaleMap;

/* Of shapes that fit. */
ScaleMap scale_map(const Shape *x, const Shape *scale, const QuantParams *params);

static inline int64_t scale_index(const ScaleMap *map, int64_t i) {
  int64_t row = i / map->inner;
  return row / map->dim * map->outer_step + row % map->dim / map->block * map->block_step +
         i % map->inner * map->inner_step;
}

/* ---- codes ---- */

/* Stores round half to even(value) + zero_point, saturated. NaN gives the zero point. */
void code_set(Tensor *codes, int64_t i, double value, int64_t zero_point);
/* Zero point `i`, or the only one; 0 where there is no such input. */
int64_t zero_point_at(const Tensor *zero_points, int64_t i);
/* The same of zero points that may be floats. */
double zero_real_at(const Tensor *zero_points, int64_t i);
/* Scale `i`, or the only one. */
double scale_at(const Tensor *scales, int64_t i);

#endif
