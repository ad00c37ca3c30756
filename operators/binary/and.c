#include "operators/binary/binary.h"

static uint64_t natural(uint64_t a, uint64_t b) {
  return a & b;
}

static const BinaryFunctions functions = {NULL, NULL, natural};

static Status run_plain(Run *run) {
  return binary_run(run, &functions);
}

static Status run_old(Run *run) {
  return binary_run_old(run, run_plain);
}

const Op op_And = {
    .name = "And",
    .brief = "Whether both are true.",
    .versions = {{7, binary_infer_bool, run_plain, NULL}, {1, binary_infer_bool_old, run_old, NULL}},
    .attributes = binary_attributes,
    .params_bytes = sizeof(BinaryParams),
    BINARY_PORTS(ELEMENT_BIT(ELEMENT_BOOL), ELEMENT_BIT(ELEMENT_BOOL)),
    .grad_reason = "not differentiable: a function of truth values",
    .role = ROLE_INDEX,
    .samples = {{"bool[2,3], bool[2,3]", ""},
                {"bool[2,1], bool[3]", ""},
                {"bool[2,3,4], bool[3]", "broadcast=1 axis=1 opset=6"}}};
