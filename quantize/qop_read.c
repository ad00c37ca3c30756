#include "quantize/qop_read.h"

#include "operators/qlinear/qlinear.h"
#include "quantize/qop_parts.h"

#include <string.h>

/* ---- operators with scales ---- */

static const char *const kept_attributes[] = {"auto_pad",  "axis",    "ceil_mode", "count_include_pad",
                                              "dilations", "group",   "alpha",     "kernel_shape",
                                              "pads",      "strides", "transA",    "transB",
                                              NULL};
static const char *const kept_of_gemm[] = {"transA", "transB", NULL};

static bool is_gemm(const QLinearForm *form) {
  return strcmp(form->real, "Gemm") == 0;
}

/* Of a product with a factor, the factor goes into the scales of its weights. */
static Status scale_weights(QopRewrite *rw, const Node *node, const QLinearForm *form, QopParams *params) {
  double alpha = is_gemm(form) ? node_float(node, "alpha", 1) : 1, numbers[1];
  if (alpha == 1) return OK;
  const Tensor *scales = params->scale->constant;
  int64_t count = tensor_elements(scales);
  double *list = count == 1 ? numbers : arena_new(&rw->graph->arena, (size_t)count, sizeof *list, rw->err);
  if (list == NULL) return rw->err->status;
  for (int64_t i = 0; i < count; i++) list[i] = tensor_get(scales, i) * alpha;
  if (!(list[0] > 0))
    return fail(rw->err, UNSUPPORTED, "node '%s' (%s): its factor alpha is not positive", node->name,
                node->type);
  params->scale = qop_floats(rw, node->name, list, count == 1 ? 0 : count);
  return params->scale == NULL ? rw->err->status : OK;
}

/* Operand i as real numbers; its params for the bias. */
static Status take_operand(QopRewrite *rw, const Node *node, const QLinearForm *form, int i,
                           QopParams *params, Value **reals) {
  QLinearOperand at = qlinear_operand(form, i);
  Value *codes = node->inputs[at.codes];
  int axis = qlinear_axis(form, node, i, codes->has_shape ? codes->shape.rank : 0);
  bool may_have_list = codes->constant != NULL && axis >= 0 && axis < codes->shape.rank;
  int64_t most = may_have_list ? codes->shape.dims[axis] : 1;
  TRY(qop_params(rw, node, at.scale, at.zero_point, codes->type, most, params));
  if (i == 1) TRY(scale_weights(rw, node, form, params));
  *reals = qop_reals(rw, codes, *params, axis);
  return *reals == NULL ? rw->err->status : OK;
}

/* An int32 bias counts in steps of the two scales. */
static Status take_bias(QopRewrite *rw, const Node *node, int input, const QopParams params[2],
                        Value **reals) {
  Value *bias = node->inputs[input];
  if (bias->constant == NULL)
    return fail(rw->err, UNSUPPORTED, "node '%s' (%s): its bias is computed at run time", node->name,
                node->type);
  const Tensor *x = params[0].scale->constant, *w = params[1].scale->constant;
  int64_t count = tensor_elements(w),
          last = bias->shape.rank > 0 ? bias->shape.dims[bias->shape.rank - 1] : 1;
  if (count > 1 && count != last)
    return fail(rw->err, UNSUPPORTED, "node '%s' (%s): a bias of %lld numbers for %lld channels", node->name,
                node->type, (long long)last, (long long)count);
  double *steps = arena_new(&rw->graph->arena, (size_t)count, sizeof *steps, rw->err);
  if (steps == NULL) return rw->err->status;
  for (int64_t i = 0; i < count; i++) steps[i] = (double)((float)tensor_get(x, 0) * (float)tensor_get(w, i));
  QopParams own = {.scale = qop_floats(rw, bias->name, steps, count == 1 ? 0 : count)};
  *reals = own.scale == NULL ? NULL : qop_reals(rw, bias, own, bias->shape.rank - 1);
  return *reals == NULL ? rw->err->status : OK;
}

/* What the result's codes are made from; the result itself where it stays float. */
static Status take_result(QopRewrite *rw, const Node *node, const QLinearForm *form, Value **real) {
  QopParams params;
  *real = node->outputs[0];
  if (node_input(node, form->out.scale) == NULL) return OK;
  TRY(qop_params(rw, node, form->out.scale, form->out.zero_point, (*real)->type, 1, &params));
  *real = qop_quantized(rw, *real, params);
  return *real == NULL ? rw->err->status : OK;
}

static Status rewrite_qlinear(QopRewrite *rw, Node *node, const QLinearForm *form) {
  int count = qlinear_operands(form, node);
  Value **inputs = arena_new(&rw->graph->arena, (size_t)count + 1, sizeof *inputs, rw->err), *real;
  QopParams params[2] = {{0}};
  int64_t opset = node_int(node, "opset", 0), axis = node_int(node, "axis", -1);
  bool is_softmax = strcmp(form->real, "Softmax") == 0;
  if (inputs == NULL) return rw->err->status;
  for (int i = 0; i < count; i++) TRY(take_operand(rw, node, form, i, &params[i == 1], &inputs[i]));
  if (form->bias >= 0 && node_input(node, form->bias) != NULL)
    TRY(take_bias(rw, node, form->bias, params, &inputs[count++]));
  TRY(take_result(rw, node, form, &real));
  TRY(qop_become(rw, node, form->real, inputs, count, real, is_gemm(form) ? kept_of_gemm : kept_attributes));
  if (!is_softmax) return OK;
  if (opset > 0) node->opset = opset;
  return node_set_int(rw->graph, node, "axis", axis, rw->err);
}

