/* shared by the family: the broadcasting of opset 1 to 6. */
#include "operators/binary/binary.h"

const AttributeRow binary_attributes[] = {ATTRIBUTE(BinaryParams, broadcast, FIELD_BOOL, .otherwise = 0),
                                          ATTRIBUTE(BinaryParams, axis, FIELD_INT, .otherwise = -1),
                                          {0}};

/* `shape` with dims of 1 behind, where it lies on dims axis.. of `rank` dims. */
static Shape place_at(Shape shape, int64_t axis, int rank) {
  int64_t end = axis < 0 ? rank : axis + shape.rank;
  for (; end < rank && shape.rank < GRAPH_MAX_RANK; end++) shape.dims[shape.rank++] = 1;
  return shape;
}

Status binary_infer_at(Infer *infer, int64_t axis) {
  InferValue in[2] = {infer->in[0], infer->in[1]};
  if (in[0].has_shape && in[1].has_shape) in[1].shape = place_at(in[1].shape, axis, in[0].shape.rank);
  Infer numpy = *infer;
  numpy.in = in;
  return binary_infer(&numpy);
}

Status binary_run_at(Run *run, int64_t axis, RunFunction kernel) {
  Tensor b = *run->in[1];
  b.shape = place_at(b.shape, axis, run->in[0]->shape.rank);
  Run numpy = *run;
  numpy.in = (const Tensor *[]){run->in[0], &b};
  return kernel(&numpy);
}

Status binary_grad_at(Grad *grad, int64_t axis, GradFunction back) {
  int rank = grad->run.in[0]->shape.rank;
  Tensor b = *grad->run.in[1], of_b;
  b.shape = place_at(b.shape, axis, rank);
  Grad numpy = *grad;
  numpy.run.in = (const Tensor *[]){grad->run.in[0], &b};
  if (grad->in_grad[1] == NULL) return back(&numpy);
  of_b = *grad->in_grad[1];
  of_b.shape = b.shape;
  numpy.in_grad = (Tensor *[]){grad->in_grad[0], &of_b};
  return back(&numpy);
}

Status binary_infer_old(Infer *infer) {
  const BinaryParams *params = infer->params;
  return binary_infer_at(infer, params->broadcast ? params->axis : -1);
}

Status binary_infer_bool_old(Infer *infer) {
  TRY(binary_infer_old(infer));
  infer->out[0].type = ELEMENT_BOOL;
  infer->out[0].has_elements = false;
  return OK;
}

Status binary_run_old(Run *run, RunFunction kernel) {
  const BinaryParams *params = run->params;
  return binary_run_at(run, params->broadcast ? params->axis : -1, kernel);
}

Status binary_grad_old(Grad *grad, GradFunction back) {
  const BinaryParams *params = grad->run.params;
  return binary_grad_at(grad, params->broadcast ? params->axis : -1, back);
}
