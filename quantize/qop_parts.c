#include "quantize/qop_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define QDQ_OPSET 13 /* the first with an axis */

/* ---- constants ---- */

static const char *name_for(QopRewrite *rw, const char *base, const char *end) {
  char text[256];
  snprintf(text, sizeof text, "%.200s%s", base, end);
  return graph_unused_name(rw->graph, text, rw->err);
}

static Value *add_constant(QopRewrite *rw, const char *base, const char *end, const Tensor *tensor) {
  const char *name = tensor == NULL ? NULL : name_for(rw, base, end);
  return name == NULL ? NULL : graph_add_constant(rw->graph, name, tensor, rw->err);
}

Value *qop_floats(QopRewrite *rw, const char *base, const double *numbers, int64_t count) {
  Shape shape = count == 0 ? SHAPE_SCALAR : SHAPE(count);
  Tensor *tensor = tensor_new(&rw->graph->arena, ELEMENT_FLOAT32, &shape, rw->err);
  for (int64_t i = 0; tensor != NULL && i < tensor_elements(tensor); i++) tensor_set(tensor, i, numbers[i]);
  return add_constant(rw, base, "_scale", tensor);
}

/* The constant as a list of `count` numbers, one number repeated. */
static Value *as_list(QopRewrite *rw, Value *value, int64_t count) {
  const Tensor *from = value->constant;
  int64_t given = tensor_elements(from);
  if (given == count && (count == 1 || from->shape.rank == 1)) return value;
  Tensor *list = tensor_new(&rw->graph->arena, from->type, &SHAPE(count), rw->err);
  for (int64_t i = 0; list != NULL && i < count; i++)
    if (from->type == ELEMENT_FLOAT32)
      tensor_set(list, i, tensor_get(from, given == 1 ? 0 : i));
    else
      tensor_set_integer(list, i, tensor_get_integer(from, given == 1 ? 0 : i));
  return add_constant(rw, value->name, "_list", list);
}

static Status check_scales(QopRewrite *rw, const Node *node, const Tensor *scales, int input) {
  for (int64_t i = 0; i < tensor_elements(scales); i++) {
    double scale = tensor_get(scales, i);
    if (!isnormal((float)scale) || scale <= 0)
      return fail(rw->err, BAD_INPUT, "node '%s' (%s): scale %g (input %d) is no positive number", node->name,
                  node->type, scale, input);
  }
  return OK;
}

static Status check_count(QopRewrite *rw, const Node *node, const Tensor *tensor, int input, int64_t most) {
  int64_t count = tensor_elements(tensor);
  if (count == 1 || (count > 0 && count == most)) return OK;
  return fail(rw->err, UNSUPPORTED, "node '%s' (%s): input %d has %lld numbers where edgec knows one%s",
              node->name, node->type, input, (long long)count, most > 1 ? " or one a channel" : "");
}

static Status refuse_computed(QopRewrite *rw, const Node *node, int input) {
  return fail(rw->err, UNSUPPORTED,
              "node '%s' (%s): input %d is computed at run time; edgec keeps scales and zero points that are "
              "constants",
              node->name, node->type, input);
}

static Value *zero_of(QopRewrite *rw, const Node *node, ElementType type) {
  Tensor *zero = tensor_new(&rw->graph->arena, type, &SHAPE_SCALAR, rw->err);
  return add_constant(rw, node->name, "_zero_point", zero);
}

/* As many scales as zero points. */
static Status match_counts(QopRewrite *rw, QopParams *params) {
  int64_t count = tensor_elements(params->scale->constant);
  int64_t others = tensor_elements(params->zero_point->constant);
  if (others > count) count = others;
  params->scale = as_list(rw, params->scale, count);
  params->zero_point = as_list(rw, params->zero_point, count);
  return params->scale == NULL || params->zero_point == NULL ? rw->err->status : OK;
}

/* Input `zero_point`, or a zero where it is absent. */
static Status take_zero(QopRewrite *rw, const Node *node, int zero_point, ElementType codes, int64_t most,
                        Value **zero) {
  bool is_given = node_input(node, zero_point) != NULL;
  if (is_given && node_constant(node, zero_point) == NULL) return refuse_computed(rw, node, zero_point);
  *zero = is_given ? node->inputs[zero_point] : zero_of(rw, node, codes);
  if (*zero == NULL) return rw->err->status;
  return check_count(rw, node, (*zero)->constant, zero_point, most);
}

Status qop_weight_params(QopRewrite *rw, const Node *node, int zero_point, ElementType codes,
                         const double *scales, int64_t count, QopParams *params) {
  TRY(take_zero(rw, node, zero_point, codes, count, &params->zero_point));
  bool is_one = true;
  for (int64_t i = 1; i < count; i++) is_one &= scales[i] == scales[0];
  params->scale = qop_floats(rw, node->name, scales, is_one ? 0 : count);
  if (params->scale == NULL) return rw->err->status;
  TRY(check_scales(rw, node, params->scale->constant, zero_point));
  return match_counts(rw, params);
}

