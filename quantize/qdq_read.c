#include "quantize/qdq_read.h"

#include "quantize/qop_read.h"
#include "quantize/specs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CODE_MAX 127

static bool is_8bit(const Tensor *tensor) {
  return tensor->type == ELEMENT_INT8 || tensor->type == ELEMENT_UINT8;
}

/* As the specs count: from -128 on. */
static int32_t signed_code(const Tensor *codes, int64_t i) {
  return (int32_t)tensor_get_integer(codes, i) - (codes->type == ELEMENT_UINT8 ? 128 : 0);
}

static bool is_scale(double scale) {
  return isnormal((float)scale) && scale > 0;
}

static bool are_equal(const Tensor *a, const Tensor *b) {
  if (a == NULL || b == NULL) return a == b;
  return a->type == b->type && tensor_elements(a) == tensor_elements(b) &&
         memcmp(a->data, b->data, tensor_bytes(a)) == 0;
}

/* The spec with a copy of its scales in the graph's arena becomes the value's. */
static Status give_spec(Graph *graph, Value *value, QuantSpec spec, const Tensor *scales, Error *err) {
  float *copy = arena_new(&graph->arena, (size_t)spec.scale_count, sizeof *copy, err);
  if (copy == NULL) return err->status;
  for (int64_t i = 0; i < spec.scale_count; i++) copy[i] = (float)tensor_get(scales, i);
  spec.kind = QUANT_INTEGER;
  spec.bits = 8;
  spec.scales = copy;
  spec.is_fixed = true;
  return spec_set(graph, value, &spec, err);
}

/* ---- activations ---- */

/* The QuantizeLinear before a DequantizeLinear, if both mean the same codes: 8 bits, one scale. */
static Node *pair_of(const Node *last) {
  if (!node_is(last, "DequantizeLinear") || last->inputs[0]->producer == NULL) return NULL;
  Node *first = last->inputs[0]->producer;
  const Tensor *scale = node_constant(last, 1), *zero_point = node_constant(last, 2);
  if (!node_is(first, "QuantizeLinear") || first->inputs[0]->constant != NULL) return NULL;
  if (scale == NULL || tensor_elements(scale) != 1 || scale->type != ELEMENT_FLOAT32) return NULL;
  if (!is_scale(tensor_get(scale, 0)) || !are_equal(scale, node_constant(first, 1))) return NULL;
  bool has_zero_point = node_input(last, 2) != NULL || node_input(first, 2) != NULL;
  if (has_zero_point && (zero_point == NULL || !is_8bit(zero_point) || tensor_elements(zero_point) != 1 ||
                         !are_equal(zero_point, node_constant(first, 2))))
    return NULL;
  return last->inputs[0]->type == ELEMENT_INT8 || last->inputs[0]->type == ELEMENT_UINT8 ? first : NULL;
}

/* The meaning of 8-bit codes with one scale: the parameters of the DequantizeLinear that reads them. */
static Status give_activation(Graph *graph, Value *value, const Node *last, Error *err) {
  const Tensor *zero_points = node_constant(last, 2), *scales = node_constant(last, 1);
  int32_t without = last->inputs[0]->type == ELEMENT_UINT8 ? -128 : 0;
  QuantSpec spec = {.axis = -1, .scale_count = 1};
  spec.zero_point = zero_points == NULL ? without : signed_code(zero_points, 0);
  double scale = tensor_get(scales, 0);
  spec.low = scale * (INT8_MIN - spec.zero_point);
  spec.high = scale * (INT8_MAX - spec.zero_point);
  return give_spec(graph, value, spec, scales, err);
}

/* What was quantized is now called as what its readers got: that is what its codes mean. False for inputs and
   outputs of the graph, which keep their names. */
static bool rename_source(Value *source, Value *result) {
  Node *producer = source->producer;
  if (producer == NULL || source->is_output) return false;
  for (int o = 0; o < producer->output_count; o++)
    if (producer->outputs[o] == source) producer->outputs[o] = result;
  result->producer = producer;
  source->producer = NULL;
  return true;
}

/* Takes the pair that ends in `last` out. */
static Status take_pair(Graph *graph, Node *last, QdqTaken *taken, Error *err) {
  const Node *first = pair_of(last);
  if (first == NULL) return OK;
  Value *source = first->inputs[0], *result = last->outputs[0];
  bool is_renamed = rename_source(source, result);
  if (!is_renamed && result->is_output) return OK;
  Value *left = is_renamed ? result : source, *gone = is_renamed ? source : result;
  TRY(give_activation(graph, left, last, err));
  graph_replace_value(graph, gone, left);
  node_remove(last);
  taken->parameters++;
  return graph_refresh(graph, err);
}

/* ---- constants ---- */

static bool are_scales(const Tensor *scales) {
  if (scales == NULL || scales->type != ELEMENT_FLOAT32 || scales->shape.rank > 1) return false;
  for (int64_t i = 0; i < tensor_elements(scales); i++)
    if (!is_scale(tensor_get(scales, i))) return false;
  return tensor_elements(scales) > 0;
}

