/* size.c - Size: the number of elements. */
#include "operators/axes.h"
#include "operators/shape/content.h"

/* The one symbol that the number of elements is, if it is one: [1,N,1]. */
static Dim size_of(const Shape *shape) {
  Dim size = 1;
  for (int d = 0; d < shape->rank; d++) {
    if (shape->dims[d] == 1) continue;
    if (size != 1) return shape_elements(shape) < 0 ? DIM_UNKNOWN : shape_elements(shape);
    size = shape->dims[d];
  }
  return size;
}

static Status size_infer(Infer *infer) {
  infer_set(infer, 0, ELEMENT_INT64, &SHAPE_SCALAR);
  if (!infer->in[0].has_shape) return OK;
  Content content = {.count = 1, .items = {content_item(size_of(&infer->in[0].shape))}};
  content_follow(&infer->out[0], &content);
  return OK;
}

static Status size_run(Run *run) {
  tensor_set_integer(run->out[0], 0, tensor_elements(run->in[0]));
  return OK;
}

const Op op_Size = {
    .name = "Size",
    .brief = "The number of elements.",
    .versions = {{1, size_infer, size_run, NULL}},
    .inputs = {{"data", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
    .outputs = {{"size", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT64), "[]"}},
    .grad_reason = "not differentiable: the result is an integer",
    .axes = axes_looked_at,
    .role = ROLE_INDEX,
    .samples = {{"f32[2,3,4]", NULL}, {"f32[]", NULL}, {"f32[0,3]", NULL}},
};
