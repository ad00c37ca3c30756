#include "operators/unary/unary.h"

#include <string.h>

/* saturate and round_mode are about 8-bit floats, which edgec does not have. */
typedef struct CastParams {
  int64_t to;
  int64_t saturate;
  const char *round_mode;
} CastParams;

/* Rounds once: a number that goes by way of float64 into float32 and on to a half would be rounded twice, so
   the float32 between is made odd in its last bit wherever it is not exact. */
static float odd_float(double value) {
  float nearest = (float)value;
  if ((double)nearest == value || value != value) return nearest;
  uint32_t bits;
  memcpy(&bits, &nearest, sizeof bits);
  bool is_above = value > 0 ? (double)nearest > value : (double)nearest < value;
  if (is_above) bits--; /* truncated in magnitude; sticky bit next */
  bits |= 1;
  memcpy(&nearest, &bits, sizeof bits);
  return nearest;
}

static void set_real(Tensor *y, int64_t i, double value) {
  if (y->type == ELEMENT_FLOAT16)
    ((uint16_t *)y->data)[i] = float_to_half(odd_float(value));
  else if (y->type == ELEMENT_BFLOAT16)
    ((uint16_t *)y->data)[i] = float_to_bfloat16(odd_float(value));
  else
    tensor_set(y, i, value);
}

static void cast_reals(const Tensor *x, Tensor *y) {
  int64_t n = tensor_elements(x);
  for (int64_t i = 0; i < n; i++) set_real(y, i, tensor_get(x, i));
}

/* Integers and truth values among each other: the lowest bits stay; all but 0 is true. */
static void cast_integers(const Tensor *x, Tensor *y) {
  int64_t n = tensor_elements(x);
  for (int64_t i = 0; i < n; i++) {
    bool wide = x->type == ELEMENT_UINT64; /* beyond int64: the same bits */
    tensor_set_integer(y, i, wide ? (int64_t)((const uint64_t *)x->data)[i] : tensor_get_integer(x, i));
  }
}

static void cast_to_float32(const Tensor *x, Tensor *y) {
  float *to = y->data;
  int64_t n = tensor_elements(x);
  for (int64_t i = 0; i < n; i++)
    to[i] =
        x->type == ELEMENT_UINT64 ? (float)((const uint64_t *)x->data)[i] : (float)tensor_get_integer(x, i);
}

static Status run_plain(Run *run) {
  const Tensor *x = run->in[0];
  Tensor *y = run->out[0];
  if (x->type == y->type)
    memcpy(y->data, x->data, tensor_bytes(x));
  else if (!element_is_float(x->type) && !element_is_float(y->type))
    cast_integers(x, y);
  else if (!element_is_float(x->type) && y->type == ELEMENT_FLOAT32)
    cast_to_float32(x, y);
  else
    cast_reals(x, y);
  return OK;
}

static Status infer(Infer *infer) {
  ElementType to = (ElementType)((const CastParams *)infer->params)->to;
  TRY(infer_same(infer));
  infer->out[0].type = to;
  infer->out[0].has_elements &= to == ELEMENT_INT64 || to == ELEMENT_INT32;
  return OK;
}

static Status check(const Node *node, void *params, Error *err) {
  int64_t to = ((const CastParams *)params)->to;
  if (to > 0 && to < 32 && element_in((ElementType)to, ELEMENTS_NUMERIC | ELEMENT_BIT(ELEMENT_BOOL)))
    return OK;
  return fail(err, UNSUPPORTED, "node '%s' (%s): cannot cast to element type %lld", node->name, node->type,
              (long long)to);
}

static OpRole role_of(const Node *node, const char **reason) {
  const Value *input = node_input(node, 0);
  if (input != NULL && element_is_float(input->type)) return ROLE_VIEW;
  *reason = "float only: integers of the model become floats";
  return ROLE_FLOAT;
}

static const AttributeRow attributes[] = {ATTRIBUTE(CastParams, to, FIELD_INT, .required = true),
                                          ATTRIBUTE(CastParams, saturate, FIELD_INT, .otherwise = 1),
                                          ATTRIBUTE(CastParams, round_mode, FIELD_STRING, .required = false),
                                          {0}};

#define CAST_TYPES (ELEMENTS_NUMERIC | ELEMENT_BIT(ELEMENT_BOOL))

const Op op_Cast = {.name = "Cast",
                    .brief = "The same numbers in another element type; floats are truncated to integers.",
                    .versions = {{6, infer, run_plain, NULL}},
                    .attributes = attributes,
                    .params_bytes = sizeof(CastParams),
                    .check = check,
                    .inputs = {{"input", PORT_REQUIRED, CAST_TYPES, "[...]"}},
                    .outputs = {{"output", PORT_REQUIRED, CAST_TYPES, "[...]"}},
                    .role = ROLE_VIEW,
                    .role_of = role_of,
                    .samples = {{"f32[2,3]{-1.9,-0.5,0,0.5,1.9,300}", "to=6"},
                                {"f32[3]{nan,inf,0}", "to=9"},
                                {"f64[2,3]", "to=10"},
                                {"i64{-1,256,9007199254740993}", "to=1"},
                                {"i64{-1,256,9007199254740993}", "to=3"},
                                {"u64{18446744073709551615}", "to=7"},
                                {"bool[4]", "to=16"},
                                {"f16[4]", "to=1"}}};
