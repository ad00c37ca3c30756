#include "distill/parameters.h"

#include <string.h>

/* Operators that are no products of data and weights but hold weights: what each input is. */
typedef struct ParameterRow {
  const char *type;
  ParameterKind inputs[8];
} ParameterRow;

#define WEIGHT PARAMETER_WEIGHT
#define BIAS PARAMETER_BIAS
#define NORM PARAMETER_NORM
#define RUNNING PARAMETER_RUNNING

static const ParameterRow rows[] = {
    {"BatchNormalization", {0, NORM, BIAS, RUNNING, RUNNING}},
    {"InstanceNormalization", {0, NORM, BIAS}},
    {"GroupNormalization", {0, NORM, BIAS}},
    {"LayerNormalization", {0, NORM, BIAS}},
    {"RMSNormalization", {0, NORM}},
    {"LSTM", {0, WEIGHT, WEIGHT, BIAS, 0, 0, 0, WEIGHT}},
    {"GRU", {0, WEIGHT, WEIGHT, BIAS}},
    {"RNN", {0, WEIGHT, WEIGHT, BIAS}},
    {"PRelu", {0, NORM}},
    {"Gather", {WEIGHT}},
};

/* Whether the constant has an element for each channel or more, and is no number of the formula. */
static bool is_spread(const Value *value) {
  return value->constant != NULL && tensor_elements(value->constant) > 1;
}

static ParameterKind of_linear(const Node *node, int input) {
  LinearForm form;
  Error err = {0};
  if (node->op->linear == NULL || node->op->linear(node, &form, &err) != OK) return PARAMETER_NONE;
  if (input == form.bias) return PARAMETER_BIAS;
  const Value *data = node_input(node, input == form.weight ? form.data : form.weight);
  return data != NULL && data->constant == NULL ? PARAMETER_WEIGHT : PARAMETER_NONE;
}

/* Exporters write biases as Add, and scales of normalizations as Mul. */
static ParameterKind of_elementwise(const Node *node, int input) {
  const Value *value = node->inputs[input], *other = node_input(node, 1 - input);
  if (!is_spread(value) || other == NULL || other->constant != NULL) return PARAMETER_NONE;
  if (node_is(node, "Add")) return PARAMETER_BIAS;
  return node_is(node, "Mul") ? PARAMETER_NORM : PARAMETER_NONE;
}

static ParameterKind kind_at(const Node *node, int input) {
  if (node->op == NULL) return PARAMETER_NONE;
  if (node->op->linear != NULL) return of_linear(node, input);
  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
    if (node_is(node, rows[r].type)) return input < 8 ? rows[r].inputs[input] : PARAMETER_NONE;
  return node->input_count == 2 ? of_elementwise(node, input) : PARAMETER_NONE;
}

ParameterKind parameter_kind(const Value *value) {
  if (value->constant == NULL || value->constant->type != ELEMENT_FLOAT32) return PARAMETER_NONE;
  for (int u = 0; u < value->user_count; u++) {
    const Node *node = value->users[u];
    for (int i = 0; i < node->input_count; i++) {
      ParameterKind kind = node->inputs[i] == value ? kind_at(node, i) : PARAMETER_NONE;
      if (kind != PARAMETER_NONE) return kind;
    }
  }
  return PARAMETER_NONE;
}
