/*
 * Resize and Upsample: nearest picks rows by index, linear blends two neighbouring rows, axis by axis.
 *
 * Which rows is what the operator's own kernel says: resampling a ramp 0, 1, 2 ... along an axis gives, for
 * each output position, the position in the input.
 */
#include "lower/float_steps.h"
#include "lower/moves.h"
#include "lower/own_kernel.h"
#include "lower/roles.h"

#include <math.h>
#include <string.h>

#define WEIGHT_ONE 2048 /* of RESIZE_LINEAR */

static bool has_text(const Node *node, const char *name, const char *text) {
  const Attribute *attribute = node_attribute(node, name);
  return attribute != NULL && attribute->s != NULL && strcmp(attribute->s, text) == 0;
}

/* Where a probe needs one element: other axes do not matter unless their sizes decide the factor. */
static Shape probe_shape(const Node *node, const Shape *shape, int axis) {
  Shape probe = *shape;
  if (node_attribute(node, "keep_aspect_ratio_policy") != NULL) return probe;
  for (int d = 0; d < probe.rank; d++)
    if (d != axis) probe.dims[d] = 1;
  return probe;
}

/* Position along `axis` of the input for each position of the output; until the node is done, or NULL. */
static float *positions(Builder *b, int axis) {
  const Value *in = b->node->inputs[0], *out = b->node->outputs[0];
  Shape from = probe_shape(b->node, &in->shape, axis), to = probe_shape(b->node, &out->shape, axis);
  Tensor *ramp = tensor_new(&b->scratch, ELEMENT_FLOAT32, &from, b->err);
  Tensor *result = tensor_new(&b->scratch, ELEMENT_FLOAT32, &to, b->err);
  if (ramp == NULL || result == NULL) {
    b->status = SYSTEM;
    return NULL;
  }
  int64_t inner = shape_product(&from, axis + 1, from.rank), count = tensor_elements(ramp);
  for (int64_t i = 0; i < count; i++) ((float *)ramp->data)[i] = (float)(i / inner % from.dims[axis]);
  if (run_own_kernel(b, b->node, in, ramp, result) != OK) return NULL;
  float *position = result->data;
  int64_t step = shape_product(&to, axis + 1, to.rank);
  for (int64_t i = 1; i < to.dims[axis]; i++) position[i] = position[i * step];
  return position;
}

static Operand pick_nearest(Builder *b, const Operand *x, int axis, const float *position, int64_t count) {
  int32_t *index = arena_new(&b->scratch, (size_t)count, sizeof *index, b->err);
  if (index == NULL) {
    b->status = SYSTEM;
    return *x;
  }
  for (int64_t i = 0; i < count; i++) index[i] = (int32_t)position[i];
  return move_pick(b, x, axis, index, count);
}

/* The two rows that each position blends, and the share of the second one. */
typedef struct Blend {
  int32_t *first, *second;
  float *share;
  int64_t count;
} Blend;

static bool blend_of(Builder *b, const Operand *x, int axis, const float *position, int64_t count,
                     Blend *blend) {
  int32_t last = (int32_t)x->shape.dims[axis] - 1;
  *blend = (Blend){.count = count};
  blend->first = arena_new(&b->scratch, (size_t)count, sizeof *blend->first, b->err);
  blend->second = arena_new(&b->scratch, (size_t)count, sizeof *blend->second, b->err);
  blend->share = arena_new(&b->scratch, (size_t)count, sizeof *blend->share, b->err);
  if (blend->first == NULL || blend->second == NULL || blend->share == NULL) {
    b->status = SYSTEM;
    return false;
  }
  for (int64_t i = 0; i < count; i++) {
    int32_t first = (int32_t)position[i];
    blend->first[i] = first < last ? first : last;
    blend->second[i] = first < last ? first + 1 : last;
    blend->share[i] = position[i] - (float)first;
  }
  return true;
}

