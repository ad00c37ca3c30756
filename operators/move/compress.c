/* compress.c - Compress: the slices along an axis for which a condition holds. */
#include "operators/gradient_moved.h"
#include "operators/move/element_copy.h"
#include "operators/shape/content.h"

#include <string.h>

typedef struct CompressParams {
  int64_t axis; /* COMPRESS_FLAT: the input as a list of elements */
} CompressParams;

#define COMPRESS_FLAT INT64_MAX

/* Slices that are there, and how large each of them is. */
typedef struct CompressLayout {
  int axis;
  int64_t outer, extent, inner;
} CompressLayout;

static CompressLayout layout_of(const CompressParams *params, const Shape *shape) {
  CompressLayout layout = {.outer = 1, .extent = shape_elements(shape), .inner = 1};
  if (params->axis == COMPRESS_FLAT || !axis_normalize(params->axis, shape->rank, &layout.axis))
    return layout;
  layout.outer = shape_product(shape, 0, layout.axis);
  layout.extent = shape->dims[layout.axis];
  layout.inner = shape_product(shape, layout.axis + 1, shape->rank);
  return layout;
}

/* How many slices there will be depends on the condition. */
static Status compress_infer(Infer *infer) {
  const CompressParams *params = infer->params;
  const InferValue *in = &infer->in[0], *condition = &infer->in[1];
  if (condition->has_shape && condition->shape.rank != 1)
    return infer_fail(infer, "the condition has %d dimensions instead of 1", condition->shape.rank);
  int axis = 0;
  bool is_flat = params->axis == COMPRESS_FLAT;
  if (in->has_shape && !is_flat) TRY(infer_axis(infer, params->axis, in->shape.rank, &axis));
  if (!in->has_shape || condition->constant != NULL) return infer_open(infer, 0, in->type);
  Shape out = is_flat ? SHAPE(DIM_UNKNOWN) : in->shape;
  out.dims[axis] = DIM_UNKNOWN;
  infer_set(infer, 0, in->type, &out);
  return OK;
}

static Status compress_run(Run *run) {
  const CompressParams *params = run->params;
  const Tensor *in = run->in[0], *condition = run->in[1];
  CompressLayout layout = layout_of(params, &in->shape);
  int64_t given = tensor_elements(condition), count = 0;
  if (given > layout.extent) given = layout.extent;
  for (int64_t i = 0; i < given; i++) count += tensor_get_integer(condition, i) != 0;
  Shape shape = params->axis == COMPRESS_FLAT ? SHAPE(count) : in->shape;
  shape.dims[layout.axis] = count;
  TRY(run_set_shape(run, 0, &shape));
  size_t bytes = (size_t)layout.inner * element_bytes(in->type);
  int64_t to = 0;
  for (int64_t o = 0; o < layout.outer && bytes > 0; o++)
    for (int64_t i = 0; i < given; i++) {
      if (tensor_get_integer(condition, i) == 0) continue;
      memcpy(copy_at(run->out[0], to), copy_at(in, (o * layout.extent + i) * layout.inner), bytes);
      to += layout.inner;
    }
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(CompressParams, axis, FIELD_INT, .otherwise = COMPRESS_FLAT),
    {0},
};

const Op op_Compress = {
    .name = "Compress",
    .brief = "The slices along an axis for which a condition holds.",
    .versions = {{9, compress_infer, compress_run, NULL, grad_moved}},
    .attributes = attributes,
    .params_bytes = sizeof(CompressParams),
    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_ANY, "[...]"},
               {"condition", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_BOOL), "[count]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "the shape of the output depends on the data",
    .samples = {{"f32[3,2], bool{false,true,true}", "axis=0"},
                {"f32[3,2], bool{false,true}!", "axis=-1"},
                {"str[2,2], bool{false,true,false,true}", NULL},
                {"f32[3,2], bool{true}", NULL}},
};