/* ---- codes that are moved ---- */

static bool moves_codes(const Node *node) {
  static const char *const types[] = {"MaxPool",   "Reshape", "Flatten", "Transpose",    "Squeeze",
                                      "Unsqueeze", "Slice",   "Split",   "DepthToSpace", "SpaceToDepth",
                                      "Gather",    "Expand",  "Tile",    "Identity",     "Concat"};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (node_is(node, types[i])) return true;
  return false;
}

static bool is_8bit(const Value *value) {
  return value != NULL && (value->type == ELEMENT_INT8 || value->type == ELEMENT_UINT8);
}

static bool are_known(const QopRewrite *rw, const Node *node, int data) {
  const QopParams *first = &rw->params[node->inputs[0]->index];
  for (int i = 0; i < data; i++) {
    const Value *value = node->inputs[i];
    if (!is_8bit(value) || value->constant != NULL) return false;
    const QopParams *own = &rw->params[value->index];
    if (own->scale == NULL || own->scale->constant == NULL) return false;
    double scale, other, zero, other_zero;
    if (!value_scalar(own->scale, &scale) || !value_scalar(first->scale, &other) || scale != other)
      return false;
    if (!value_scalar(own->zero_point, &zero) || !value_scalar(first->zero_point, &other_zero) ||
        zero != other_zero)
      return false;
  }
  return true;
}

/* The same node moves what the codes mean, which are then codes again. */
static Status rewrite_move(QopRewrite *rw, Node *node) {
  int data = node_is(node, "Concat") ? node->input_count : 1;
  if (node->inputs[0] == NULL || !are_known(rw, node, data)) return OK;
  QopParams params = rw->params[node->inputs[0]->index];
  for (int i = 0; i < data; i++) {
    Value *reals = qop_reals(rw, node->inputs[i], params, 0);
    if (reals == NULL) return rw->err->status;
    node->inputs[i] = reals;
  }
  for (int o = 0; o < node->output_count; o++) {
    if (!is_8bit(node->outputs[o])) continue;
    Value *real = qop_quantized(rw, node->outputs[o], params);
    if (real == NULL) return rw->err->status;
    node->outputs[o] = real;
    real->producer = node;
  }
  rw->rewrites++;
  return OK;
}

/* Params that are not constants make codes whose meaning is not known. */
static void note_quantize(QopRewrite *rw, const Node *node) {
  Value *codes = node->outputs[0];
  const Tensor *scale = node_constant(node, 1), *zero_point = node_constant(node, 2);
  if (!is_8bit(codes) || scale == NULL || zero_point == NULL || tensor_elements(scale) != 1) return;
  rw->params[codes->index] = (QopParams){node->inputs[1], node->inputs[2]};
}

/* ---- the graph ---- */

static Status rewrite_node(QopRewrite *rw, Node *node) {
  const QLinearForm *form = qlinear_form(node->domain, node->type);
  if (form != NULL) return rewrite_qlinear(rw, node, form);
  if (node_is(node, "QuantizeLinear")) note_quantize(rw, node);
  if (node_is(node, "ConvInteger") || node_is(node, "MatMulInteger")) return qop_integer_product(rw, node);
  return moves_codes(node) ? rewrite_move(rw, node) : OK;
}

/* Exporters write scales as Constant nodes too. */
static Status take_constants(Graph *graph, Error *err) {
  for (int n = 0; n < graph->node_count; n++) {
    Node *node = graph->nodes[n];
    const Attribute *value = node_attribute(node, "value");
    if (!node_is(node, "Constant") || value == NULL || value->tensor == NULL || node->outputs[0] == NULL)
      continue;
    node->outputs[0]->constant = value->tensor;
    node->outputs[0]->producer = NULL;
    node_remove(node);
  }
  return graph_sweep(graph, err);
}

Status qop_read(Graph *graph, Error *err) {
  Arena arena = {0};
  TRY(take_constants(graph, err));
  size_t values = (size_t)graph->value_count;
  QopRewrite rw = {.graph = graph, .err = err};
  rw.params = arena_new(&arena, values, sizeof *rw.params, err);
  rw.reals = arena_new(&arena, values, sizeof *rw.reals, err);
  Status status = rw.params == NULL || rw.reals == NULL ? err->status : OK;
  int nodes = graph->node_count;
  for (int n = 0; n < nodes && status == OK; n++)
    if (graph->nodes[n]->type != NULL) status = rewrite_node(&rw, graph->nodes[n]);
  arena_free(&arena);
  if (status != OK || rw.rewrites == 0) return status;
  TRY(graph_sweep(graph, err));
  TRY(op_bind_graph(graph, err));
  return op_infer_graph(graph, err);
}
