/* shape.c - Shape: the dimensions of a tensor, or a slice of them. */
#include "operators/axes.h"
#include "operators/shape/content.h"

typedef struct ShapeParams {
  int64_t start, end;
} ShapeParams;

/* First and one past the last dimension that are wanted. */
static void range_of(const ShapeParams *params, int rank, int *from, int *to) {
  int64_t start = params->start < 0 ? params->start + rank : params->start;
  int64_t end = params->end < 0 ? params->end + rank : params->end;
  *from = (int)(start < 0 ? 0 : start > rank ? rank : start);
  *to = (int)(end < 0 ? 0 : end > rank ? rank : end);
  if (*to < *from) *to = *from;
}

static Status shape_infer(Infer *infer) {
  const InferValue *in = &infer->in[0];
  if (!in->has_shape) return infer_rank(infer, 0, ELEMENT_INT64, 1);
  int from, to;
  range_of(infer->params, in->shape.rank, &from, &to);
  infer_set(infer, 0, ELEMENT_INT64, &SHAPE(to - from));
  Content content = {.count = to - from};
  for (int i = 0; i < content.count; i++) content.items[i] = content_item(in->shape.dims[from + i]);
  content_follow(&infer->out[0], &content);
  return OK;
}

static Status shape_run(Run *run) {
  const Shape *shape = &run->in[0]->shape;
  int from, to;
  range_of(run->params, shape->rank, &from, &to);
  for (int i = from; i < to; i++) tensor_set_integer(run->out[0], i - from, shape->dims[i]);
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(ShapeParams, start, FIELD_INT),
    ATTRIBUTE(ShapeParams, end, FIELD_INT, .otherwise = INT64_MAX),
    {0},
};

const Op op_Shape = {
    .name = "Shape",
    .brief = "The dimensions of a tensor, or those from `start` to before `end`.",
    .versions = {{1, shape_infer, shape_run, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(ShapeParams),
    .inputs = {{"data", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
    .outputs = {{"shape", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT64), "[count]"}},
    .grad_reason = "not differentiable: the result is an integer",
    .axes = axes_looked_at,
    .role = ROLE_INDEX,
    .samples = {{"f32[2,3,4]", NULL},
                {"f32[2,3,4]", "start=1"},
                {"f32[2,3,4]", "start=-2 end=-1"},
                {"f32[2,3,4]", "start=2 end=1"},
                {"bool[]", NULL}},
};
