/* range.c - Range: the numbers from start to before limit, delta apart. */
#include "operators/shape/content.h"

#include <math.h>

/* Number of steps, ceil((limit - start) / delta) in exact arithmetic; 0 where that is negative. */
static uint64_t integer_steps(int64_t start, int64_t limit, int64_t delta) {
  if (delta > 0 ? start >= limit : start <= limit) return 0;
  uint64_t distance = delta > 0 ? (uint64_t)limit - (uint64_t)start : (uint64_t)start - (uint64_t)limit;
  uint64_t step = delta > 0 ? (uint64_t)delta : UINT64_C(0) - (uint64_t)delta;
  return (distance - 1) / step + 1;
}

static Status float_steps(const Infer *infer, const Tensor *const at[3], int64_t *steps) {
  double start = tensor_get(at[0], 0), limit = tensor_get(at[1], 0), delta = tensor_get(at[2], 0);
  double count = ceil((limit - start) / delta);
  if (!isfinite(count) || count > (double)CONTENT_MAX_ELEMENTS)
    return infer_fail(infer, "from %g to %g in steps of %g is no list of at most %lld numbers", start, limit,
                      delta, (long long)CONTENT_MAX_ELEMENTS);
  *steps = count > 0 ? (int64_t)count : 0;
  return OK;
}

static Status steps_of(const Infer *infer, const Tensor *const at[3], int64_t *steps) {
  if (element_is_float(at[0]->type)) return float_steps(infer, at, steps);
  int64_t start = tensor_get_integer(at[0], 0), limit = tensor_get_integer(at[1], 0);
  int64_t delta = tensor_get_integer(at[2], 0);
  if (delta == 0) return infer_fail(infer, "the step is 0");
  uint64_t count = integer_steps(start, limit, delta);
  if (count > (uint64_t)CONTENT_MAX_ELEMENTS)
    return infer_fail(infer, "the output would have more than %lld elements",
                      (long long)CONTENT_MAX_ELEMENTS);
  *steps = (int64_t)count;
  return OK;
}

/* 0, 1, ... to before a symbol: as many as the symbol says. */
static Status infer_symbolic(Infer *infer, ElementType type) {
  int64_t start, delta;
  Content limit;
  Dim count = DIM_UNKNOWN;
  if (known_int(infer, 0, &start) && start == 0 && known_int(infer, 2, &delta) && delta == 1 &&
      content_of(&infer->in[1], &limit) && limit.count == 1)
    count = content_dim(&limit.items[0]);
  infer_set(infer, 0, type, &SHAPE(count));
  return OK;
}

static Status range_infer(Infer *infer) {
  const Tensor *at[3];
  bool known = true;
  for (int i = 0; i < 3; i++) {
    const InferValue *in = &infer->in[i];
    at[i] = in->constant;
    known &= at[i] != NULL;
    if (in->has_shape && shape_is_known(&in->shape) && shape_elements(&in->shape) != 1)
      return infer_fail(infer, "input %d must have one element", i);
    if (in->type != infer->in[0].type && in->type != ELEMENT_NONE && infer->in[0].type != ELEMENT_NONE)
      return infer_fail(infer, "the inputs have different types");
  }
  ElementType type = infer->in[0].type;
  if (!known) return infer_symbolic(infer, type);
  int64_t steps = 0;
  TRY(steps_of(infer, at, &steps));
  infer_set(infer, 0, type, &SHAPE(steps));
  if (element_is_float(type) || steps > INFER_MAX_ELEMENTS) return OK;
  Content content = {.count = (int)steps};
  int64_t value = tensor_get_integer(at[0], 0), delta = tensor_get_integer(at[2], 0);
  for (int i = 0; i < content.count; i++) content.items[i] = content_known(value + i * delta);
  content_follow(&infer->out[0], &content);
  return OK;
}

static Status range_run(Run *run) {
  Tensor *out = run->out[0];
  int64_t count = tensor_elements(out);
  if (element_is_float(out->type)) {
    double start = tensor_get(run->in[0], 0), delta = tensor_get(run->in[2], 0);
    for (int64_t i = 0; i < count; i++) tensor_set(out, i, start + (double)i * delta);
    return OK;
  }
  int64_t start = tensor_get_integer(run->in[0], 0), delta = tensor_get_integer(run->in[2], 0);
  for (int64_t i = 0; i < count; i++) tensor_set_integer(out, i, start + i * delta);
  return OK;
}

#define RANGE_TYPES (ELEMENTS_FLOAT | ELEMENTS_SIGNED)

const Op op_Range = {
    .name = "Range",
    .brief = "The numbers from `start` to before `limit`, `delta` apart.",
    .versions = {{11, range_infer, range_run, NULL}},
    .inputs = {{"start", PORT_REQUIRED, RANGE_TYPES, "[]"},
               {"limit", PORT_REQUIRED, RANGE_TYPES, "[]"},
               {"delta", PORT_REQUIRED, RANGE_TYPES, "[]"}},
    .outputs = {{"output", PORT_REQUIRED, RANGE_TYPES, "[count]"}},
    .grad_reason = "not differentiable: its inputs say how many numbers there are",
    .role = ROLE_INDEX,
    .samples = {{"i64[]{0}!, i64[]{5}!, i64[]{1}!", NULL},
                {"i32[]{7}, i32[]{-2}, i32[]{-3}", NULL},
                {"f32[]{1}!, f32[]{2}!, f32[]{0.25}!", NULL},
                {"i64[]{5}!, i64[]{0}!, i64[]{1}!", NULL}},
};
