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

/* Those of an activation: 8 or 16 bits, one scale. */
static bool is_of_codes(const QuantSpec *spec) {
  return spec != NULL && spec->kind == QUANT_INTEGER && (spec->bits == 8 || spec->bits == 16) &&
         spec->scale_count == 1;
}

Codes codes_of_constant(const Value *value) {
  if (is_of_codes(value->spec)) return codes_of_spec(value->spec);
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
  return is_of_codes(value->spec);
}

static bool is_coded_output(const Value *value) {
  if (!is_wanted(value)) return true;
  return value->spec != NULL && (value->spec->kind == QUANT_INTEGER || value->spec->kind == QUANT_INTERNAL);
}

bool is_integer_node(const Node *node) {
  for (int i = 0; i < node->input_count; i++) {
    const Value *value = node->inputs[i];
    if (value != NULL && element_is_float(value->type) && !is_coded_input(value)) return false;
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

static const void *packed_codes(Builder *b, EdgeType type, const int32_t *codes, int64_t count) {
  bool wide = type == EDGE_S16;
  void *data = arena_new(&b->scratch, (size_t)count, wide ? sizeof(int16_t) : 1, b->err);
  if (data == NULL) {
    b->status = SYSTEM;
    return NULL;
  }
  for (int64_t i = 0; i < count; i++) {
    if (wide)
      ((int16_t *)data)[i] = (int16_t)codes[i];
    else
      ((int8_t *)data)[i] = (int8_t)codes[i];
  }
  return data;
}

int32_t constant_in_codes(Builder *b, const Value *value, Codes codes) {
  int64_t count = tensor_elements(value->constant);
  int32_t *numbers = arena_new(&b->scratch, (size_t)count, sizeof *numbers, b->err);
  if (numbers == NULL) {
    b->status = SYSTEM;
    return 0;
  }
  for (int64_t i = 0; i < count; i++) numbers[i] = code_of(tensor_get(value->constant, i), codes);
  const void *data = packed_codes(b, codes.type, numbers, count);
  uint32_t dims[EDGE_MAX_RANK];
  int rank = build_dims(&value->constant->shape, LAYOUT_PLAIN, dims);
  return data == NULL ? 0 : build_constant(b, codes.type, rank, dims, data, codes.scale, codes.zero_point);
}

static int32_t table_constant(Builder *b, EdgeType type, const int32_t *codes, uint32_t count) {
  const void *data = packed_codes(b, type, codes, count);
  return data == NULL ? 0 : build_constant(b, type, 1, &count, data, 0.0f, 0);
}

/* What the function makes of `count` codes from `first` on, `step` apart. */
static bool function_results(Builder *b, const Node *node, const Value *x, Codes in, int32_t first,
                             int32_t step, float *results, int count) {
  float *numbers = arena_new(&b->scratch, (size_t)count, sizeof *numbers, b->err);
  if (numbers == NULL) {
    b->status = SYSTEM;
    return false;
  }
  for (int i = 0; i < count; i++) numbers[i] = in.scale * (float)(first + i * step - in.zero_point);
  Tensor from = {ELEMENT_FLOAT32, SHAPE(count), numbers}, to = {ELEMENT_FLOAT32, SHAPE(count), results};
  return run_own_kernel(b, node, x, &from, &to) == OK;
}

/* Of a function of 16-bit codes: a node every 128 codes, the last one behind them, and one more on either
   side; and what the function is at three places between each two. */
enum { NODES = 513, CURVED_NODES = NODES + 2, PARTS = 4, PLACES = (CURVED_NODES - 1) * PARTS + 1 };

/* The squared error between the nodes, with straight lines or with parabolas, in codes. */
static double interpolation_error(const double *places, const int32_t *nodes, bool curved) {
  double sum = 0;
  for (int i = 1; i < CURVED_NODES - 2; i++)
    for (int p = 1; p < PARTS; p++) {
      double f = (double)p / PARTS, exact = places[i * PARTS + p];
      double value = nodes[i] * (1 - f) + nodes[i + 1] * f;
      if (curved) value -= f * (1 - f) / 4 * (nodes[i + 2] - nodes[i + 1] - nodes[i] + nodes[i - 1]);
      if (isfinite(exact)) sum += (value - exact) * (value - exact);
    }
  return sum;
}

/* Parabolas where they are closer; lines where a function has corners. */
static int32_t interpolated_table(Builder *b, const Node *node, const Value *x, Codes in, Codes out) {
  float *results = arena_new(&b->scratch, PLACES, sizeof *results, b->err);
  double *places = arena_new(&b->scratch, PLACES, sizeof *places, b->err);
  int32_t nodes[CURVED_NODES];
  if (results == NULL || places == NULL) b->status = SYSTEM;
  if (b->status != OK || !function_results(b, node, x, in, INT16_MIN - 128, 128 / PARTS, results, PLACES))
    return 0;
  if (out.type == EDGE_S8) /* in 256ths, for which the runtime rounds */
    out = codes_with(EDGE_S16, out.scale / 256, out.zero_point * 256);
  for (int i = 0; i < PLACES; i++) {
    double code = (double)results[i] / (double)out.scale + out.zero_point;
    places[i] = isfinite(code) ? fmin(fmax(code, out.least), out.most) : code;
  }
  for (int i = 0; i < CURVED_NODES; i++) nodes[i] = code_of((double)results[i * PARTS], out);
  bool curved = interpolation_error(places, nodes, true) < interpolation_error(places, nodes, false);
  return table_constant(b, EDGE_S16, nodes + !curved, curved ? CURVED_NODES : NODES);
}

int32_t function_table(Builder *b, const Node *node, const Value *x, Codes in, Codes out) {
  float results[256];
  int32_t codes[256];
  if (b->status != OK) return 0;
  if (in.type == EDGE_S16) return interpolated_table(b, node, x, in, out);
  if (!function_results(b, node, x, in, INT8_MIN, 1, results, 256)) return 0;
  for (int i = 0; i < 256; i++) codes[i] = code_of((double)results[i], out);
  return table_constant(b, out.type, codes, 256);
}

/* Each code of 8 bits in other codes. */
static int32_t requantizing_table(Builder *b, Codes from, Codes to) {
  int32_t codes[256];
  for (int i = 0; i < 256; i++) codes[i] = code_of((double)from.scale * (i - 128 - from.zero_point), to);
  return table_constant(b, to.type, codes, 256);
}

/* The larger of a tensor and itself is the tensor, in codes of the result. */
static void emit_requantize(Builder *b, int32_t x, Codes from, int32_t y, Codes to) {
  float mult = (float)((double)from.scale / (double)to.scale);
  EdgeBinaryParams params = {.rank = 1,
                             .dims = {(int32_t)b->tensors[x].info.elements},
                             .a_stride = {1},
                             .b_stride = {1},
                             .a_mult = mult,
                             .b_mult = mult,
                             .act_min = to.least,
                             .act_max = to.most,
                             .pre_zero_point = to.zero_point};
  build_emit(b, EDGE_OP_MAXIMUM, INPUTS(x, x), y, &params, sizeof params);
}

int32_t requantized(Builder *b, int32_t tensor, Codes to) {
  if (b->status != OK) return 0;
  Codes from = codes_of_tensor(b, tensor);
  if (codes_equal(from, to)) return tensor;
  EdgeTensor info = b->tensors[tensor].info;
  if (from.type == EDGE_S8) {
    int32_t table = requantizing_table(b, from, to);
    int32_t y = build_tensor(b, to.type, info.rank, info.dims, to.scale, to.zero_point);
    build_emit(b, EDGE_OP_TABLE, INPUTS(tensor, table), y, NULL, 0);
    return y;
  }
  int32_t y = build_tensor(b, to.type, info.rank, info.dims, to.scale, to.zero_point);
  emit_requantize(b, tensor, from, y, to);
  return y;
}
