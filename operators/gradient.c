#include "operators/gradient.h"

#include "operators/broadcast.h"
#include "operators/reals.h"

#include <string.h>

static void clear(Tensor *tensor) {
  if (tensor != NULL) memset(tensor->data, 0, tensor_bytes(tensor));
}

static void clear_from(Grad *grad, int first) {
  for (int i = first; i < grad->run.input_count; i++) clear(grad->in_grad[i]);
}

Status grad_zero(Grad *grad) {
  clear_from(grad, 0);
  return OK;
}

Status grad_elementwise(Grad *grad, GradDerivative derivative) {
  clear_from(grad, 1);
  float *dx = grad_of_input(grad, 0);
  if (dx == NULL) return OK;
  const float *dy = grad_of_output(grad, 0), *x = grad->run.in[0]->data, *y = grad->run.out[0]->data;
  int64_t n = tensor_elements(grad->run.in[0]);
  for (int64_t i = 0; i < n; i++)
    dx[i] = (float)((double)dy[i] * derivative((double)x[i], (double)y[i], grad->run.params));
  return OK;
}

Status grad_elementwise_fast(Grad *grad, GradLoop loop) {
  clear_from(grad, 1);
  float *dx = grad_of_input(grad, 0);
  if (dx != NULL)
    loop(dx, grad_of_output(grad, 0), grad->run.in[0]->data, grad->run.out[0]->data,
         tensor_elements(grad->run.in[0]), grad->run.params);
  return OK;
}

Status grad_view(Grad *grad) {
  clear_from(grad, 1);
  float *dx = grad_of_input(grad, 0);
  if (dx != NULL) memcpy(dx, grad_of_output(grad, 0), tensor_bytes(grad->in_grad[0]));
  return OK;
}

/* Adds what lies along one run of the result to the place, or the places, that it was stretched from. */
static void add_run(double *to, int64_t step, const float *from, int64_t length) {
  if (step != 0) {
    for (int64_t i = 0; i < length; i++) to[i] += (double)from[i];
    return;
  }
  double sum = 0;
  for (int64_t i = 0; i < length; i++) sum += (double)from[i];
  *to += sum;
}

Status grad_sum_to(Grad *grad, Tensor *to, const float *full, const Shape *shape) {
  int64_t count = tensor_elements(to);
  float *result = to->data;
  if (count == shape_elements(shape)) {
    memcpy(result, full, tensor_bytes(to));
    return OK;
  }
  double *sums = reals_new(&grad->run, count);
  if (sums == NULL) return fail_memory(grad->run.err);
  for (int64_t i = 0; i < count; i++) sums[i] = 0;
  Broadcast plan;
  BroadcastPlace at = {0};
  broadcast_plan(&plan, shape, (const Shape *[]){&to->shape}, 1);
  for (int64_t r = 0; r < plan.runs; r++, broadcast_next(&plan, &at))
    add_run(sums + at.offset[0], plan.step[0], full + r * plan.length, plan.length);
  for (int64_t i = 0; i < count; i++) result[i] = (float)sums[i];
  return OK;
}
