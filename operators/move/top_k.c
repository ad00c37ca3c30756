/* top_k.c - TopK: the largest or smallest elements along an axis, and their indices. */
#include "operators/gradient_moved.h"
#include "operators/reals.h"
#include "operators/shape/content.h"

#include <stdlib.h>
#include <string.h>

typedef struct TopKParams {
  int64_t axis, k; /* k is an attribute before version 10 */
  bool largest, sorted;
} TopKParams;

static Status top_k_of(Infer *infer, bool known, int64_t k) {
  const TopKParams *params = infer->params;
  const InferValue *in = &infer->in[0];
  infer->out[0].type = in->type;
  if (infer_wants(infer, 1)) infer->out[1].type = ELEMENT_INT64;
  if (!in->has_shape) return OK;
  Shape out = in->shape;
  int axis;
  TRY(infer_axis(infer, params->axis, out.rank, &axis));
  if (known && (k < 0 || (dim_is_known(out.dims[axis]) && k > out.dims[axis])))
    return infer_fail(infer, "%lld elements cannot be picked from axis %d", (long long)k, axis);
  out.dims[axis] = known ? k : DIM_UNKNOWN;
  infer_set(infer, 0, in->type, &out);
  if (infer_wants(infer, 1)) infer_set(infer, 1, ELEMENT_INT64, &out);
  return OK;
}

static Status top_k_infer(Infer *infer) {
  int64_t k = 0;
  if (infer_input(infer, 1) == NULL) return infer_fail(infer, "input 1 ('K') is missing");
  const InferValue *count = &infer->in[1];
  if (count->has_shape && shape_is_known(&count->shape) && shape_elements(&count->shape) != 1)
    return infer_fail(infer, "K is no single number");
  bool known = known_int(infer, 1, &k);
  return top_k_of(infer, known, k);
}

static Status top_k_infer_1(Infer *infer) {
  return top_k_of(infer, true, ((const TopKParams *)infer->params)->k);
}

/* An element of a line and where it stood. A float counts by `real`, an integer by `integer`. */
typedef struct Ranked {
  double real;
  int64_t integer, index;
} Ranked;

/* Below 0 where a is smaller. NaN is larger than any number. */
static int compare_values(const Ranked *a, const Ranked *b) {
  bool a_nan = a->real != a->real, b_nan = b->real != b->real;
  if (a_nan || b_nan) return (int)a_nan - (int)b_nan;
  if (a->real != b->real) return a->real < b->real ? -1 : 1;
  return (a->integer > b->integer) - (a->integer < b->integer);
}

