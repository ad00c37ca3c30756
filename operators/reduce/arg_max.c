#include "operators/reduce/arg.h"

static Status run_plain(Run *run) {
  return arg_run(run, false);
}

const Op op_ArgMax = {.name = "ArgMax",
                      .brief = "Index of the largest element along an axis.",
                      .versions = {{1, arg_infer, run_plain, NULL}},
                      .attributes = arg_attributes,
                      .params_bytes = sizeof(ArgParams),
                      .inputs = {{"data", PORT_REQUIRED, ELEMENTS_NUMERIC, "[...]"}},
                      .outputs = {{"reduced", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT64), "[...]"}},
                      .grad_reason = "not differentiable: the result is an index",
                      .role = ROLE_INDEX,
                      .samples = {{"f32[2,3,4]", "axis=1"},
                                  {"f32[2,3]{1,3,3,2,2,1}", "axis=-1 keepdims=0"},
                                  {"f32[2,3]{1,3,3,2,2,1}", "axis=1 select_last_index=1"},
                                  {"i64[5]", ""},
                                  {"f32{1,nan,inf,nan}", ""}}};
