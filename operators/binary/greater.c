#include "operators/binary/binary.h"

static double real(double a, double b) {
  return a > b;
}

static int64_t integer(int64_t a, int64_t b) {
  return a > b;
}

static uint64_t natural(uint64_t a, uint64_t b) {
  return a > b;
}

static const BinaryFunctions functions = {real, integer, natural};

static Status run_plain(Run *run) {
  return binary_run(run, &functions);
}

static Status run_old(Run *run) {
  return binary_run_old(run, run_plain);
}

const Op op_Greater = {
    .name = "Greater",
    .brief = "Whether a is greater than b.",
    .versions = {{7, binary_infer_bool, run_plain, NULL}, {1, binary_infer_bool_old, run_old, NULL}},
    .attributes = binary_attributes,
    .params_bytes = sizeof(BinaryParams),
    BINARY_PORTS(ELEMENTS_NUMERIC, ELEMENT_BIT(ELEMENT_BOOL)),
    .grad_reason = "not differentiable: the result is a truth value",
    .role = ROLE_INDEX,
    .samples = {{"f32[2,3,4], f32[2,1,4]", ""},
                {"f32{1,nan,inf}, f32{1,nan,2}", ""},
                {"i64{9007199254740993,-1}, i64{9007199254740992,-1}", ""},
                {"u64{18446744073709551615,1}, u64{1,1}", ""},
                {"i32[2,3], i32[]", ""},
                {"f32[2,3,4], f32[3]", "broadcast=1 axis=1 opset=6"}}};
