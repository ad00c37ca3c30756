/* Codes of constants and tables, and the fusion of activations into the instruction before them. */
#include "lower/requant.h"

#include "lower/own_kernel.h"

#include <float.h>
#include <math.h>

static Codes codes_with(EdgeType type, float scale, int32_t zero_point) {
  bool wide = type == EDGE_S16;
  return (Codes){type, scale, zero_point, wide ? INT16_MIN : INT8_MIN, wide ? INT16_MAX : INT8_MAX};
}

Codes codes_of_spec(const QuantSpec *spec) {
  return codes_with(spec->bits == 16 ? EDGE_S16 : EDGE_S8, spec->scales[0], spec->zero_point);
}

Codes codes_of_tensor(const Builder *b, int32_t tensor) {
  const EdgeTensor *info = &b->tensors[tensor].info;
  return codes_with((EdgeType)info->type, info->scale, info->zero_point);
}

Codes codes_of_constant(const Value *value) {
  const QuantSpec *spec = value->spec;
  if (spec != NULL && spec->kind == QUANT_INTEGER && spec->bits == 8 && spec->scale_count == 1)
    return codes_of_spec(spec);
  double low = 0, high = 0;
  int64_t count = tensor_elements(value->constant);
  for (int64_t i = 0; i < count; i++) {
    double real = tensor_get(value->constant, i);
    if (real < low) low = real;
    if (real > high) high = real;
  }
  double scale = (high - low) / 255.0;
  if (!(scale >= (double)FLT_MIN)) return codes_with(EDGE_S8, 1.0f, 0);
  return codes_with(EDGE_S8, (float)scale, (int32_t)(-128 - rint(low / scale)));
}

int32_t code_of(double real, Codes codes) {
  if (isnan(real)) return codes.zero_point;
  double code = rint(real / (double)codes.scale) + codes.zero_point;
  if (code < codes.least) return codes.least;
  return code > codes.most ? codes.most : (int32_t)code;
}

bool codes_equal(Codes a, Codes b) {
  return a.type == b.type && a.scale == b.scale && a.zero_point == b.zero_point;
}

/* ---- which nodes are computed in codes ---- */

bool is_wanted(const Value *value) {
  return value != NULL && (value->user_count > 0 || value->is_output);
}

bool is_coded_input(const Value *value) {
  if (value->constant != NULL) return element_is_float(value->type);
  return value->spec != NULL && value->spec->kind == QUANT_INTEGER && value->spec->bits == 8 &&
         value->spec->scale_count == 1;
}

static bool is_coded_output(const Value *value) {
  if (!is_wanted(value)) return true;
  return value->spec != NULL && (value->spec->kind == QUANT_INTEGER || value->spec->kind == QUANT_INTERNAL);
}

/* True if the instruction of the node takes operands of 16 bits. */
static bool reads_16_bits(const Node *node) {
  OpRole role = op_role(node, NULL);
  return role == ROLE_SUM || role == ROLE_PRODUCT || role == ROLE_PICK;
}

bool is_integer_node(const Node *node) {
  bool is_wide_reader = reads_16_bits(node);
  for (int i = 0; i < node->input_count; i++) {
    const Value *value = node->inputs[i];
    if (value == NULL || !element_is_float(value->type) || is_coded_input(value)) continue;
    bool is_wide = value->spec != NULL && value->spec->kind == QUANT_INTEGER && value->spec->bits == 16;
    if (!is_wide || !is_wide_reader) return false;
  }
  for (int i = 0; i < node->output_count; i++) {
    const Value *value = node->outputs[i];
    if (value != NULL && element_is_float(value->type) && !is_coded_output(value)) return false;
  }
  return true;
}

/* ---- results ---- */

bool clamp_bounds(const Node *node, double *low, double *high) {
  *low = -INFINITY;
  *high = INFINITY;
  if (node_is(node, "Relu")) {
    *low = 0;
    return true;
  }
  if (!node_is(node, "Clip")) return false;
  *low = node_float(node, "min", *low);
  *high = node_float(node, "max", *high);
  const Value *least = node_input(node, 1), *most = node_input(node, 2);
  return (least == NULL || value_scalar(least, low)) && (most == NULL || value_scalar(most, high));
}

/* Narrows the codes to what lies between the bounds. */
static Codes clamped(Codes codes, double low, double high) {
  int32_t least = code_of(low, codes), most = code_of(high, codes);
  codes.least = least;
  codes.most = most < least ? least : most;
  return codes;
}

