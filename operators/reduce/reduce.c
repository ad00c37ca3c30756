/* shared by the family: axes, shapes, and the walk over the elements that go into each result. */
#include "operators/reduce/reduce.h"
#include "operators/reals.h"

#include "operators/shape/content.h"

#include <string.h>

const AttributeRow reduce_attributes[] = {
    ATTRIBUTE(ReduceParams, axes, FIELD_INTS, .required = false),
    ATTRIBUTE(ReduceParams, keepdims, FIELD_BOOL, .otherwise = 1),
    ATTRIBUTE(ReduceParams, noop_with_empty_axes, FIELD_BOOL, .otherwise = 0),
    {0}};

/* Which dims are reduced. */
typedef struct Axes {
  int rank;
  bool reduced[GRAPH_MAX_RANK];
} Axes;

/* Marks `count` axes, or all where there are none; false where one is outside the rank. */
static bool mark_axes(Axes *axes, const ReduceParams *params, int rank, const int64_t *list, int64_t count) {
  memset(axes, 0, sizeof *axes);
  axes->rank = rank;
  for (int d = 0; d < rank; d++) axes->reduced[d] = count == 0 && !params->noop_with_empty_axes;
  for (int64_t i = 0; i < count; i++) {
    int axis;
    if (!axis_normalize(list[i], rank, &axis)) return false;
    axes->reduced[axis] = true;
  }
  return true;
}

static bool mark_axes_of(Axes *axes, const ReduceParams *params, int rank, const Tensor *input) {
  if (input == NULL) return mark_axes(axes, params, rank, params->axes.values, params->axes.count);
  return mark_axes(axes, params, rank, input->data, tensor_elements(input));
}

static Shape reduced_shape(const Shape *shape, const Axes *axes, bool keepdims) {
  Shape result = {0};
  for (int d = 0; d < shape->rank; d++) {
    if (!axes->reduced[d])
      result.dims[result.rank++] = shape->dims[d];
    else if (keepdims)
      result.dims[result.rank++] = 1;
  }
  return result;
}

/* Only the rank of the result, if that. */
static Status infer_unknown_axes(Infer *infer, bool keepdims) {
  const InferValue *data = &infer->in[0];
  return keepdims ? infer_rank(infer, 0, data->type, data->shape.rank) : infer_open(infer, 0, data->type);
}

Status reduce_infer(Infer *infer) {
  const ReduceParams *params = infer->params;
  const InferValue *data = &infer->in[0];
  KnownInts list;
  Axes axes;
  if (!data->has_shape) return infer_open(infer, 0, data->type);
  if (infer_input(infer, 1) != NULL)
    TRY(known_ints(infer, 1, "axes", GRAPH_MAX_RANK, &list));
  else
    TRY(known_ints_of(infer, &params->axes, "axes", GRAPH_MAX_RANK, &list));
  if (!list.known) return infer_unknown_axes(infer, params->keepdims);
  if (!mark_axes(&axes, params, data->shape.rank, list.values, list.count))
    return infer_fail(infer, "an axis is outside the %d dimensions of the input", data->shape.rank);
  Shape shape = reduced_shape(&data->shape, &axes, params->keepdims);
  infer_set(infer, 0, data->type, &shape);
  return OK;
}

/* ---- the walk ---- */

static const Tensor *axes_input(const Run *run) {
  return run->input_count > 1 ? run->in[1] : NULL;
}

/* Offsets of all elements along the dims whose `reduced` equals `which`, in row-major order. */
static void list_offsets(const Shape *shape, const Axes *axes, bool which, int64_t *offsets) {
  int64_t strides[GRAPH_MAX_RANK], count = 1;
  shape_strides(shape, strides);
  offsets[0] = 0;
  for (int d = 0; d < shape->rank; d++) {
    if (axes->reduced[d] != which) continue;
    /* from back to front, so that an offset is read before its place is taken */
    for (int64_t i = count - 1; i >= 0; i--)
      for (int64_t k = shape->dims[d] - 1; k >= 0; k--)
        offsets[i * shape->dims[d] + k] = offsets[i] + k * strides[d];
    count *= shape->dims[d];
  }
}

/* Scratch memory with those offsets, and their number; NULL where memory ran out. */
static int64_t *offsets_new(Run *run, const Axes *axes, bool which, int64_t *count) {
  const Shape *shape = &run->in[0]->shape;
  *count = 1;
  for (int d = 0; d < shape->rank; d++)
    if (axes->reduced[d] == which) *count *= shape->dims[d];
  int64_t *offsets = run_scratch(run, (size_t)(*count + 1) * sizeof *offsets);
  if (offsets != NULL && *count > 0) list_offsets(shape, axes, which, offsets);
  return offsets;
}

/* An empty line takes `real`'s neutral element; infinities become the limits of integer types. */
static void reduce_line(const ReduceLine *line, const ReduceFunctions *functions, Tensor *out, int64_t i) {
  if (functions->integer == NULL || line->count == 0 || element_is_float(line->tensor->type))
    tensor_set(out, i, functions->real(line));
  else
    tensor_set_integer(out, i, functions->integer(line));
}

