#include "distill/feature.h"

#include <string.h>

#define OPSET 13 /* of the nodes that are added */

/* ---- how a value lies in memory ---- */

static bool has_known_places(const Value *value) {
  const Shape *shape = &value->shape;
  if (!value->has_shape || shape->rank < 2 || shape->rank > 2 + FEATURE_MAX_AXES) return false;
  for (int d = 1; d < shape->rank; d++)
    if (!dim_is_known(shape->dims[d]) || shape->dims[d] == 0) return false;
  return shape_product(shape, 1, shape->rank) > 0;
}

static Status check(const Value *value, const char *whose, Error *err) {
  if (value->producer == NULL)
    return fail(err, BAD_INPUT, "'%s' of the %s is an input or a constant: nothing there could become alike",
                value->name, whose);
  if (value->type != ELEMENT_FLOAT32 || !has_known_places(value))
    return fail(err, BAD_INPUT,
                "'%s' of the %s is no float32 tensor of 2 to %d axes whose size for one sample is known",
                value->name, whose, 2 + FEATURE_MAX_AXES);
  if (dim_is_known(value->shape.dims[0]))
    return fail(err, BAD_INPUT, "'%s' of the %s does not grow with the batch along its first axis",
                value->name, whose);
  return OK;
}

Status feature_form(FeatureForm *form, const Value *value, const char *whose, Error *err) {
  TRY(check(value, whose, err));
  const Shape *shape = &value->shape;
  *form = (FeatureForm){.rank = shape->rank, .channel_axis = shape->rank == 3 ? 2 : 1, .positions = 1};
  form->channels = shape->dims[form->channel_axis];
  for (int d = 1; d < shape->rank; d++) {
    if (d == form->channel_axis) continue;
    form->sizes[form->axes++] = shape->dims[d];
    form->positions *= shape->dims[d];
  }
  return OK;
}

/* ---- two of different size ---- */

Status feature_windows(const FeatureForm *student, const FeatureForm *teacher, FeatureWindows *of_student,
                       FeatureWindows *of_teacher, Error *err) {
  if (student->rank != teacher->rank)
    return fail(err, BAD_INPUT, "one has %d axes and the other %d", student->rank, teacher->rank);
  *of_student = *of_teacher = (FeatureWindows){.axes = student->axes};
  for (int a = 0; a < student->axes; a++) {
    int64_t own = student->sizes[a], other = teacher->sizes[a];
    of_student->sizes[a] = own > other ? own / other : 1;
    of_teacher->sizes[a] = other > own ? other / own : 1;
    if (own != other && student->rank == 3)
      return fail(err, BAD_INPUT, "one has %lld places and the other %lld", (long long)own, (long long)other);
    if (own % other != 0 && other % own != 0)
      return fail(err, BAD_INPUT,
                  "along axis %d one has %lld places and the other %lld, and neither is a multiple", a + 2,
                  (long long)own, (long long)other);
  }
  return OK;
}

bool feature_is_pooled(const FeatureWindows *windows) {
  for (int a = 0; a < windows->axes; a++)
    if (windows->sizes[a] > 1) return true;
  return false;
}

/* ---- nodes ---- */

static Node *add_node(Graph *graph, const char *type, Value *const *inputs, int count, Value **output,
                      Error *err) {
  const char *value_name = graph_unused_name(graph, type, err);
  *output = value_name == NULL ? NULL : graph_add_value(graph, value_name, err);
  if (*output == NULL) return NULL;
  const char *name = graph_unused_name(graph, type, err);
  Node *node = name == NULL ? NULL : graph_add_node(graph, name, "", type, inputs, count, output, 1, err);
  if (node != NULL) node->opset = OPSET;
  return node;
}

Value *feature_pool(Graph *graph, Value *value, const FeatureWindows *windows, Error *err) {
  Value *output;
  Node *node = add_node(graph, "AveragePool", &value, 1, &output, err);
  if (node == NULL) return NULL;
  size_t axes = (size_t)windows->axes;
  if (node_set_ints(graph, node, "kernel_shape", windows->sizes, axes, err) != OK) return NULL;
  return node_set_ints(graph, node, "strides", windows->sizes, axes, err) == OK ? output : NULL;
}

static Value *new_constant(Graph *graph, const char *name, const char *part, const Shape *shape, Error *err) {
  Tensor *tensor = tensor_new(&graph->arena, ELEMENT_FLOAT32, shape, err);
  const char *full = tensor == NULL ? NULL : arena_format(&graph->arena, err, "%s.%s", name, part);
  return full == NULL ? NULL : graph_add_constant(graph, full, tensor, err);
}

/* A Conv with a window of one place, or a product by a matrix and a sum. */
Value *feature_map_channels(Graph *graph, Value *value, const FeatureForm *form, int64_t channels,
                            const char *name, Error *err) {
  bool is_conv = form->channel_axis == 1 && form->rank > 2;
  Shape shape = {.rank = is_conv ? form->rank : 2, .dims = {form->channels, channels}};
  if (is_conv) shape = (Shape){.rank = form->rank, .dims = {channels, form->channels, 1, 1, 1}};
  Value *weight = new_constant(graph, name, "weight", &shape, err);
  Value *bias = weight == NULL ? NULL : new_constant(graph, name, "bias", &SHAPE(channels), err), *output;
  if (bias == NULL) return NULL;
  Value *inputs[3] = {value, weight, bias};
  if (is_conv) return add_node(graph, "Conv", inputs, 3, &output, err) != NULL ? output : NULL;
  if (add_node(graph, "MatMul", inputs, 2, &output, err) == NULL) return NULL;
  Value *terms[2] = {output, bias};
  return add_node(graph, "Add", terms, 2, &output, err) != NULL ? output : NULL;
}

Value *feature_sum_squares(Graph *graph, Value *value, const FeatureForm *form, Error *err) {
  Value *output;
  int64_t axis = form->channel_axis;
  Node *node = add_node(graph, "ReduceSumSquare", &value, 1, &output, err);
  if (node == NULL) return NULL;
  return node_set_ints(graph, node, "axes", &axis, 1, err) == OK ? output : NULL;
}
