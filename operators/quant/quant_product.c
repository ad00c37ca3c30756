/* shared by the family: products of codes. */
#include "operators/quant/quant_product.h"

#include "operators/broadcast.h"
#include "operators/reals.h"

Shape quant_lies_on(const Shape *parameter, int rank, int axis) {
  if (parameter->rank != 1 || parameter->dims[0] == 1) {
    bool is_single = shape_elements(parameter) == 1;
    return is_single ? SHAPE_SCALAR : *parameter;
  }
  Shape shape = {.rank = rank - axis, .dims = {parameter->dims[0]}};
  for (int d = 1; d < shape.rank; d++) shape.dims[d] = 1;
  return shape;
}

Status quant_check_lies(Infer *infer, int x, int parameter, int axis) {
  const InferValue *of = infer_input(infer, x), *value = infer_input(infer, parameter);
  if (of == NULL || value == NULL || !of->has_shape || !value->has_shape) return OK;
  if (axis < 0) axis = 0; /* of a vector */
  Shape result, lying = quant_lies_on(&value->shape, of->shape.rank, axis);
  bool fits = shape_broadcast(&of->shape, &lying, &result) && result.rank == of->shape.rank;
  for (int d = 0; fits && d < result.rank; d++)
    fits = !dim_is_known(of->shape.dims[d]) || !dim_is_known(result.dims[d]) ||
           of->shape.dims[d] == result.dims[d];
  return fits ? OK : infer_fail(infer, "input %d does not fit the shape of input %d", parameter, x);
}

Status quant_check_type(Infer *infer, int codes, int zero_point) {
  if (!infer_types_differ(infer, codes, zero_point)) return OK;
  return infer_fail(infer, "input %d is %s, its zero point (input %d) %s", codes,
                    element_name(infer->in[codes].type), zero_point,
                    element_name(infer->in[zero_point].type));
}

Status quant_real_tensor(Run *run, const Tensor *x, const Tensor *scale, const Tensor *zero_point, int axis,
                         Tensor *reals) {
  Shape scale_shape = SHAPE_SCALAR, zero_shape = SHAPE_SCALAR;
  if (axis < 0) axis = 0;
  if (scale != NULL) scale_shape = quant_lies_on(&scale->shape, x->shape.rank, axis);
  if (zero_point != NULL) zero_shape = quant_lies_on(&zero_point->shape, x->shape.rank, axis);
  double *to = reals_new(run, tensor_elements(x));
  if (to == NULL) return fail_memory(run->err);
  *reals = (Tensor){ELEMENT_FLOAT64, x->shape, to};
  Broadcast plan;
  BroadcastPlace at = {0};
  broadcast_plan(&plan, &x->shape, (const Shape *[]){&x->shape, &scale_shape, &zero_shape}, 3);
  for (int64_t r = 0; r < plan.runs; r++, broadcast_next(&plan, &at))
    for (int64_t i = 0; i < plan.length; i++) {
      double factor = scale == NULL ? 1 : tensor_get(scale, at.offset[1] + i * plan.step[1]);
      int64_t zero = zero_point == NULL ? 0 : tensor_get_integer(zero_point, at.offset[2] + i * plan.step[2]);
      int64_t steps = tensor_get_integer(x, at.offset[0] + i * plan.step[0]) - zero;
      to[r * plan.length + i] = (double)steps * factor;
    }
  return OK;
}

/* The float operator in the place of the node; the attribute `opset`, where there is one, is the version that
   it is meant by. */
static Node node_as(const Node *node, const char *type) {
  Node real = *node;
  int64_t opset = node_int(node, "opset", INT64_MAX);
  real.op = op_find("", type);
  real.version = real.op->versions;
  for (int i = 1; i < OP_MAX_VERSIONS && real.op->versions[i].infer != NULL; i++)
    if (real.version->since > opset) real.version = &real.op->versions[i];
  return real;
}

Status quant_infer_as(Infer *infer, const char *type, const InferValue *in, int input_count,
                      ElementType output) {
  InferValue reals[3];
  for (int i = 0; i < input_count; i++) {
    reals[i] = in[i];
    reals[i].type = ELEMENT_FLOAT64;
    reals[i].has_elements = false;
  }
  Node node = node_as(infer->node, type);
  Infer inner = *infer;
  inner.node = &node;
  inner.in = reals;
  inner.input_count = input_count;
  inner.output_count = 1;
  TRY(node.version->infer(&inner));
  infer->out[0].type = output;
  return OK;
}

Status quant_run_as(Run *run, const char *type, const Tensor *const *in, int input_count, Tensor *product) {
  double *to = reals_new(run, tensor_elements(run->out[0]));
  if (to == NULL) return fail_memory(run->err);
  *product = (Tensor){ELEMENT_FLOAT64, run->out[0]->shape, to};
  Node node = node_as(run->node, type);
  Run inner = *run;
  inner.node = &node;
  inner.in = in;
  inner.input_count = input_count;
  inner.out = (Tensor *[]){product};
  inner.output_count = 1;
  return node.version->run(&inner);
}