static Status find_axes(Run *run, Axes *axes) {
  int rank = run->in[0]->shape.rank;
  if (mark_axes_of(axes, run->params, rank, axes_input(run))) return OK;
  return run_fail(run, "an axis is outside the %d dimensions of the input", rank);
}

Status reduce_kept_shape(Run *run, Shape *kept) {
  Axes axes;
  TRY(find_axes(run, &axes));
  *kept = reduced_shape(&run->in[0]->shape, &axes, true);
  return OK;
}

Status reduce_run(Run *run, const ReduceFunctions *functions) {
  const Tensor *data = run->in[0];
  Axes axes;
  TRY(find_axes(run, &axes));
  Shape shape = reduced_shape(&data->shape, &axes, ((const ReduceParams *)run->params)->keepdims);
  if (run->out[0]->data == NULL) TRY(run_set_shape(run, 0, &shape));
  ReduceLine line = {.tensor = data};
  int64_t results;
  const int64_t *bases = offsets_new(run, &axes, false, &results);
  line.offsets = offsets_new(run, &axes, true, &line.count);
  if (bases == NULL || line.offsets == NULL) return fail_memory(run->err);
  for (int64_t i = 0; i < results; i++) {
    line.base = bases[i];
    reduce_line(&line, functions, run->out[0], i);
  }
  return OK;
}

/* ---- float32 ---- */

/* The data as [outer, middle, inner] with the middle reduced. */
typedef struct Block {
  int64_t outer, middle, inner;
} Block;

/* False where the reduced dims are not neighbours (dims of 1 do not count), or there is nothing to reduce. */
static bool find_block(const Shape *shape, const Axes *axes, Block *block) {
  int from = 0, to = shape->rank;
  while (from < to && (!axes->reduced[from] || shape->dims[from] == 1)) from++;
  while (to > from && (!axes->reduced[to - 1] || shape->dims[to - 1] == 1)) to--;
  for (int d = from; d < to; d++)
    if (!axes->reduced[d] && shape->dims[d] != 1) return false;
  *block = (Block){shape_product(shape, 0, from), shape_product(shape, from, to),
                   shape_product(shape, to, shape->rank)};
  return shape_elements(shape) > 0;
}

Status reduce_fast(Run *run, ReduceLoop loop) {
  const Tensor *data = run->in[0];
  Axes axes;
  Block block;
  if (data->type != ELEMENT_FLOAT32 || run->out[0]->data == NULL ||
      !mark_axes_of(&axes, run->params, data->shape.rank, axes_input(run)) ||
      !find_block(&data->shape, &axes, &block))
    return run->node->version->run(run);
  const float *x = data->data;
  float *y = run->out[0]->data;
  for (int64_t o = 0; o < block.outer; o++, x += block.middle * block.inner, y += block.inner)
    loop(y, x, block.middle, block.inner);
  return OK;
}

/* Sums of `width` columns over `middle` rows, in order. */
static void sum_columns(float *y, const float *x, int64_t middle, int64_t inner, int64_t width,
                        double factor) {
  double sums[REDUCE_WIDTH] = {0};
  for (int64_t m = 0; m < middle; m++)
    for (int64_t i = 0; i < width; i++) sums[i] += (double)x[m * inner + i];
  for (int64_t i = 0; i < width; i++) y[i] = (float)(sums[i] * factor);
}

/* The sum of one contiguous line, in REDUCE_LANES interleaved parts. */
static double sum_line(const float *x, int64_t n) {
  double sums[REDUCE_LANES] = {0}, total = 0;
  int64_t i = 0;
  for (; i + REDUCE_LANES <= n; i += REDUCE_LANES)
    for (int k = 0; k < REDUCE_LANES; k++) sums[k] += (double)x[i + k];
  for (int k = 0; i + k < n; k++) sums[k] += (double)x[i + k];
  for (int k = 0; k < REDUCE_LANES; k++) total += sums[k];
  return total;
}

void reduce_sum_loop(float *y, const float *x, int64_t middle, int64_t inner, double factor) {
  if (inner == 1) {
    *y = (float)(sum_line(x, middle) * factor);
    return;
  }
  for (int64_t i = 0; i < inner; i += REDUCE_WIDTH)
    sum_columns(y + i, x + i, middle, inner, inner - i < REDUCE_WIDTH ? inner - i : REDUCE_WIDTH, factor);
}

/* What is reduced is summed over, or so; the rest stays in its order. */
void reduce_axes(AxisRules *rules) {
  const ReduceParams *params = rules->params;
  const Value *in = rules_in(rules, 0), *out = rules_out(rules, 0), *list = rules_in(rules, 1);
  Axes axes;
  if (!in->has_shape || !out->has_shape || (list != NULL && list->constant == NULL)) return;
  if (!mark_axes_of(&axes, params, in->shape.rank, list == NULL ? NULL : list->constant)) return;
  for (int d = 0, to = 0; d < in->shape.rank; d++) {
    if (axes.reduced[d])
      axis_free(rules, in, d);
    else
      axis_same(rules, in, d, out, to);
    to += params->keepdims || !axes.reduced[d];
  }
}
