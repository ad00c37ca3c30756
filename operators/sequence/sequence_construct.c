#include "operators/sequence/sequence.h"

static Status run_construct(Run *run) {
  return sequence_deliver(run, 0, ELEMENT_SEQUENCE, run->in, run->input_count);
}

const Op op_SequenceConstruct = {
    .name = "SequenceConstruct",
    .brief = "A sequence of the inputs.",
    .versions = {{11, sequence_infer, run_construct, NULL}},
    .inputs = {{"inputs", PORT_VARIADIC, ELEMENTS_ANY, "[...]"}},
    .outputs = {{"output_sequence", PORT_REQUIRED, SEQUENCES, "[...]"}},
    .grad_reason = "no gradient goes through sequences",
    .role = ROLE_FLOAT,
    .role_reason = NO_SEQUENCES,
    .samples = {{"f32[2,3]", ""}, {"f32[2,3], f32[], f32[0]", ""}, {"i4[3], i4[2,2]", ""}}};
