/* shared by the family: windows. */
#include "operators/signal/window_function.h"

#include "operators/shape/content.h"

#include <math.h>

const AttributeRow window_function_attributes[] = {
    ATTRIBUTE(WindowFunctionParams, output_datatype, FIELD_INT, .otherwise = ELEMENT_FLOAT32),
    ATTRIBUTE(WindowFunctionParams, periodic, FIELD_BOOL, .otherwise = 1),
    {0}};

Status window_function_infer(Infer *infer) {
  int64_t type = ((const WindowFunctionParams *)infer->params)->output_datatype, size;
  const InferValue *in = &infer->in[0];
  if (type < 1 || type > 31 || !element_in((ElementType)type, ELEMENTS_NUMERIC))
    return infer_fail(infer, "output_datatype %lld is no numeric type", (long long)type);
  if (in->has_shape && shape_is_known(&in->shape) && shape_elements(&in->shape) != 1)
    return infer_fail(infer, "the size must have one element");
  if (in->constant == NULL) return infer_rank(infer, 0, (ElementType)type, 1);
  size = tensor_get_integer(in->constant, 0);
  if (size < 0) return infer_fail(infer, "a window of %lld elements", (long long)size);
  return infer_set_sized(infer, 0, (ElementType)type, &SHAPE(size));
}

Status window_function_run(Run *run, double a0, double a1, double a2) {
  int64_t count = tensor_elements(run->out[0]);
  double full = 2 * acos(-1.0);
  int64_t period = ((const WindowFunctionParams *)run->params)->periodic ? count : count - 1;
  for (int64_t i = 0; i < count; i++) {
    double t = full * (double)i / (double)(period > 0 ? period : 1);
    tensor_set(run->out[0], i, period > 0 ? a0 - a1 * cos(t) + a2 * cos(2 * t) : 1);
  }
  return OK;
}
