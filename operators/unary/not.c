#include "operators/unary/unary.h"

static Status run_plain(Run *run) {
  const uint8_t *x = run->in[0]->data;
  uint8_t *y = run->out[0]->data;
  int64_t n = tensor_elements(run->in[0]);
  for (int64_t i = 0; i < n; i++) y[i] = x[i] == 0;
  return OK;
}

const Op op_Not = {.name = "Not",
                   .brief = "Logical negation.",
                   .versions = {{1, unary_infer, run_plain, NULL}},
                   UNARY_PORTS(ELEMENT_BIT(ELEMENT_BOOL)),
                   .grad_reason = "not differentiable: a function of truth values",
                   .role = ROLE_INDEX,
                   .samples = {{"bool[2,3]", ""}, {"bool[]", ""}}};
