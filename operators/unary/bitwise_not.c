#include "operators/unary/unary.h"

/* All integer types: the same for every byte. */
static Status run_plain(Run *run) {
  const uint8_t *x = run->in[0]->data;
  uint8_t *y = run->out[0]->data;
  size_t n = tensor_bytes(run->in[0]);
  for (size_t i = 0; i < n; i++) y[i] = (uint8_t)~x[i];
  return OK;
}

const Op op_BitwiseNot = {.name = "BitwiseNot",
                          .brief = "Every bit of x turned over.",
                          .versions = {{18, unary_infer, run_plain, NULL}},
                          UNARY_PORTS(ELEMENTS_INTEGER),
                          .grad_reason = "not differentiable: a function of integers",
                          .role = ROLE_INDEX,
                          .samples = {{"i32[2,3]", ""}, {"u8[5]", ""}}};
