#include "operators/control/control.h"
#include "operators/sequence/sequence.h"

static Status infer_get(Infer *infer) {
  return infer->in[0].type == ELEMENT_OPTIONAL || infer->in[0].type == ELEMENT_NONE
             ? sequence_infer_item(infer)
             : infer_same(infer);
}

static Status run_get(Run *run) {
  if (run->in[0]->type != ELEMENT_OPTIONAL) return control_deliver(run, 0, run->in[0]);
  if (sequence_count(run->in[0]) == 0) return run_fail(run, "the optional holds nothing");
  Tensor item = sequence_item(run->in[0], 0);
  return control_deliver(run, 0, &item);
}

const Op op_OptionalGetElement = {
    .name = "OptionalGetElement",
    .brief = "What an optional holds; a tensor or sequence as it is.",
    .versions = {{15, infer_get, run_get, NULL}},
    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_VALUE, "[...]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_ANY | SEQUENCES, "[...]"}},
    .grad_reason = "no gradient goes through optionals",
    .role = ROLE_FLOAT,
    .role_reason = NO_SEQUENCES,
    .samples = {{"opt(f32[2,3])", ""}, {"f32[2]", ""}, {"opt(seq(f32[2];f32[1]))", ""}}};
