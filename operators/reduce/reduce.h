/*
 * reduce.h - what reductions along axes share. A file of this family has a kernel for one line of elements,
 * whose values it fetches, and the row.
 */
#ifndef OPERATORS_REDUCE_REDUCE_H
#define OPERATORS_REDUCE_REDUCE_H

#include "operators/axes.h"

typedef struct ReduceParams {
  Ints axes; /* up to opset 12 or 17; afterwards an input */
  bool keepdims;
  bool noop_with_empty_axes;
} ReduceParams;

extern const AttributeRow reduce_attributes[];
void reduce_axes(AxisRules *rules);

/* The elements of the input that go into one of the output, in row-major order. */
typedef struct ReduceLine {
  const Tensor *tensor;
  int64_t base;           /* of the line's first element */
  const int64_t *offsets; /* of each element from it */
  int64_t count;
} ReduceLine;

static inline double reduce_real(const ReduceLine *line, int64_t i) {
  return tensor_get(line->tensor, line->base + line->offsets[i]);
}
/* The bits of a 64-bit integer, signed or not. */
static inline int64_t reduce_integer(const ReduceLine *line, int64_t i) {
  int64_t at = line->base + line->offsets[i];
  if (line->tensor->type == ELEMENT_UINT64) return (int64_t)((const uint64_t *)line->tensor->data)[at];
  return tensor_get_integer(line->tensor, at);
}

/* One element of the output: floats in float64, integers as int64 that wraps around (uint64 by its bits). */
typedef struct ReduceFunctions {
  double (*real)(const ReduceLine *line);
  int64_t (*integer)(const ReduceLine *line); /* NULL: by way of `real` */
} ReduceFunctions;

/* Axes from the input where the node has one, else from the attribute. */
Status reduce_run(Run *run, const ReduceFunctions *functions);
Status reduce_infer(Infer *infer);
/* The shape of the input with a 1 in the place of every reduced dim. */
Status reduce_kept_shape(Run *run, Shape *kept);

/* y[0..inner-1] from `middle` rows of `inner` elements each; neither is 0. */
typedef void (*ReduceLoop)(float *y, const float *x, int64_t middle, int64_t inner);

/* Runs `loop` where the data is float32 and the reduced axes are neighbours, else the reference kernel of the
   node's version. */
Status reduce_fast(Run *run, ReduceLoop loop);

/* The sums times `factor`, accumulated in float64. */
void reduce_sum_loop(float *y, const float *x, int64_t middle, int64_t inner, double factor);
#define REDUCE_WIDTH 64 /* columns that are summed at a time */
#define REDUCE_LANES 8  /* parts of a contiguous line */

#define REDUCE_TYPES                                                                                         \
  (ELEMENTS_FLOAT | ELEMENT_BIT(ELEMENT_INT32) | ELEMENT_BIT(ELEMENT_INT64) | ELEMENT_BIT(ELEMENT_UINT32) |  \
   ELEMENT_BIT(ELEMENT_UINT64))
#define REDUCE_PORTS(set)                                                                                    \
  .attributes = reduce_attributes, .params_bytes = sizeof(ReduceParams),                                     \
  .inputs = {{"data", PORT_REQUIRED, (set), "[...]"},                                                        \
             {"axes", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT64), "[A]"}},                                    \
  .outputs = {{"reduced", PORT_REQUIRED, (set), "[...]"}}, .axes = reduce_axes

#endif
