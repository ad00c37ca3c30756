/* shared by the family: numbers in another element type. */
#include "operators/unary/cast.h"

#include "operators/shape/content.h"

#include <string.h>

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

const char *const cast_round_modes[] = {"up", "down", "nearest", NULL}; /* in the order of PowerRounding */

static bool is_real(ElementType type) {
  return element_in(type, ELEMENTS_FLOAT | ELEMENTS_NARROW_FLOAT);
}

static void set_real(Tensor *y, int64_t i, double value, const CastRules *rules) {
  if (y->type == ELEMENT_FLOAT16)
    ((uint16_t *)y->data)[i] = float_to_half(odd_float(value));
  else if (y->type == ELEMENT_BFLOAT16)
    ((uint16_t *)y->data)[i] = float_to_bfloat16(odd_float(value));
  else if (element_in(y->type, ELEMENTS_NARROW_FLOAT))
    tensor_set_narrow(y, i, value, (PowerRounding)rules->round_mode, rules->saturate);
  else
    tensor_set(y, i, value);
}

static void cast_reals(const Tensor *x, Tensor *y, const CastRules *rules) {
  int64_t n = tensor_elements(x);
  for (int64_t i = 0; i < n; i++) set_real(y, i, tensor_get(x, i), rules);
}

/* Integers and truth values among each other, and what is truncated to a narrow integer: the lowest bits
   stay; all but 0 is true. */
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

void cast_tensor(const Tensor *x, Tensor *y, const CastRules *rules) {
  if (x->type == y->type) {
    if (tensor_bytes(x) > 0) memcpy(y->data, x->data, tensor_bytes(x));
  } else if ((!is_real(x->type) && !is_real(y->type)) || element_in(y->type, ELEMENTS_NARROW_INTEGER)) {
    cast_integers(x, y);
  } else if (!is_real(x->type) && y->type == ELEMENT_FLOAT32) {
    cast_to_float32(x, y);
  } else {
    cast_reals(x, y, rules);
  }
}

Status cast_infer(Infer *infer, ElementType to) {
  TRY(infer_same(infer));
  infer->out[0].type = to;
  infer->out[0].has_elements = false;
  if (to == ELEMENT_INT64 || to == ELEMENT_INT32) content_pass(infer);
  return OK;
}

OpRole cast_role(const Node *node, const char **reason) {
  const Value *input = node_input(node, 0);
  if (input != NULL && element_is_float(input->type)) return ROLE_VIEW;
  *reason = "float only: integers of the model become floats";
  return ROLE_FLOAT;
}
