#include "operators/binary/binary.h"

#include <math.h>

typedef struct ModParams {
  bool fmod;
} ModParams;

static double real(double a, double b) {
  return fmod(a, b);
}

/* A divisor of 0 gives 0. The sign is the dividend's, as in C. */
static int64_t truncated(int64_t a, int64_t b) {
  return b == 0 || b == -1 ? 0 : a % b;
}

/* The sign is the divisor's, as in Python. */
static int64_t floored(int64_t a, int64_t b) {
  int64_t rest = truncated(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

static uint64_t natural(uint64_t a, uint64_t b) {
  return b == 0 ? 0 : a % b;
}

static Status run_plain(Run *run) {
  static const BinaryFunctions with_fmod = {real, truncated, natural}, without = {real, floored, natural};
  return binary_run(run, ((const ModParams *)run->params)->fmod ? &with_fmod : &without);
}

/* a - b * trunc(a / b) */
BINARY_LOOP(of_divisor, -truncf(a / b))

static Status grad_mod(Grad *grad) {
  return binary_grad(grad, NULL, of_divisor);
}

static Status infer(Infer *infer) {
  if (element_is_float(infer->in[0].type) && !((const ModParams *)infer->params)->fmod)
    return infer_fail(infer, "float inputs need the attribute fmod=1");
  return binary_infer(infer);
}

static const AttributeRow attributes[] = {ATTRIBUTE(ModParams, fmod, FIELD_BOOL, .otherwise = 0), {0}};

const Op op_Mod = {.name = "Mod",
                   .brief = "The rest of a / b, with the sign of b or (fmod) of a; by 0, integers give 0.",
                   .versions = {{10, infer, run_plain, NULL, grad_mod}},
                   .attributes = attributes,
                   .params_bytes = sizeof(ModParams),
                   BINARY_PORTS(ELEMENTS_NUMERIC, ELEMENTS_NUMERIC),
                   .role = ROLE_FLOAT,
                   .role_reason = "float only: the runtime has no remainder",
                   .samples = {{"f32[2,3], f32[3](0.5,2)", "fmod=1"},
                               {"f32[2,1,3](-9,9), f32[4,1](1,3)", "fmod=1"},
                               {"i64{7,-7,7,-7,5}, i64{3,3,-3,-3,0}", ""},
                               {"i64{7,-7,7,-7,5}, i64{3,3,-3,-3,0}", "fmod=1"},
                               {"u8[2,3], u8[]{7}", ""}}};
