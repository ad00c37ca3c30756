/* Resize and Upsample: nearest picks rows by index, linear blends two rows, axis by axis. */
#include "lower/moves.h"
#include "lower/roles.h"

#include <math.h>
#include <string.h>

#define WEIGHT_ONE 2048 /* of RESIZE_LINEAR */

/* How an output position becomes one of the input. */
typedef struct Resize {
  const char *mode, *coordinates, *nearest;
} Resize;

static const char *text_of(const Node *node, const char *name, const char *otherwise) {
  const Attribute *attribute = node_attribute(node, name);
  return attribute != NULL && attribute->s != NULL ? attribute->s : otherwise;
}

/* Upsample and the first Resize had no choice. */
static Resize resize_of(const Node *node) {
  bool old = node_is(node, "Upsample") || node->version->since < 11;
  return (Resize){text_of(node, "mode", "nearest"),
                  old ? "asymmetric" : text_of(node, "coordinate_transformation_mode", "half_pixel"),
                  old ? "floor" : text_of(node, "nearest_mode", "round_prefer_floor")};
}

/* Factor along an axis: as given, else as the sizes say. */
static double factor_of(const Node *node, int axis, int64_t in, int64_t out) {
  const Attribute *attribute = node_attribute(node, "scales"), *axes = node_attribute(node, "axes");
  bool old = node_is(node, "Upsample") || node->version->since < 11;
  const Tensor *scales = node_constant(node, old ? 1 : 2);
  if (attribute != NULL && axis < (int)attribute->count) return (double)attribute->floats[axis];
  if (axes == NULL && scales != NULL && axis < tensor_elements(scales)) return tensor_get(scales, axis);
  for (size_t k = 0; axes != NULL && scales != NULL && k < axes->count; k++) {
    int64_t named = axes->ints[k] < 0 ? axes->ints[k] + node->inputs[0]->shape.rank : axes->ints[k];
    if (named == axis && (int64_t)k < tensor_elements(scales)) return tensor_get(scales, (int64_t)k);
  }
  return (double)out / (double)in;
}

static double source_position(const Resize *resize, int64_t at, double factor, int64_t in, int64_t out) {
  double x = (double)at, half = (x + 0.5) / factor - 0.5;
  if (strcmp(resize->coordinates, "asymmetric") == 0) return x / factor;
  if (strcmp(resize->coordinates, "pytorch_half_pixel") == 0) return out > 1 ? half : 0;
  if (strcmp(resize->coordinates, "align_corners") == 0)
    return out == 1 ? 0 : x * (double)(in - 1) / (double)(out - 1);
  if (strcmp(resize->coordinates, "half_pixel_symmetric") == 0) {
    double adjustment = (double)out / (factor * (double)in);
    return (double)in / 2 * (1 - adjustment) + half;
  }
  return half;
}

static int64_t within(double position, int64_t count) {
  if (!(position > 0)) return 0;
  return position > (double)(count - 1) ? count - 1 : (int64_t)position;
}

static int64_t nearest_of(const char *mode, double x, int64_t count) {
  if (strcmp(mode, "floor") == 0) return within(floor(x), count);
  if (strcmp(mode, "ceil") == 0) return within(ceil(x), count);
  if (strcmp(mode, "round_prefer_ceil") == 0) return within(floor(x + 0.5), count);
  return within(ceil(x - 0.5), count);
}

static Operand resize_nearest(Builder *b, const Resize *resize, const Operand *x, int axis, int64_t count,
                              double factor) {
  int32_t *index = arena_new(b->arena, (size_t)count, sizeof *index, b->err);
  int64_t length = x->shape.dims[axis];
  if (index == NULL) {
    b->status = SYSTEM;
    return *x;
  }
  for (int64_t i = 0; i < count; i++)
    index[i] =
        (int32_t)nearest_of(resize->nearest, source_position(resize, i, factor, length, count), length);
  return move_pick(b, x, axis, index, count);
}

static Operand resize_linear(Builder *b, const Resize *resize, const Operand *x, int axis, int64_t count,
                             double factor) {
  int32_t *index = arena_new(b->arena, (size_t)count * 2, sizeof *index, b->err);
  int32_t *weight = arena_new(b->arena, (size_t)count * 2, sizeof *weight, b->err);
  int64_t length = x->shape.dims[axis];
  if (index == NULL || weight == NULL) {
    b->status = SYSTEM;
    return *x;
  }
  for (int64_t i = 0; i < count; i++) {
    double at = source_position(resize, i, factor, length, count);
    at = fmin(fmax(at, 0), (double)(length - 1));
    int64_t first = within(floor(at), length);
    index[2 * i] = (int32_t)first;
    index[2 * i + 1] = (int32_t)(first + 1 < length ? first + 1 : first);
    weight[2 * i + 1] = (int32_t)rint((at - (double)first) * WEIGHT_ONE);
    weight[2 * i] = WEIGHT_ONE - weight[2 * i + 1];
  }
  AxisView view = axis_view(x, axis);
  EdgeResizeParams params = {view.outer, view.length, view.inner, (int32_t)count};
  uint32_t dims[] = {(uint32_t)count, 2};
  int32_t indices = builder_constant(b, EDGE_S32, 2, dims, index, 0.0f, 0);
  int32_t weights = builder_constant(b, EDGE_S32, 2, dims, weight, 0.0f, 0);
  Operand y = resized_operand(b, x, axis, count);
  builder_emit(b, EDGE_OP_RESIZE_LINEAR, INPUTS(x->tensor, indices, weights), y.tensor, &params,
               sizeof params);
  return y;
}

static const char *refused(const Resize *resize, const Node *node, Form form, const Operand *x) {
  bool linear = strcmp(resize->mode, "linear") == 0;
  if (!linear && strcmp(resize->mode, "nearest") != 0) return "only nearest and linear interpolation";
  if (strcmp(resize->coordinates, "tf_crop_and_resize") == 0) return "no cropping";
  if (node_int(node, "antialias", 0) != 0) return "no antialiasing";
  if (linear && (form != FORM_CODES || x->shape.rank > EDGE_MAX_RANK))
    return "linear interpolation only in integers";
  return NULL;
}

Status lower_resize(Builder *b) {
  const Node *node = b->node;
  const Value *in = node->inputs[0], *out = node->outputs[0];
  Resize resize = resize_of(node);
  Form form = move_form(in, out);
  bool linear = strcmp(resize.mode, "linear") == 0;
  Operand x = move_operand(b, in, out, form);
  const char *reason = refused(&resize, node, form, &x);
  if (reason == NULL && linear && out->spec->bits != 8) reason = "linear interpolation only to 8 bits";
  if (reason != NULL) return builder_unsupported(b, reason);
  for (int d = 0; d < in->shape.rank && b->status == OK; d++) {
    int64_t from = in->shape.dims[d], to = out->shape.dims[d];
    double factor = factor_of(node, d, from, to);
    if (from == to && factor == 1.0) continue;
    x = linear ? resize_linear(b, &resize, &x, d, to, factor) : resize_nearest(b, &resize, &x, d, to, factor);
  }
  builder_put(b, out, form, x.layout, x.tensor);
  return b->status;
}
