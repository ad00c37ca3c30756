#include "operators/axes.h"
#include "operators/binary/binary.h"
#include "operators/reals.h"

#include <math.h>

#define NO_POWER "float only: neither base nor exponent is a constant of one element"

/* Exact where it fits 64 bits, else wrapped around. Below 1 towards zero; 0 to a negative power is 0. */
static int64_t integer_power(int64_t base, int64_t exponent) {
  if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
  uint64_t power = 1, square = (uint64_t)base;
  for (uint64_t rest = (uint64_t)exponent; rest != 0; rest >>= 1, square *= square)
    if (rest & 1) power *= square;
  return (int64_t)power;
}

/* The types of base and exponent are independent; the result has the base's. */
static void power_at(Tensor *y, int64_t i, const Tensor *x, int64_t at_x, const Tensor *e, int64_t at_e) {
  if (element_is_integer(x->type) && element_is_integer(e->type))
    tensor_set_integer(y, i, integer_power(tensor_get_integer(x, at_x), tensor_get_integer(e, at_e)));
  else
    tensor_set(y, i, pow(tensor_get(x, at_x), tensor_get(e, at_e)));
}

static Status run_plain(Run *run) {
  const Tensor *x = run->in[0], *e = run->in[1];
  Broadcast plan;
  BroadcastPlace at = {0};
  broadcast_plan(&plan, &run->out[0]->shape, (const Shape *[]){&x->shape, &e->shape}, 2);
  for (int64_t r = 0; r < plan.runs; r++, broadcast_next(&plan, &at))
    for (int64_t i = 0; i < plan.length; i++)
      power_at(run->out[0], r * plan.length + i, x, at.offset[0] + i * plan.step[0], e,
               at.offset[1] + i * plan.step[1]);
  return OK;
}

/* Squares, as in normalisations, without pow(). */
static Status run_fast(Run *run) {
  const Tensor *x = run->in[0], *e = run->in[1];
  if (x->type != ELEMENT_FLOAT32 || tensor_elements(e) != 1 || e->shape.rank > x->shape.rank ||
      tensor_get(e, 0) != 2)
    return run_plain(run);
  const float *from = x->data;
  float *to = run->out[0]->data;
  int64_t n = tensor_elements(x);
  for (int64_t i = 0; i < n; i++) to[i] = from[i] * from[i];
  return OK;
}

static Status infer(Infer *infer) {
  return binary_infer_shape(infer, infer->in[0].type);
}

/* ---- gradients ---- */

static inline float slope_of_base(float base, float exponent) {
  if (exponent == 2.0f) return 2.0f * base;
  return exponent == 0.0f ? 0.0f : (float)((double)exponent * pow((double)base, (double)exponent - 1));
}

/* Beside a base below 0 the power is no number, and no exponent is better than another: 0. */
static inline float slope_of_exponent(float base, float exponent) {
  return base > 0.0f ? (float)(pow((double)base, (double)exponent) * log((double)base)) : 0.0f;
}

BINARY_LOOP(of_base, slope_of_base(a, b))
BINARY_LOOP(of_exponent, slope_of_exponent(a, b))

static Status grad_pow(Grad *grad) {
  const Tensor *exponent = grad->run.in[1];
  if (exponent->type == ELEMENT_FLOAT32) return binary_grad(grad, of_base, of_exponent);
  int64_t n = tensor_elements(exponent);
  Tensor floats = {.type = ELEMENT_FLOAT32, .shape = exponent->shape, .data = floats_new(&grad->run, n)};
  if (floats.data == NULL) return fail_memory(grad->run.err);
  for (int64_t i = 0; i < n; i++) tensor_set(&floats, i, tensor_get(exponent, i));
  Grad converted = *grad;
  converted.run.in = (const Tensor *[]){grad->run.in[0], &floats};
  return binary_grad(&converted, of_base, of_exponent);
}

static Status grad_old(Grad *grad) {
  return binary_grad_old(grad, grad_pow);
}

static OpRole role_of(const Node *node, const char **reason) {
  OpRole role = binary_role(node, ROLE_FLOAT);
  if (role == ROLE_FLOAT) *reason = NO_POWER;
  return role;
}

static Status run_old(Run *run) {
  return binary_run_old(run, run_plain);
}

const Op op_Pow = {
    .name = "Pow",
    .brief = "x to the power of y.",
    .versions = {{7, infer, run_plain, run_fast, grad_pow}, {1, binary_infer_old, run_old, NULL, grad_old}},
    .attributes = binary_attributes,
    .params_bytes = sizeof(BinaryParams),
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_NUMERIC, "[...]"},
               {"Y", PORT_REQUIRED, ELEMENTS_NUMERIC, "[...]"}},
    .outputs = {{"Z", PORT_REQUIRED, ELEMENTS_NUMERIC, "[...]"}},
    .axes = axes_elementwise,
    .role = ROLE_FLOAT,
    .role_reason = NO_POWER,
    .role_of = role_of,
    .samples = {{"f32[2,3](0.1,4), f32[2,3]", ""},
                {"f32[2,3,4], f32[]{2.0}!", ""},
                {"f32[2,3,4](0.1,4), f32[3]", "broadcast=1 axis=1 opset=6"},
                {"f32[4](0.1,4), i64[]{3}", ""},
                {"i32{2,-3,0,-1}, i32{10,3,-1,-7}", ""},
                {"f32[2,1,4](0.1,4), f32[3,1]", ""},
                {"i64[4], f32[4](0,2)", ""}}};