Status qop_params(QopRewrite *rw, const Node *node, int scale, int zero_point, ElementType codes,
                  int64_t most, QopParams *params) {
  const Tensor *scales = node_constant(node, scale);
  if (scales == NULL) return refuse_computed(rw, node, scale);
  if (scales->type != ELEMENT_FLOAT32)
    return fail(rw->err, UNSUPPORTED, "node '%s' (%s): scales are %s, not float32", node->name, node->type,
                element_name(scales->type));
  TRY(check_count(rw, node, scales, scale, most));
  TRY(check_scales(rw, node, scales, scale));
  TRY(take_zero(rw, node, zero_point, codes, most, &params->zero_point));
  params->scale = node->inputs[scale];
  return match_counts(rw, params);
}

/* ---- nodes ---- */

static Value *add_real(QopRewrite *rw, const Value *codes, const char *end) {
  const char *name = name_for(rw, codes->name, end);
  Value *value = name == NULL ? NULL : graph_add_value(rw->graph, name, rw->err);
  if (value == NULL) return NULL;
  value->type = ELEMENT_FLOAT32;
  value->has_shape = codes->has_shape;
  value->shape = codes->shape;
  return value;
}

static Node *add_linear(QopRewrite *rw, const char *type, Value *x, QopParams params, Value *y) {
  char base[256];
  snprintf(base, sizeof base, "%.200s_%s", y->name, type);
  const char *name = graph_unused_name(rw->graph, base, rw->err);
  if (name == NULL) return NULL;
  int inputs = params.zero_point == NULL ? 2 : 3;
  Node *node = graph_add_node(rw->graph, name, "", type, (Value *[]){x, params.scale, params.zero_point},
                              inputs, (Value *[]){y}, 1, rw->err);
  if (node != NULL) node->opset = QDQ_OPSET;
  return node;
}

static bool are_same(const Value *a, const Value *b) {
  if (a == b) return true;
  if (a == NULL || b == NULL || a->type != b->type) return false;
  return tensor_bytes(a->constant) == tensor_bytes(b->constant) &&
         memcmp(a->constant->data, b->constant->data, tensor_bytes(a->constant)) == 0;
}

Value *qop_reals(QopRewrite *rw, Value *codes, QopParams params, int axis) {
  QopParams *known = &rw->params[codes->index];
  Value **reals = &rw->reals[codes->index];
  bool is_list = tensor_elements(params.scale->constant) > 1;
  if (*reals != NULL && !is_list && are_same(known->scale, params.scale) &&
      are_same(known->zero_point, params.zero_point))
    return *reals;
  Value *made = add_real(rw, codes, "_dequantized");
  Node *node = made == NULL ? NULL : add_linear(rw, "DequantizeLinear", codes, params, made);
  if (node == NULL) return NULL;
  if (is_list && node_set_int(rw->graph, node, "axis", axis, rw->err) != OK) return NULL;
  if (known->scale == NULL) *known = params;
  if (*reals == NULL && !is_list && known->scale == params.scale) *reals = made;
  return made;
}

Value *qop_quantized(QopRewrite *rw, Value *codes, QopParams params) {
  Value *real = add_real(rw, codes, "_real");
  if (real == NULL || add_linear(rw, "QuantizeLinear", real, params, codes) == NULL) return NULL;
  rw->params[codes->index] = params;
  return real;
}

static bool is_in(const char *name, const char *const *list) {
  for (; *list != NULL; list++)
    if (strcmp(name, *list) == 0) return true;
  return false;
}

Status qop_become(QopRewrite *rw, Node *node, const char *type, Value *const *inputs, int input_count,
                  Value *output, const char *const *keep) {
  Arena *arena = &rw->graph->arena;
  Attribute *kept = arena_new(arena, (size_t)node->attribute_count, sizeof *kept, rw->err);
  Value **in = arena_new(arena, (size_t)input_count, sizeof *in, rw->err);
  Value **out = arena_new(arena, 1, sizeof *out, rw->err);
  if (kept == NULL || in == NULL || out == NULL) return rw->err->status;
  int count = 0;
  for (int i = 0; i < node->attribute_count; i++)
    if (is_in(node->attributes[i].name, keep)) kept[count++] = node->attributes[i];
  memcpy(in, inputs, (size_t)input_count * sizeof *in);
  out[0] = output;
  output->producer = node;
  node->attributes = kept;
  node->attribute_count = count;
  node->inputs = in;
  node->input_count = input_count;
  node->outputs = out;
  node->output_count = 1;
  node->domain = "";
  node->type = type;
  if (graph_opset(rw->graph, "") == 0) node->opset = QDQ_OPSET;
  rw->rewrites++;
  return OK;
}
