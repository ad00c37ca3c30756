/* concat.c - Concat: tensors one behind the other along an axis. */
#include "operators/move/concat.h"
#include "operators/axes.h"
#include "operators/gradient_moved.h"

#include "operators/move/element_copy.h"
#include "operators/shape/content.h"

#include <string.h>

static Status concat_check(const Node *node, void *params, Error *err) {
  (void)params;
  if (node->version->since == 1 || node_attribute(node, "axis") != NULL) return OK;
  return fail(err, BAD_INPUT, "node '%s' (%s): attribute 'axis' is required and missing", node->name,
              node->type);
}

/* Adds one more input's dims: equal but along the axis, where they sum up. */
static Status join(const Infer *infer, int i, int axis, Shape *out) {
  const Shape *in = &infer->in[i].shape;
  if (in->rank != out->rank)
    return infer_fail(infer, "input %d has %d dimensions, the first one %d", i, in->rank, out->rank);
  for (int d = 0; d < out->rank; d++) {
    Dim a = out->dims[d], b = in->dims[d];
    bool known = dim_is_known(a) && dim_is_known(b);
    if (d == axis) {
      if (!known)
        out->dims[d] = a == 0 ? b : b == 0 ? a : DIM_UNKNOWN;
      else if (__builtin_add_overflow(a, b, &out->dims[d]))
        return infer_fail(infer, "the output has too many elements");
    } else if (known && a != b) {
      return infer_fail(infer, "axis %d of input %d has %lld elements, that of the inputs before %lld", d, i,
                        (long long)b, (long long)a);
    } else if (!dim_is_known(a) && b != DIM_UNKNOWN) {
      out->dims[d] = b;
    }
  }
  return OK;
}

static void follow(Infer *infer) {
  Content all = {0}, one;
  for (int i = 0; i < infer->input_count; i++) {
    if (!element_is_integer(infer->in[i].type) || !content_of(&infer->in[i], &one)) return;
    if (all.count + one.count > INFER_MAX_ELEMENTS) return;
    memcpy(all.items + all.count, one.items, (size_t)one.count * sizeof *one.items);
    all.count += one.count;
  }
  content_follow(&infer->out[0], &all);
}

static Status check_types(const Infer *infer, ElementType *type) {
  *type = infer->in[0].type;
  for (int i = 1; i < infer->input_count; i++) {
    ElementType other = infer->in[i].type;
    if (*type == ELEMENT_NONE) *type = other;
    if (other != ELEMENT_NONE && other != *type)
      return infer_fail(infer, "input %d is %s, those before are %s", i, element_name(other),
                        element_name(*type));
  }
  return OK;
}

static Status concat_infer(Infer *infer) {
  const ConcatParams *params = infer->params;
  ElementType type;
  TRY(check_types(infer, &type));
  for (int i = 0; i < infer->input_count; i++)
    if (!infer->in[i].has_shape) return infer_open(infer, 0, type);
  Shape out = infer->in[0].shape;
  int axis;
  TRY(infer_axis(infer, params->axis, out.rank, &axis));
  for (int i = 1; i < infer->input_count; i++) TRY(join(infer, i, axis, &out));
  infer_set(infer, 0, type, &out);
  follow(infer);
  return OK;
}

static Status concat_run(Run *run) {
  const Tensor *out = run->out[0];
  int axis;
  if (tensor_elements(out) == 0) return OK;
  if (!axis_normalize(((const ConcatParams *)run->params)->axis, out->shape.rank, &axis)) return BAD_INPUT;
  size_t size = element_bytes(out->type);
  int64_t outer = shape_product(&out->shape, 0, axis);
  char *to = out->data;
  for (int64_t o = 0; o < outer; o++)
    for (int i = 0; i < run->input_count; i++) {
      size_t block = (size_t)shape_product(&run->in[i]->shape, axis, out->shape.rank) * size;
      if (block == 0) continue;
      memcpy(to, (const char *)run->in[i]->data + (size_t)o * block, block);
      to += block;
    }
  return OK;
}

static Status grad_concat(Grad *grad) {
  return grad_moved_by(grad, concat_run, MOVED_ALL, NULL);
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(ConcatParams, axis, FIELD_INT, .otherwise = 1),
    {0},
};

static void concat_axes(AxisRules *rules) {
  const Value *out = rules_out(rules, 0);
  int axis;
  if (out == NULL || !out->has_shape ||
      !axis_normalize(((const ConcatParams *)rules->params)->axis, out->shape.rank, &axis))
    return;
  int64_t from = 0;
  bool known = axis_size(out, axis) > 0;
  for (int i = 0; i < rules->node->input_count; i++) {
    const Value *part = rules_in(rules, i);
    axes_same_but(rules, part, out, axis);
    int64_t size = axis_size(part, axis);
    if (known) axis_same_range(rules, part, axis, 0, out, axis, from, size);
    from += size;
  }
}

const Op op_Concat = {
    .name = "Concat",
    .brief = "Tensors one behind the other along an axis.",
    .versions = {{4, concat_infer, concat_run, NULL, grad_concat},
                 {1, concat_infer, concat_run, NULL, grad_concat}},
    .attributes = attributes,
    .params_bytes = sizeof(ConcatParams),
    .check = concat_check,
    .inputs = {{"inputs", PORT_VARIADIC, ELEMENTS_ANY, "[...]"}},
    .outputs = {{"concat_result", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
    .axes = concat_axes,
    .role = ROLE_SAME_SCALE,
    .samples = {{"f32[2,3], f32[2,1], f32[2,2]", "axis=1"},
                {"f32[2,3,2], f32[1,3,2]", "axis=-3"},
                {"i64{2,3}, i64{4}", "axis=0"},
                {"str[2], str[1]", "axis=0"},
                {"f32[2,0], f32[2,3]", "axis=1"},
                {"u8[2,2]", "axis=0"}},
};
