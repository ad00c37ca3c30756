#include "operators/sequence/sequence.h"

typedef struct SequenceEmptyParams {
  int64_t dtype; /* of items to come; they bring their own */
} SequenceEmptyParams;

static Status run_empty(Run *run) {
  return sequence_deliver(run, 0, ELEMENT_SEQUENCE, NULL, 0);
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(SequenceEmptyParams, dtype, FIELD_INT, .otherwise = ELEMENT_FLOAT32), {0}};

const Op op_SequenceEmpty = {.name = "SequenceEmpty",
                             .brief = "A sequence without items.",
                             .versions = {{11, sequence_infer, run_empty, NULL}},
                             .attributes = attributes,
                             .params_bytes = sizeof(SequenceEmptyParams),
                             .outputs = {{"output", PORT_REQUIRED, SEQUENCES, "[...]"}},
                             .grad_reason = "no gradient goes through sequences",
                             .role = ROLE_FLOAT,
                             .role_reason = NO_SEQUENCES,
                             .samples = {{"", ""}, {"", "dtype=7"}}};
