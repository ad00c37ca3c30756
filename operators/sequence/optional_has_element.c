#include "operators/reals.h"
#include "operators/sequence/sequence.h"

static Status infer_has(Infer *infer) {
  infer_set(infer, 0, ELEMENT_BOOL, &SHAPE_SCALAR);
  return OK;
}

static Status run_has(Run *run) {
  const Tensor *in = run_input(run, 0);
  bool has = in != NULL && (in->type != ELEMENT_OPTIONAL || sequence_count(in) > 0);
  tensor_set_integer(run->out[0], 0, has);
  return OK;
}

const Op op_OptionalHasElement = {
    .name = "OptionalHasElement",
    .brief = "Whether an optional holds something; a tensor or sequence counts as held.",
    .versions = {{15, infer_has, run_has, NULL}},
    .inputs = {{"input", PORT_OPTIONAL, ELEMENTS_VALUE, "[...]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_BOOL), "[]"}},
    .grad_reason = "not differentiable: the result is a truth value",
    .role = ROLE_INDEX,
    .samples = {{"opt(f32[2])", ""}, {"opt()", ""}, {"f32[2]", ""}, {"", ""}}};
