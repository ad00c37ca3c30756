#include "operators/axes.h"
#include "operators/binary/binary.h"
#include "operators/gradient.h"
#include "operators/reals.h"

#include <string.h>

#define NO_SELECT "float only: values are chosen between two tensors"

static Status run_plain(Run *run) {
  const Tensor *condition = run->in[0], *x = run->in[1], *y = run->in[2];
  size_t size = element_bytes(x->type);
  Broadcast plan;
  BroadcastPlace at = {0};
  broadcast_plan(&plan, &run->out[0]->shape, (const Shape *[]){&condition->shape, &x->shape, &y->shape}, 3);
  char *to = run->out[0]->data;
  const uint8_t *is_x = condition->data;
  for (int64_t r = 0; r < plan.runs; r++, broadcast_next(&plan, &at))
    for (int64_t i = 0; i < plan.length; i++, to += size) {
      int k = is_x[at.offset[0] + i * plan.step[0]] != 0 ? 1 : 2;
      memcpy(to, (const char *)run->in[k]->data + (size_t)(at.offset[k] + i * plan.step[k]) * size, size);
    }
  return OK;
}

/* 1 or 0 where element i of the condition is known, else -1. */
static int known_condition(const InferValue *condition, int i) {
  int64_t at = shape_elements(&condition->shape) == 1 ? 0 : i;
  if (condition->constant != NULL) return tensor_get_integer(condition->constant, at) != 0;
  if (!condition->has_elements || !dim_is_known(condition->elements[at])) return -1;
  return condition->elements[at] != 0;
}

/* Integers picked by a condition that is known, as in the target shapes of Expand. */
static void follow(Infer *infer) {
  Content x, y, result = {0};
  const Shape *shape = &infer->out[0].shape;
  if (!content_of(&infer->in[1], &x) || !content_of(&infer->in[2], &y) || shape->rank > 1) return;
  if (!shape_is_known(&infer->in[0].shape) || shape_elements(shape) > INFER_MAX_ELEMENTS) return;
  result.count = (int)shape_elements(shape);
  for (int i = 0; i < result.count; i++) {
    ContentItem if_true = x.items[x.count == 1 ? 0 : i], if_false = y.items[y.count == 1 ? 0 : i];
    int condition = known_condition(&infer->in[0], i);
    result.items[i] = condition < 0 ? CONTENT_UNKNOWN : condition ? if_true : if_false;
  }
  content_follow(&infer->out[0], &result);
}

static Status infer(Infer *infer) {
  const InferValue *condition = &infer->in[0], *x = &infer->in[1], *y = &infer->in[2];
  if (x->type != y->type && x->type != ELEMENT_NONE && y->type != ELEMENT_NONE)
    return infer_fail(infer, "X and Y must have one type, but are %s and %s", element_name(x->type),
                      element_name(y->type));
  infer->out[0].type = x->type;
  if (!condition->has_shape || !x->has_shape || !y->has_shape) return OK;
  Shape both, shape;
  if (!shape_broadcast(&x->shape, &y->shape, &both) || !shape_broadcast(&condition->shape, &both, &shape))
    return infer_fail(infer, "the shapes of condition, X and Y do not broadcast to each other");
  infer_set(infer, 0, x->type, &shape);
  follow(infer);
  return OK;
}

/* dy where the condition is `wanted`, else 0, in the shape of the result. */
static void mask(const Grad *grad, bool wanted, float *full) {
  const Tensor *condition = grad->run.in[0];
  const uint8_t *is_x = condition->data;
  const float *dy = grad_of_output(grad, 0);
  Broadcast plan;
  BroadcastPlace at = {0};
  broadcast_plan(&plan, &grad->run.out[0]->shape, (const Shape *[]){&condition->shape}, 1);
  for (int64_t r = 0, j = 0; r < plan.runs; r++, broadcast_next(&plan, &at))
    for (int64_t i = 0; i < plan.length; i++, j++)
      full[j] = (is_x[at.offset[0] + i * plan.step[0]] != 0) == wanted ? dy[j] : 0.0f;
}

static Status grad_where(Grad *grad) {
  const Shape *shape = &grad->run.out[0]->shape;
  float *full = floats_new(&grad->run, shape_elements(shape));
  if (full == NULL) return fail_memory(grad->run.err);
  for (int k = 1; k <= 2; k++) {
    if (grad_of_input(grad, k) == NULL) continue;
    mask(grad, k == 1, full);
    TRY(grad_sum_to(grad, grad->in_grad[k], full, shape));
  }
  return OK;
}

const Op op_Where = {.name = "Where",
                     .brief = "The element of X where the condition is true, else that of Y.",
                     .versions = {{9, infer, run_plain, NULL, grad_where}},
                     .inputs = {{"condition", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_BOOL), "[...]"},
                                {"X", PORT_REQUIRED, ELEMENTS_ANY, "[...]"},
                                {"Y", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
                     .outputs = {{"output", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
                     .axes = axes_elementwise,
                     .role = ROLE_FLOAT,
                     .role_reason = NO_SELECT,
                     .samples = {{"bool[2,3], f32[2,3], f32[2,3]", ""},
                                 {"bool[2,1,3], f32[3], f32[4,1]", ""},
                                 {"bool[3], i64[2,1], i64[]", ""},
                                 {"bool[2,1], f16[3], f16[1]", ""}}};