static Operand blend_codes(Builder *b, const Operand *x, int axis, const Blend *blend) {
  int32_t *index = arena_new(&b->scratch, (size_t)blend->count * 2, sizeof *index, b->err);
  int32_t *weight = arena_new(&b->scratch, (size_t)blend->count * 2, sizeof *weight, b->err);
  if (index == NULL || weight == NULL) {
    b->status = SYSTEM;
    return *x;
  }
  for (int64_t i = 0; i < blend->count; i++) {
    index[2 * i] = blend->first[i];
    index[2 * i + 1] = blend->second[i];
    weight[2 * i + 1] = (int32_t)rint((double)blend->share[i] * WEIGHT_ONE);
    weight[2 * i] = WEIGHT_ONE - weight[2 * i + 1];
  }
  AxisView view = axis_view(x, axis);
  EdgeResizeParams params = {view.outer, view.length, view.inner, (int32_t)blend->count};
  uint32_t dims[] = {(uint32_t)blend->count, 2};
  int32_t indices = build_constant(b, EDGE_S32, 2, dims, index, 0.0f, 0);
  int32_t weights = build_constant(b, EDGE_S32, 2, dims, weight, 0.0f, 0);
  Operand y = resized_operand(b, x, axis, blend->count);
  build_emit(b, EDGE_OP_RESIZE_LINEAR, INPUTS(x->tensor, indices, weights), y.tensor, &params, sizeof params);
  return y;
}

/* first + share * (second - first) */
static Operand blend_reals(Builder *b, const Operand *x, int axis, const Blend *blend) {
  Operand first = move_pick(b, x, axis, blend->first, blend->count);
  Operand second = move_pick(b, x, axis, blend->second, blend->count);
  Operand share = float_vector(b, blend->share, blend->count, axis, x->shape.rank);
  Operand difference = float_binary(b, EDGE_BINARY_SUB, &second, &first, x->layout);
  difference = float_binary(b, EDGE_BINARY_MUL, &difference, &share, x->layout);
  return float_binary(b, EDGE_BINARY_ADD, &first, &difference, x->layout);
}

static Operand blend_linear(Builder *b, const Operand *x, int axis, const float *position, int64_t count,
                            Form form) {
  Blend blend;
  if (!blend_of(b, x, axis, position, count, &blend)) return *x;
  return form == FORM_CODES ? blend_codes(b, x, axis, &blend) : blend_reals(b, x, axis, &blend);
}

static bool is_identity(const float *position, int64_t in, int64_t out) {
  for (int64_t i = 0; i < out; i++)
    if (position[i] != (float)i) return false;
  return in == out;
}

static const char *refused(const Node *node, Form form, bool linear) {
  if (has_text(node, "mode", "cubic")) return "no cubic interpolation";
  if (has_text(node, "coordinate_transformation_mode", "tf_crop_and_resize")) return "no cropping";
  if (node_int(node, "antialias", 0) != 0) return "no antialiasing";
  if (linear && form == FORM_CODES && !is_coded_input(node->inputs[0]))
    return "linear interpolation of codes of 8 bits only";
  if (linear && node->inputs[0]->type != ELEMENT_FLOAT32) return "linear interpolation of float32 only";
  for (int i = 1; i < node->input_count; i++)
    if (node->inputs[i] != NULL && node->inputs[i]->constant == NULL)
      return "its sizes are known only while running";
  return NULL;
}

Status lower_resize(Builder *b) {
  const Node *node = b->node;
  const Value *in = node->inputs[0], *out = node->outputs[0];
  bool linear = has_text(node, "mode", "linear") || has_text(node, "mode", "bilinear");
  Form form = linear && node->float_reason != NULL ? FORM_REAL : move_form(in, out);
  const char *reason = refused(node, form, linear);
  if (reason != NULL) return build_unsupported(b, reason);
  Operand x = linear ? elementwise_operand(b, in, form) : move_operand(b, in, out, form);
  for (int d = 0; d < in->shape.rank && b->status == OK; d++) {
    int64_t count = out->shape.dims[d];
    const float *position = positions(b, d);
    if (position == NULL || is_identity(position, in->shape.dims[d], count)) continue;
    x = linear ? blend_linear(b, &x, d, position, count, form) : pick_nearest(b, &x, d, position, count);
  }
  if (linear && form == FORM_CODES)
    x.tensor = requantized(b, x.tensor, codes_of_spec(out->spec)); /* averages may have a smaller range */
  build_put(b, out, form, x.layout, x.tensor);
  return b->status;
}
