/* qdq_codes.h - constants of a quantized graph as the integers that a QDQ model stores. Inside quantize/. */
#ifndef QUANTIZE_QDQ_CODES_H
#define QUANTIZE_QDQ_CODES_H

#include "operators/op.h"
#include "quantize/qdq.h"

/* What a DequantizeLinear reads. */
typedef struct QdqConstant {
  Tensor *codes, *scales;
  Tensor *zero_points; /* NULL: zero */
  int axis;            /* -1: one scale for all */
  int64_t block_size;  /* along the axis; 0: a scale belongs to all that is there */
} QdqConstant;

/* The type of activations; its codes are so much more than those of the spec. */
#define QDQ_ACTIVATION ELEMENT_UINT8
#define QDQ_OFFSET 128

/* Scalars in the arena; NULL where memory ran out. */
Tensor *qdq_scale(Arena *arena, double scale, Error *err);
Tensor *qdq_integer(Arena *arena, ElementType type, int64_t number, Error *err);

/* The int8 code of a real number before it is saturated. */
double qdq_code(double real, const QuantSpec *spec);

/* True for weights and operands whose spec gives codes of 8 bits, and weights of 4. */
bool qdq_has_codes(const Value *value);
Status qdq_codes(const Value *value, QdqWeights weights, Arena *arena, QdqConstant *constant, Error *err);

/* True where input i is the node's own bias and can be int32 codes. */
bool qdq_is_bias(const Node *node, int i);
Status qdq_bias(const Node *node, QdqWeights weights, Arena *arena, QdqConstant *constant, Error *err);

#endif
