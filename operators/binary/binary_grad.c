/* shared by the family: the way back through two broadcast operands, float32. */
#include "operators/binary/binary.h"
#include "operators/gradient.h"
#include "operators/reals.h"

/* dy times the partial derivative, in the shape of the result. */
static void multiply(const Grad *grad, BinaryPartial partial, float *full) {
  const Tensor *a = grad->run.in[0], *b = grad->run.in[1], *out = grad->run.out[0];
  const float *x = a->data, *z = b->data, *dy = grad_of_output(grad, 0);
  Broadcast plan;
  BroadcastPlace at = {0};
  broadcast_plan(&plan, &out->shape, (const Shape *[]){&a->shape, &b->shape}, 2);
  for (int64_t r = 0; r < plan.runs; r++, broadcast_next(&plan, &at))
    for (int64_t i = 0; i < plan.length; i++) {
      int64_t j = r * plan.length + i;
      full[j] = dy[j] * partial(x[at.offset[0] + i * plan.step[0]], z[at.offset[1] + i * plan.step[1]]);
    }
}

static Status back(Grad *grad, int input, BinaryPartial partial) {
  if (grad_of_input(grad, input) == NULL) return OK;
  const Shape *shape = &grad->run.out[0]->shape;
  if (partial == NULL) return grad_sum_to(grad, grad->in_grad[input], grad_of_output(grad, 0), shape);
  float *full = floats_new(&grad->run, shape_elements(shape));
  if (full == NULL) return fail_memory(grad->run.err);
  multiply(grad, partial, full);
  return grad_sum_to(grad, grad->in_grad[input], full, shape);
}

Status binary_grad(Grad *grad, BinaryPartial of_a, BinaryPartial of_b) {
  TRY(back(grad, 0, of_a));
  return back(grad, 1, of_b);
}