/* Constant codes as [outer, channels, inner], a scale and a zero point a channel. */
typedef struct CodeRows {
  const Tensor *codes, *zero_points;
  int64_t outer, count, inner;
} CodeRows;

static int32_t zero_point_of(const CodeRows *rows, int64_t channel) {
  if (rows->zero_points == NULL) return rows->codes->type == ELEMENT_UINT8 ? -128 : 0;
  return signed_code(rows->zero_points, tensor_elements(rows->zero_points) == 1 ? 0 : channel);
}

/* Squared error of a channel's codes, in steps, when a step becomes `factor` and codes end at CODE_MAX;
   `most` gets the largest. */
static double error_of(const CodeRows *rows, int64_t channel, double factor, int32_t *most) {
  int32_t zero = zero_point_of(rows, channel);
  double error = 0;
  *most = 0;
  for (int64_t o = 0; o < rows->outer; o++)
    for (int64_t i = 0; i < rows->inner; i++) {
      int32_t steps = signed_code(rows->codes, (o * rows->count + channel) * rows->inner + i) - zero;
      double code = fmin(fmax(rint(steps / factor), -CODE_MAX), CODE_MAX), miss = steps - code * factor;
      error += miss * miss;
      *most = abs(steps) > *most ? abs(steps) : *most;
    }
  return error;
}

/* What to multiply a channel's scale with so that CODE_MAX on both sides are enough. */
static double factor_of(const CodeRows *rows, int64_t channel) {
  int32_t most;
  double clipped = error_of(rows, channel, 1, &most), factor = most / (double)CODE_MAX;
  if (most <= CODE_MAX) return 1;
  return error_of(rows, channel, factor, &most) < clipped ? factor : 1;
}

/* The scales, some of them wider; `rounded` says whether any code is another one now. */
static const Tensor *fitting_scales(Graph *graph, const CodeRows *rows, const Tensor *scales, bool *rounded,
                                    Error *err) {
  Tensor *fitting = tensor_new(&graph->arena, ELEMENT_FLOAT32, &SHAPE(rows->count), err);
  *rounded = false;
  for (int64_t c = 0; fitting != NULL && c < rows->count; c++) {
    int32_t most;
    *rounded |= error_of(rows, c, 1, &most) > 0;
    tensor_set(fitting, c, tensor_get(scales, c) * factor_of(rows, c));
  }
  return fitting;
}

/* True for what only linear operators read, as their weights. */
static bool is_weight(const Value *value) {
  for (int u = 0; u < value->user_count; u++) {
    const Node *user = value->users[u];
    LinearForm form;
    if (user->op == NULL || user->op->linear == NULL || user->op->linear(user, &form, NULL) != OK)
      return false;
    if (node_input(user, form.weight) != value) return false;
  }
  return value->user_count > 0;
}

static Status take_constant(Graph *graph, const Node *node, QdqTaken *taken, Error *err) {
  const Tensor *codes = node_constant(node, 0), *scales = node_constant(node, 1);
  const Tensor *zero_points = node_constant(node, 2);
  int axis = -1;
  if (codes == NULL || !is_8bit(codes) || !are_scales(scales)) return OK;
  if (node_input(node, 2) != NULL && (zero_points == NULL || !is_8bit(zero_points))) return OK;
  int64_t count = tensor_elements(scales);
  bool has_axis = count > 1 && axis_normalize(node_int(node, "axis", 1), codes->shape.rank, &axis);
  if (count > 1 && (!has_axis || codes->shape.dims[axis] != count)) return OK;
  taken->parameters++;
  if (count == 1 && !is_weight(node->outputs[0])) return give_activation(graph, node->outputs[0], node, err);
  CodeRows rows = {codes, zero_points, 1, count, tensor_elements(codes)};
  if (count > 1) {
    rows.outer = shape_product(&codes->shape, 0, axis);
    rows.inner = shape_product(&codes->shape, axis + 1, codes->shape.rank);
  }
  bool is_rounded;
  scales = fitting_scales(graph, &rows, scales, &is_rounded, err);
  if (scales == NULL) return err->status;
  taken->rounded += is_rounded;
  return give_spec(graph, node->outputs[0], (QuantSpec){.axis = axis, .scale_count = count}, scales, err);
}

/* ---- the graph ---- */

Status qdq_read(Graph *graph, QdqTaken *taken, Error *err) {
  *taken = (QdqTaken){0};
  TRY(qop_read(graph, err));
  for (int n = 0; n < graph->node_count; n++) {
    if (!node_is(graph->nodes[n], "DequantizeLinear")) continue;
    TRY(take_constant(graph, graph->nodes[n], taken, err));
  }
  /* outputs first: others are then called like them, not the other way round */
  for (int outputs = 1; outputs >= 0; outputs--)
    for (int n = 0; n < graph->node_count; n++) {
      Node *node = graph->nodes[n];
      if (node_is(node, "DequantizeLinear") && node->outputs[0] != NULL &&
          node->outputs[0]->is_output == (outputs == 1))
        TRY(take_pair(graph, node, taken, err));
    }
  return graph_sweep(graph, err);
}
