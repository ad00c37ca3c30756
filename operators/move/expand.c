/* expand.c - Expand: repeats along dimensions of 1, as broadcasting does. */
#include "operators/axes.h"
#include "operators/gradient_moved.h"
#include "operators/move/element_copy.h"
#include "operators/shape/content.h"

static Status target_of(const Infer *infer, const Content *content, Shape *target) {
  target->rank = content->count;
  for (int d = 0; d < target->rank; d++) {
    if (content->items[d].known && content->items[d].value < 0)
      return infer_fail(infer, "the shape has a dimension of %lld", (long long)content->items[d].value);
    target->dims[d] = content_dim(&content->items[d]);
  }
  return OK;
}

/* A single followed integer, repeated. */
static void follow(Infer *infer, const Shape *out) {
  Content one, all = {0};
  if (out->rank > 1 || !element_is_integer(infer->in[0].type) || !content_of(&infer->in[0], &one)) return;
  int64_t count = shape_elements(out);
  if (count < 0 || count > INFER_MAX_ELEMENTS || one.count == 0) return;
  all.count = (int)count;
  for (int i = 0; i < all.count; i++) all.items[i] = one.items[one.count == 1 ? 0 : i];
  content_follow(&infer->out[0], &all);
}

static Status expand_infer(Infer *infer) {
  const InferValue *in = &infer->in[0];
  KnownInts limits; /* refuses a shape that is no list, or too long */
  TRY(known_ints(infer, 1, "the shape", GRAPH_MAX_RANK, &limits));
  Content content;
  if (!in->has_shape || !content_of(&infer->in[1], &content)) return infer_open(infer, 0, in->type);
  Shape target, out;
  TRY(target_of(infer, &content, &target));
  if (!shape_broadcast(&in->shape, &target, &out)) {
    Text from = {0}, to = {0};
    shape_print(&from, &in->shape, NULL);
    shape_print(&to, &target, NULL);
    Status status = infer_fail(infer, "%s cannot be broadcast with %s", from.failed ? "?" : from.bytes,
                               to.failed ? "?" : to.bytes);
    text_free(&from);
    text_free(&to);
    return status;
  }
  TRY(infer_set_sized(infer, 0, in->type, &out));
  follow(infer, &out);
  return OK;
}

static Status expand_run(Run *run) {
  const Tensor *in = run->in[0], *out = run->out[0];
  int64_t strides[GRAPH_MAX_RANK];
  shape_strides(&in->shape, strides);
  CopyAxis axes[GRAPH_MAX_RANK];
  int lead = out->shape.rank - in->shape.rank;
  for (int d = 0; d < out->shape.rank; d++) {
    bool repeats = d < lead || in->shape.dims[d - lead] == 1;
    axes[d] = (CopyAxis){out->shape.dims[d], repeats ? 0 : strides[d - lead]};
  }
  copy_strided(out->data, in->data, element_bytes(in->type), axes, out->shape.rank);
  return OK;
}

static void expand_axes(AxisRules *rules) {
  const Value *in = rules_in(rules, 0), *out = rules_out(rules, 0);
  axes_broadcast(rules, in, out);
  int lead = out->has_shape && in->has_shape ? out->shape.rank - in->shape.rank : GRAPH_MAX_RANK;
  for (int d = 0; in->has_shape && out->has_shape && d < out->shape.rank; d++)
    if (d < lead || axis_size(in, d - lead) == 1) axis_free(rules, out, d);
}

const Op op_Expand = {
    .name = "Expand",
    .brief =
        "Repeats along dimensions of 1 until the shape is what broadcasting with the given one makes it.",
    .versions = {{8, expand_infer, expand_run, NULL, grad_moved}},
    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_ANY, "[...]"},
               {"shape", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT64), "[rank]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
    .axes = expand_axes,
    .slim = cut_target_shape,
    .role = ROLE_SAME_SCALE,
    .samples = {{"f32[3,1], i64{2,1,4}!", NULL},
                {"f32[3,1], i64{3,4}!", NULL},
                {"i64{7}, i64{3}!", NULL},
                {"f32[], i64{2,2}!", NULL},
                {"f32[3,1], i64{0}!", NULL},
                {"f32[2,3], i64{1}", NULL}},
};
