#include "operators/unary/unary.h"

#include <string.h>

static Status run_plain(Run *run) {
  memcpy(run->out[0]->data, run->in[0]->data, tensor_bytes(run->in[0]));
  return OK;
}

const Op op_Identity = {.name = "Identity",
                        .brief = "The input as it is.",
                        .versions = {{1, infer_same, run_plain, NULL}},
                        UNARY_PORTS(ELEMENTS_ANY),
                        .role = ROLE_VIEW,
                        .is_alias = true,
                        .samples = {{"f32[2,3,4]", ""}, {"i64{1,2,3}", ""}, {"str{\"a\",\"b\"}", ""}}};
