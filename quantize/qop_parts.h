/* qop_parts.h - what the rewriting of quantized operators is put together from. Inside quantize/. */
#ifndef QUANTIZE_QOP_PARTS_H
#define QUANTIZE_QOP_PARTS_H

#include "operators/op.h"

/* What codes mean: constants. */
typedef struct QopParams {
  Value *scale, *zero_point; /* NULL: not known */
} QopParams;

typedef struct QopRewrite {
  Graph *graph;
  QopParams *params; /* of values that were there at first, by index: of those that are 8-bit codes */
  Value **reals;     /* what a DequantizeLinear makes of them with those params; NULL: there is none yet */
  int rewrites;
  Error *err;
} QopRewrite;

/* Reads inputs `scale` and `zero_point` of the node (the latter may be absent) for codes of type `codes`. At
   most `most` numbers each. */
Status qop_params(QopRewrite *rw, const Node *node, int scale, int zero_point, ElementType codes,
                  int64_t most, QopParams *params);

/* Of weights with `count` scales that were computed. */
Status qop_weight_params(QopRewrite *rw, const Node *node, int zero_point, ElementType codes,
                         const double *scales, int64_t count, QopParams *params);

/* What the codes mean, as a value; `axis` where there are several scales. NULL on failure. */
Value *qop_reals(QopRewrite *rw, Value *codes, QopParams params, int axis);
/* A new value whose codes `codes` will be: a QuantizeLinear between the two. NULL on failure. */
Value *qop_quantized(QopRewrite *rw, Value *codes, QopParams params);
/* A float32 constant of one axis, or a scalar where count is 0; its elements are `numbers`. */
Value *qop_floats(QopRewrite *rw, const char *base, const double *numbers, int64_t count);

/* Makes the node another one of ai.onnx, with these inputs and one output; attributes of the names in `keep`
   (NULL at the end) stay. */
Status qop_become(QopRewrite *rw, Node *node, const char *type, Value *const *inputs, int input_count,
                  Value *output, const char *const *keep);

/* Products of codes in int32 whose result is scaled in float behind them (qop_integer.c). */
Status qop_integer_product(QopRewrite *rw, Node *node);

#endif
