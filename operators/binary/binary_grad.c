/* shared by the family: the way back through broadcast operands, float32. */
#include "operators/binary/binary.h"
#include "operators/gradient.h"
#include "operators/reals.h"

#include "base/wide.h"

/* ---- two operands ---- */

WIDE_LOOP static void multiply(float *restrict y, const float *restrict by, int64_t n) {
  for (int64_t i = 0; i < n; i++) y[i] *= by[i];
}

/* dy times the partial derivative, in the shape of the result. */
static void fill(const Grad *grad, BinaryLoop partial, float *full) {
  const Tensor *a = grad->run.in[0], *b = grad->run.in[1], *out = grad->run.out[0];
  const float *x = a->data, *z = b->data, *dy = grad_of_output(grad, 0);
  Broadcast plan;
  BroadcastPlace at = {0};
  broadcast_plan(&plan, &out->shape, (const Shape *[]){&a->shape, &b->shape}, 2);
  for (int64_t r = 0; r < plan.runs; r++, broadcast_next(&plan, &at)) {
    float *to = full + r * plan.length;
    partial(to, x + at.offset[0], plan.step[0], z + at.offset[1], plan.step[1], plan.length);
    multiply(to, dy + r * plan.length, plan.length);
  }
}

static Status back(Grad *grad, int input, BinaryLoop partial) {
  if (grad_of_input(grad, input) == NULL) return OK;
  const Shape *shape = &grad->run.out[0]->shape;
  if (partial == NULL) return grad_sum_to(grad, grad->in_grad[input], grad_of_output(grad, 0), shape);
  float *full = floats_new(&grad->run, shape_elements(shape));
  if (full == NULL) return fail_memory(grad->run.err);
  fill(grad, partial, full);
  return grad_sum_to(grad, grad->in_grad[input], full, shape);
}

Status binary_grad(Grad *grad, BinaryLoop of_a, BinaryLoop of_b) {
  TRY(back(grad, 0, of_a));
  return back(grad, 1, of_b);
}

BINARY_LOOP(second, ((void)a, b))
BINARY_LOOP(first, ((void)b, a))

Status binary_grad_product(Grad *grad) {
  return binary_grad(grad, second, first);
}

/* ---- any number of operands ---- */

/* y[i] = share[i] where operand x, stretched to the result, is equal to it, else 0. With `share` of NULL adds
   1 there instead. */
static void pick(const Tensor *x, const Tensor *result, const float *share, float *y) {
  const float *from = x->data, *out = result->data;
  Broadcast plan;
  BroadcastPlace at = {0};
  broadcast_plan(&plan, &result->shape, (const Shape *[]){&x->shape}, 1);
  for (int64_t r = 0, j = 0; r < plan.runs; r++, broadcast_next(&plan, &at))
    for (int64_t i = 0; i < plan.length; i++, j++) {
      bool is_picked = from[at.offset[0] + i * plan.step[0]] == out[j];
      if (share == NULL)
        y[j] += is_picked ? 1.0f : 0.0f;
      else
        y[j] = is_picked ? share[j] : 0.0f;
    }
}

Status variadic_grad_picked(Grad *grad) {
  const Tensor *out = grad->run.out[0];
  const float *dy = grad_of_output(grad, 0);
  int64_t n = tensor_elements(out);
  float *share = floats_new(&grad->run, n), *full = floats_new(&grad->run, n);
  if (share == NULL || full == NULL) return fail_memory(grad->run.err);
  for (int64_t i = 0; i < n; i++) share[i] = 0;
  for (int k = 0; k < grad->run.input_count; k++) pick(grad->run.in[k], out, NULL, share);
  for (int64_t i = 0; i < n; i++) share[i] = dy[i] / share[i];
  for (int k = 0; k < grad->run.input_count; k++) {
    if (grad_of_input(grad, k) == NULL) continue;
    pick(grad->run.in[k], out, share, full);
    TRY(grad_sum_to(grad, grad->in_grad[k], full, &out->shape));
  }
  return OK;
}

Status variadic_grad_sum(Grad *grad, float factor) {
  const Shape *shape = &grad->run.out[0]->shape;
  const float *full = grad_of_output(grad, 0);
  if (factor != 1.0f) {
    int64_t n = shape_elements(shape);
    float *scaled = floats_new(&grad->run, n);
    if (scaled == NULL) return fail_memory(grad->run.err);
    for (int64_t i = 0; i < n; i++) scaled[i] = full[i] * factor;
    full = scaled;
  }
  for (int k = 0; k < grad->run.input_count; k++)
    if (grad_of_input(grad, k) != NULL) TRY(grad_sum_to(grad, grad->in_grad[k], full, shape));
  return OK;
}
