#include "operators/sequence/sequence.h"

static Status infer_length(Infer *infer) {
  infer_set(infer, 0, ELEMENT_INT64, &SHAPE_SCALAR);
  return OK;
}

static Status run_length(Run *run) {
  tensor_set_integer(run->out[0], 0, sequence_count(run->in[0]));
  return OK;
}

const Op op_SequenceLength = {.name = "SequenceLength",
                              .brief = "The number of items of a sequence.",
                              .versions = {{11, infer_length, run_length, NULL}},
                              .inputs = {{"input_sequence", PORT_REQUIRED, SEQUENCES, "[...]"}},
                              .outputs = {{"length", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT64), "[]"}},
                              .grad_reason = "not differentiable: the result is an integer",
                              .role = ROLE_INDEX,
                              .samples = {{"seq(f32[2,3];f32[1])", ""}, {"seq()", ""}}};