/* Equal elements stay in order. */
static int smallest_first(const void *left, const void *right) {
  const Ranked *a = left, *b = right;
  int order = compare_values(a, b);
  return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

static int largest_first(const void *left, const void *right) {
  const Ranked *a = left, *b = right;
  int order = compare_values(b, a);
  return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

/* uint64 beyond int64 keeps its order when the top bit is flipped. */
static Ranked ranked_of(const Tensor *in, int64_t at, int64_t index) {
  if (element_is_float(in->type)) return (Ranked){.real = tensor_get(in, at), .index = index};
  if (in->type == ELEMENT_UINT64)
    return (Ranked){.integer = (int64_t)(((const uint64_t *)in->data)[at] ^ (UINT64_C(1) << 63)),
                    .index = index};
  return (Ranked){.integer = tensor_get_integer(in, at), .index = index};
}

/* One line along the axis: `stride` elements lie between neighbours. */
static void rank_line(const Run *run, Ranked *line, int64_t count, int64_t from, int64_t stride, int64_t k,
                      int64_t to) {
  const TopKParams *params = run->params;
  Tensor *values = run->out[0], *indices = run_output(run, 1);
  size_t size = element_bytes(run->in[0]->type);
  for (int64_t i = 0; i < count; i++) line[i] = ranked_of(run->in[0], from + i * stride, i);
  qsort(line, (size_t)count, sizeof *line, params->largest ? largest_first : smallest_first);
  for (int64_t i = 0; i < k; i++) {
    const char *source = (const char *)run->in[0]->data + (size_t)(from + line[i].index * stride) * size;
    if (values != NULL) memcpy((char *)values->data + (size_t)(to + i * stride) * size, source, size);
    if (indices != NULL) tensor_set_integer(indices, to + i * stride, line[i].index);
  }
}

static Status top_k_run(Run *run) {
  const Tensor *in = run->in[0];
  int axis;
  if (!axis_normalize(((const TopKParams *)run->params)->axis, in->shape.rank, &axis)) return BAD_INPUT;
  const Shape *out = run->out[0] != NULL ? &run->out[0]->shape : &run->out[1]->shape;
  int64_t count = in->shape.dims[axis], k = out->dims[axis];
  int64_t outer = shape_product(&in->shape, 0, axis), inner = shape_product(&in->shape, axis + 1, out->rank);
  if (k == 0) return OK;
  Ranked *line = run_scratch(run, (size_t)count * sizeof *line);
  if (line == NULL) return run->err->status;
  for (int64_t o = 0; o < outer; o++)
    for (int64_t i = 0; i < inner; i++)
      rank_line(run, line, count, o * count * inner + i, inner, k, o * k * inner + i);
  return OK;
}

/* Picks the elements that the forward run picked. */
static Status pick_again(Run *run) {
  const Tensor *in = run->in[0], *ranks = run->in[1];
  int axis;
  if (!axis_normalize(((const TopKParams *)run->params)->axis, in->shape.rank, &axis)) return BAD_INPUT;
  int64_t inner = shape_product(&in->shape, axis + 1, in->shape.rank);
  int64_t extent = in->shape.dims[axis], k = ranks->shape.dims[axis], count = tensor_elements(ranks);
  for (int64_t i = 0; i < count; i++) {
    int64_t from = (i / inner / k * extent + ((const int64_t *)ranks->data)[i]) * inner + i % inner;
    ((int64_t *)run->out[0]->data)[i] = ((const int64_t *)in->data)[from];
  }
  return OK;
}

/* Ranks by values, then moves as the ranks say. */
static Status grad_top_k(Grad *grad) {
  Tensor ranks = {.type = ELEMENT_INT64, .shape = grad->out_grad[0]->shape};
  ranks.data = run_scratch(&grad->run, (size_t)tensor_elements(&ranks) * sizeof(int64_t) + 1);
  if (ranks.data == NULL) return grad->run.err->status;
  Run run = grad->run;
  run.output_count = 2;
  run.out = (Tensor *const[]){NULL, &ranks};
  TRY(top_k_run(&run));
  Grad picked = *grad;
  picked.run.input_count = 2;
  picked.run.in = (const Tensor *const[]){grad->run.in[0], &ranks};
  picked.run.output_count = 1;
  picked.in_grad = (Tensor *const[]){grad->in_grad[0], NULL};
  return grad_moved_by(&picked, pick_again, 1, NULL);
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(TopKParams, axis, FIELD_INT, .otherwise = -1),
    ATTRIBUTE(TopKParams, k, FIELD_INT),
    ATTRIBUTE(TopKParams, largest, FIELD_BOOL, .otherwise = 1),
    ATTRIBUTE(TopKParams, sorted, FIELD_BOOL, .otherwise = 1),
    {0},
};

const Op op_TopK = {
    .name = "TopK",
    .brief = "The largest or smallest elements along an axis in order, and their indices.",
    .versions = {{10, top_k_infer, top_k_run, NULL, grad_top_k},
                 {1, top_k_infer_1, top_k_run, NULL, grad_top_k}},
    .attributes = attributes,
    .params_bytes = sizeof(TopKParams),
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_NUMERIC, "[...]"},
               {"K", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT64), "[1]"}},
    .outputs = {{"Values", PORT_REQUIRED, ELEMENTS_NUMERIC, "[...]"},
                {"Indices", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT64), "[...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "sorting has no integer instruction",
    .samples = {{"f32[2,5], i64{3}!", "outputs=2"},
                {"i64[4,3], i64{2}!", "axis=0 largest=0 outputs=2"},
                {"f32{1,nan,3,1}, i64{3}", "outputs=2"},
                {"u64{18446744073709551615,1,0}, i64{2}!", "outputs=2"},
                {"f32[2,4]", "k=2 outputs=2 opset=9"}},
};
