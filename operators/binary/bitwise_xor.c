#include "operators/binary/binary.h"

static int64_t integer(int64_t a, int64_t b) {
  return a ^ b;
}

static uint64_t natural(uint64_t a, uint64_t b) {
  return a ^ b;
}

static const BinaryFunctions functions = {NULL, integer, natural};

static Status run_plain(Run *run) {
  return binary_run(run, &functions);
}

const Op op_BitwiseXor = {.name = "BitwiseXor",
                          .brief = "Bit by bit, whether exactly one is set.",
                          .versions = {{18, binary_infer, run_plain, NULL}},
                          BINARY_PORTS(ELEMENTS_INTEGER, ELEMENTS_INTEGER),
                          .grad_reason = "not differentiable: a function of integers",
                          .role = ROLE_INDEX,
                          .samples = {{"i32[2,3], i32[3]", ""},
                                      {"u8[2,3], u8[2,1]", ""},
                                      {"u64{18446744073709551615}, u64{4294967296}", ""}}};