bool result_of(Builder *b, const Value *output, Result *result) {
  *result = (Result){.value = output, .table = -1};
  if (output->spec == NULL) return false;
  if (output->spec->kind == QUANT_INTEGER) {
    result->codes = codes_of_spec(output->spec);
    return true;
  }
  if (output->spec->kind != QUANT_INTERNAL || output->user_count != 1) return false;
  const Node *user = output->users[0];
  const Value *final = user->outputs[0];
  if (final == NULL || final->spec == NULL || final->spec->kind != QUANT_INTEGER) return false;
  result->value = final;
  if (output->spec->scale_count == 0) {
    double low, high;
    result->codes = codes_of_spec(final->spec);
    if (!clamp_bounds(user, &low, &high)) return false;
    result->codes = clamped(result->codes, low, high);
    return true;
  }
  if (!is_function_of(user, output) || final->spec->bits != 8) return false;
  result->codes = codes_of_spec(output->spec);
  result->table = function_table(b, user, output, result->codes, codes_of_spec(final->spec));
  return true;
}

int32_t result_tensor(Builder *b, const Result *result, Layout layout) {
  return build_result(b, result->value, FORM_CODES, layout);
}

int32_t result_before_table(Builder *b, const Result *result, Layout layout) {
  if (result->table < 0) return result_tensor(b, result, layout);
  uint32_t dims[EDGE_MAX_RANK];
  int rank = build_dims(&result->value->shape, layout, dims);
  return build_tensor(b, result->codes.type, rank, dims, result->codes.scale, result->codes.zero_point);
}

void result_after(Builder *b, const Result *result, Layout layout, int32_t before) {
  if (result->table < 0) return;
  int32_t y = result_tensor(b, result, layout);
  build_emit(b, EDGE_OP_TABLE, INPUTS(before, result->table), y, NULL, 0);
}

/* ---- tables ---- */

bool is_function_of(const Node *node, const Value *x) {
  int found = 0;
  for (int i = 0; i < node->input_count; i++) {
    const Value *value = node->inputs[i];
    if (value == x)
      found++;
    else if (value != NULL && (value->constant == NULL || tensor_elements(value->constant) != 1))
      return false;
  }
  return found > 0 && node->output_count == 1;
}

int32_t function_table(Builder *b, const Node *node, const Value *x, Codes in, Codes out) {
  float numbers[256], results[256];
  int16_t wide[256];
  int8_t narrow[256];
  if (b->status != OK) return 0;
  for (int i = 0; i < 256; i++) numbers[i] = in.scale * (float)(i - 128 - in.zero_point);
  Tensor from = {ELEMENT_FLOAT32, SHAPE(256), numbers}, to = {ELEMENT_FLOAT32, SHAPE(256), results};
  if (run_own_kernel(b, node, x, &from, &to) != OK) return 0;
  for (int i = 0; i < 256; i++) {
    int32_t code = code_of((double)results[i], out);
    wide[i] = (int16_t)code;
    narrow[i] = (int8_t)code;
  }
  const void *data = out.type == EDGE_S16 ? (const void *)wide : narrow;
  return build_constant(b, out.type, 1, (uint32_t[]){256}, data, 0.0f, 0);
}

int32_t requantized(Builder *b, int32_t tensor, Codes to) {
  if (b->status != OK) return 0;
  Codes from = codes_of_tensor(b, tensor);
  if (codes_equal(from, to)) return tensor;
  if (from.type != EDGE_S8) {
    build_fail(b, UNSUPPORTED, "codes of 16 bits cannot be given another scale");
    return 0;
  }
  int16_t wide[256];
  int8_t narrow[256];
  for (int i = 0; i < 256; i++) {
    int32_t code = code_of((double)from.scale * (i - 128 - from.zero_point), to);
    wide[i] = (int16_t)code;
    narrow[i] = (int8_t)code;
  }
  const void *data = to.type == EDGE_S16 ? (const void *)wide : narrow;
  int32_t table = build_constant(b, to.type, 1, (uint32_t[]){256}, data, 0.0f, 0);
  EdgeTensor info = b->tensors[tensor].info;
  int32_t y = build_tensor(b, to.type, info.rank, info.dims, to.scale, to.zero_point);
  build_emit(b, EDGE_OP_TABLE, INPUTS(tensor, table), y, NULL, 0);
  return y;
}
