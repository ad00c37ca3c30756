#include "operators/sequence/sequence.h"

static Status run_erase(Run *run) {
  int64_t count = sequence_count(run->in[0]), at;
  TRY(sequence_position(run, 1, count, count, count - 1, &at));
  const Tensor **items = sequence_items(run, run->in[0]);
  if (items == NULL) return run->err->status;
  for (int64_t i = at; i + 1 < count; i++) items[i] = items[i + 1];
  return sequence_deliver(run, 0, ELEMENT_SEQUENCE, items, count - 1);
}

const Op op_SequenceErase = {
    .name = "SequenceErase",
    .brief = "The sequence without its last item, or without that of a position.",
    .versions = {{11, sequence_infer, run_erase, NULL}},
    .inputs = {{"input_sequence", PORT_REQUIRED, SEQUENCES, "[...]"},
               {"position", PORT_OPTIONAL, POSITIONS, "[]"}},
    .outputs = {{"output_sequence", PORT_REQUIRED, SEQUENCES, "[...]"}},
    .grad_reason = "no gradient goes through sequences",
    .role = ROLE_FLOAT,
    .role_reason = NO_SEQUENCES,
    .samples = {{"seq(f32[2,3];f32[1])", ""}, {"seq(i64[2];i64[0]), i64[]{-2}", ""}}};
