#include "operators/axes.h"
#include "operators/binary/binary.h"

#include <math.h>

static double real(double a, double b) {
  return a < b || isnan(a) ? a : b;
}

static int64_t integer(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static uint64_t natural(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

static const BinaryFunctions functions = {real, integer, natural};

static Status run_plain(Run *run) {
  return variadic_run(run, &functions);
}

BINARY_LOOP(loop, a < b || a != a ? a : b)

static Status run_fast(Run *run) {
  return variadic_fast(run, loop);
}

static OpRole role_of(const Node *node, const char **reason) {
  return variadic_role(node, ROLE_PICK, reason);
}

const Op op_Min = {.name = "Min",
                   .brief = "The smallest of all operands, element by element; NaN wins.",
                   .versions = {{1, variadic_infer, run_plain, run_fast, variadic_grad_picked}},
                   .inputs = {{"data_0", PORT_VARIADIC, ELEMENTS_NUMERIC, "[...]"}},
                   .outputs = {{"min", PORT_REQUIRED, ELEMENTS_NUMERIC, "[...]"}},
                   .axes = axes_elementwise,
                   .role = ROLE_PICK,
                   .role_of = role_of,
                   .samples = {{"f32[2,3,4], f32[2,3,4]", ""},
                               {"f32[2,3,4], f32[3,1], f32[]", ""},
                               {"f32[2,3]", ""},
                               {"f32{nan,1,-inf}, f32{1,nan,2}, f32{0,0,0}", ""},
                               {"i64{9007199254740993,-1}, i64{9007199254740992,5}", ""},
                               {"u64{18446744073709551615}, u64{1}", ""},
                               {"f16[3], f16[2,3]", ""}}};
