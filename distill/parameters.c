#include "distill/parameters.h"

#include "operators/quant/fake_quantize.h"

#include <string.h>

#define VIEWS_MOST 8 /* behind one another, between a constant and its reader */

static const struct {
  ParameterKind kind;
  double start;
} parts[] = {
#define X(name, kind, start) [PART_##name] = {kind, start},
    PARAMETER_PARTS(X)
#undef X
};

double parameter_start(ParameterPart part) {
  return parts[part].start;
}

/* Inputs that mean the same in every node of a type. */
static const struct {
  const char *type;
  int input;
  ParameterPart part;
} fixed[] = {{"BatchNormalization", 1, PART_SCALE},
             {"BatchNormalization", 2, PART_SHIFT},
             {"BatchNormalization", 3, PART_MEAN},
             {"BatchNormalization", 4, PART_VARIANCE},
             {"InstanceNormalization", 1, PART_SCALE},
             {"InstanceNormalization", 2, PART_SHIFT},
             {"GroupNormalization", 1, PART_SCALE},
             {"GroupNormalization", 2, PART_SHIFT},
             {"LayerNormalization", 1, PART_SCALE},
             {"LayerNormalization", 2, PART_SHIFT},
             {"RMSNormalization", 1, PART_SCALE},
             {"LSTM", 1, PART_RECURRENT},
             {"LSTM", 2, PART_RECURRENT},
             {"LSTM", 3, PART_BIAS},
             {"LSTM", 7, PART_BIAS}, /* peepholes start closed */
             {"GRU", 1, PART_RECURRENT},
             {"GRU", 2, PART_RECURRENT},
             {"GRU", 3, PART_BIAS},
             {"RNN", 1, PART_RECURRENT},
             {"RNN", 2, PART_RECURRENT},
             {"RNN", 3, PART_BIAS},
             {"PRelu", 1, PART_SLOPE}};

static bool is_fake_quantize(const Node *node) {
  return strcmp(node->type, FAKE_QUANTIZE) == 0 && strcmp(node->domain, FAKE_QUANTIZE_DOMAIN) == 0;
}

static ParameterPart fixed_part(const Node *node, int input) {
  if (is_fake_quantize(node) && input == 2) return PART_RATIO;
  for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
    if (fixed[i].input == input && node_is(node, fixed[i].type)) return fixed[i].part;
  return PART_NONE;
}

/* Both operands of a product may be the constant one; Conv's data is none that is learned. */
static ParameterPart linear_part(const Node *node, int input) {
  LinearForm form;
  if (node->op == NULL || node->op->linear == NULL || node->op->linear(node, &form, NULL) != OK)
    return PART_NONE;
  if (input == form.bias) return PART_BIAS;
  if (input == form.weight) return PART_LINEAR;
  return node_is(node, "MatMul") || node_is(node, "Gemm") ? PART_LINEAR : PART_NONE;
}

/* Does `value` hold one number for each output channel of the linear node, along the channels' axis? */
static bool fits_channels(const Value *value, const Node *linear) {
  LinearForm form;
  if (linear->op == NULL || linear->op->linear == NULL || linear->op->linear(linear, &form, NULL) != OK)
    return false;
  const Value *weight = node_input(linear, form.weight);
  if (weight == NULL || !weight->has_shape || weight->shape.rank < 2 || !value->has_shape) return false;
  bool is_product = node_is(linear, "MatMul") || node_is(linear, "Gemm");
  int behind = is_product ? 0 : weight->shape.rank - 2; /* axes behind the channels */
  Dim channels = weight->shape.dims[form.channel_axis];
  if (node_is(linear, "ConvTranspose")) channels *= node_int(linear, "group", 1);
  int axis = value->shape.rank - 1 - behind;
  return axis >= 0 && value->shape.dims[axis] == channels && shape_elements(&value->shape) == channels;
}

