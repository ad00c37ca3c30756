#include "operators/axes.h"
#include "operators/binary/binary.h"

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

static OpRole role_of(const Node *node, const char **reason) {
  OpRole role = binary_role(node, ROLE_FLOAT);
  if (role == ROLE_FLOAT) *reason = NO_POWER;
  return role;
}

static Status run_old(Run *run) {
  return binary_run_old(run, run_plain);
}

const Op op_Pow = {.name = "Pow",
                   .brief = "x to the power of y.",
                   .versions = {{7, infer, run_plain, run_fast}, {1, binary_infer_old, run_old, NULL}},
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
                               {"i64[4], f32[4](0,2)", ""}}};
