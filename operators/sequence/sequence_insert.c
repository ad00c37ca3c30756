#include "operators/sequence/sequence.h"

static Status run_insert(Run *run) {
  int64_t count = sequence_count(run->in[0]), at;
  TRY(sequence_position(run, 2, count, count + 1, count, &at));
  const Tensor **items = sequence_items(run, run->in[0]);
  if (items == NULL) return run->err->status;
  for (int64_t i = count; i > at; i--) items[i] = items[i - 1];
  items[at] = run->in[1];
  return sequence_deliver(run, 0, ELEMENT_SEQUENCE, items, count + 1);
}

const Op op_SequenceInsert = {.name = "SequenceInsert",
                              .brief =
                                  "The sequence with one more item, at its end or in front of a position.",
                              .versions = {{11, sequence_infer, run_insert, NULL}},
                              .inputs = {{"input_sequence", PORT_REQUIRED, SEQUENCES, "[...]"},
                                         {"tensor", PORT_REQUIRED, ELEMENTS_ANY, "[...]"},
                                         {"position", PORT_OPTIONAL, POSITIONS, "[]"}},
                              .outputs = {{"output_sequence", PORT_REQUIRED, SEQUENCES, "[...]"}},
                              .grad_reason = "no gradient goes through sequences",
                              .role = ROLE_FLOAT,
                              .role_reason = NO_SEQUENCES,
                              .samples = {{"seq(f32[2,3];f32[1]), f32[2]", ""},
                                          {"seq(i64[2];i64[0]), i64[1], i64[]{-1}", ""},
                                          {"seq(), f32[2], i32[]{0}", ""}}};
