#include "operators/control/control.h"
#include "operators/sequence/sequence.h"

static Status run_at(Run *run) {
  int64_t count = sequence_count(run->in[0]), at;
  TRY(sequence_position(run, 1, count, count, 0, &at));
  Tensor item = sequence_item(run->in[0], at);
  return control_deliver(run, 0, &item);
}

const Op op_SequenceAt = {
    .name = "SequenceAt",
    .brief = "One item of a sequence; a negative position counts from the end.",
    .versions = {{11, sequence_infer_item, run_at, NULL}},
    .inputs = {{"input_sequence", PORT_REQUIRED, SEQUENCES, "[...]"},
               {"position", PORT_REQUIRED, POSITIONS, "[]"}},
    .outputs = {{"tensor", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
    .grad_reason = "no gradient goes through sequences",
    .role = ROLE_FLOAT,
    .role_reason = NO_SEQUENCES,
    .samples = {{"seq(f32[2,3];f32[1]), i64[]{1}!", ""}, {"seq(i64[2];i64[0]), i32[]{-2}", ""}}};