/* "x / sqrt(...)", times a vector: a normalization that is written out. */
static bool is_normalized(const Value *value) {
  const Node *divide = value == NULL ? NULL : value->producer;
  if (divide == NULL || !node_is(divide, "Div")) return false;
  const Value *root = node_input(divide, 1);
  return root != NULL && root->producer != NULL && node_is(root->producer, "Sqrt");
}

static bool is_vector(const Value *value) {
  return value->has_shape && value->shape.rank == 1 && value->shape.dims[0] > 1;
}

/* More than a number a channel: what is added for each position. */
static bool is_table(const Value *value) {
  int axes = 0;
  for (int i = 0; value->has_shape && i < value->shape.rank; i++) axes += value->shape.dims[i] > 1;
  return axes >= 2;
}

/* What is added in front of a Softmax is a mask. */
static bool is_score(const Value *value) {
  for (int u = 0; value != NULL && u < value->user_count; u++)
    if (node_is(value->users[u], "Softmax")) return true;
  return false;
}

/* A Mul or Add of a constant: scale or bias of what is in front of it, or just a number. */
static ParameterPart sum_part(const Node *node, int input, const Value *operand) {
  bool is_sum = node_is(node, "Add");
  if ((!is_sum && !node_is(node, "Mul")) || node->input_count != 2) return PART_NONE;
  const Value *other = node_input(node, 1 - input);
  if (other == NULL) return PART_NONE;
  if (!is_sum) return is_vector(operand) && is_normalized(other) ? PART_SCALE : PART_NONE;
  const Node *before = other->producer;
  if (before == NULL) return PART_NONE;
  if (fits_channels(operand, before)) return PART_BIAS;
  if (is_table(operand) && !is_score(node->outputs[0])) return PART_EMBEDDING;
  if (!node_is(before, "Mul") || !is_vector(operand)) return PART_NONE;
  return is_normalized(node_input(before, 0)) || is_normalized(node_input(before, 1)) ? PART_SHIFT
                                                                                      : PART_NONE;
}

static ParameterPart part_in(const Node *node, int input, const Value *operand) {
  ParameterPart part = fixed_part(node, input);
  if (part == PART_NONE) part = linear_part(node, input);
  if (part == PART_NONE) part = sum_part(node, input, operand);
  if (part == PART_NONE && input == 0 && node_is(node, "Gather") && operand->has_shape &&
      operand->shape.rank >= 2)
    part = PART_EMBEDDING;
  return part;
}

/* What two readers make of a value together. */
static Parameter joined(Parameter a, Parameter b) {
  bool a_weighs = parts[a.part].kind == PARAMETER_WEIGHT, b_weighs = parts[b.part].kind == PARAMETER_WEIGHT;
  if (a_weighs || b_weighs) return a.part >= b.part ? a : b;
  if (a.part == PART_NONE || b.part == PART_NONE || parts[a.part].start != parts[b.part].start)
    return (Parameter){0};
  return a.part <= b.part ? a : b;
}

static bool is_view(const Node *node) {
  static const char *const types[] = {"Identity", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten"};
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
    if (node_is(node, types[i])) return node->output_count == 1 && node->outputs[0] != NULL;
  return is_fake_quantize(node); /* a rounded weight is still one */
}

static Parameter part_of(const Value *operand, int views) {
  Parameter all = {0};
  bool any = false;
  for (int u = 0; u < operand->user_count; u++) {
    const Node *node = operand->users[u];
    for (int i = 0; i < node->input_count; i++) {
      if (node->inputs[i] != operand) continue;
      Parameter one = {part_in(node, i, operand), node, operand, i};
      if (i == 0 && is_view(node) && views < VIEWS_MOST) one = part_of(node->outputs[0], views + 1);
      if (one.part == PART_NONE) one = (Parameter){0};
      all = any ? joined(all, one) : one;
      any = true;
    }
  }
  return all;
}

Parameter parameter_of(const Value *value) {
  if (value->constant == NULL || value->constant->type != ELEMENT_FLOAT32) return (Parameter){0};
  return part_of(value, 0);
}

ParameterKind parameter_kind(const Value *value) {
  return parts[parameter_of(value).part].kind;
}
