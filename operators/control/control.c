/* shared by the family: what goes into bodies and comes out of them. */
#include "operators/control/control.h"

#include <string.h>

void *control_new(Run *run, int count, size_t size) {
  size_t bytes = ((size_t)count + 1) * size;
  void *memory = run_scratch(run, bytes);
  if (memory != NULL) memset(memory, 0, bytes);
  return memory;
}

Status control_keep(Run *run, Kept *kept, const Tensor *tensor) {
  size_t bytes = tensor_bytes(tensor);
  void *data = kept->tensor.data;
  if (data == NULL || bytes > kept->room) {
    kept->room = bytes > 2 * kept->room ? bytes : 2 * kept->room;
    data = run_scratch(run, kept->room);
    if (data == NULL) return run->err->status;
  }
  kept->tensor = *tensor;
  kept->tensor.data = data;
  if (bytes > 0) memcpy(data, tensor->data, bytes);
  return OK;
}

Status control_shape_output(Run *run, int i, ElementType type, const Shape *shape) {
  Tensor *out = run->out[i];
  if (out->type != ELEMENT_NONE && out->type != type)
    return run_fail(run, "output %d is %s, but its body gives %s", i, element_name(out->type),
                    element_name(type));
  out->type = type;
  if (out->data == NULL) return run_set_shape(run, i, shape);
  return shape_equals(&out->shape, shape) ? OK : run_fail(run, "its body changes the shape of output %d", i);
}

Status control_deliver(Run *run, int i, const Tensor *tensor) {
  if (i >= run->output_count || run->out[i] == NULL) return OK;
  TRY(control_shape_output(run, i, tensor->type, &tensor->shape));
  size_t bytes = tensor_bytes(tensor);
  if (bytes > 0) memcpy(run->out[i]->data, tensor->data, bytes);
  return OK;
}

Status control_check_body(const Infer *infer, const char *name, const Graph *body, int inputs, int outputs) {
  if (body->input_count != inputs)
    return infer_fail(infer, "%s has %d inputs instead of %d", name, body->input_count, inputs);
  if (body->output_count < outputs)
    return infer_fail(infer, "%s has %d outputs, at least %d are needed", name, body->output_count, outputs);
  return OK;
}

void control_describe(const Value *value, InferValue *known) {
  known->present = true;
  known->type = value->type;
  known->has_shape = value->has_shape;
  known->shape = value->shape;
  known->constant = NULL;
  known->has_elements = false;
}

void control_either(const InferValue *a, const InferValue *b, InferValue *out) {
  out->type = a->type == b->type ? a->type : ELEMENT_NONE;
  out->has_shape = a->has_shape && b->has_shape && a->shape.rank == b->shape.rank;
  out->shape = a->shape;
  for (int d = 0; out->has_shape && d < out->shape.rank; d++)
    if (a->shape.dims[d] != b->shape.dims[d]) out->shape.dims[d] = DIM_UNKNOWN;
}

static char *place(const Tensor *whole, int axis, int64_t outer, int64_t at, size_t run) {
  return (char *)whole->data + (size_t)(outer * whole->shape.dims[axis] + at) * run;
}

void control_take(const Tensor *whole, int axis, int64_t at, Tensor *part) {
  int64_t outer = shape_product(&whole->shape, 0, axis);
  size_t run = (size_t)shape_product(&whole->shape, axis + 1, whole->shape.rank) * element_bytes(whole->type);
  for (int64_t o = 0; run > 0 && o < outer; o++)
    memcpy((char *)part->data + (size_t)o * run, place(whole, axis, o, at, run), run);
}

void control_put(const Tensor *part, Tensor *whole, int axis, int64_t at) {
  int64_t outer = shape_product(&whole->shape, 0, axis);
  size_t run = (size_t)shape_product(&whole->shape, axis + 1, whole->shape.rank) * element_bytes(whole->type);
  for (int64_t o = 0; run > 0 && o < outer; o++)
    memcpy(place(whole, axis, o, at, run), (const char *)part->data + (size_t)o * run, run);
}
