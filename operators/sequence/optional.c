#include "operators/reals.h"
#include "operators/sequence/sequence.h"

typedef struct OptionalParams {
  int64_t type; /* of what is absent; nothing asks for it */
} OptionalParams;

static Status infer_optional(Infer *infer) {
  infer->out[0].type = ELEMENT_OPTIONAL;
  return OK;
}

static Status run_optional(Run *run) {
  const Tensor *item = run_input(run, 0);
  return sequence_deliver(run, 0, ELEMENT_OPTIONAL, &item, item != NULL ? 1 : 0);
}

static const AttributeRow attributes[] = {ATTRIBUTE(OptionalParams, type, FIELD_IGNORED, .required = false),
                                          {0}};

const Op op_Optional = {.name = "Optional",
                        .brief = "An optional that holds the input, or nothing.",
                        .versions = {{15, infer_optional, run_optional, NULL}},
                        .attributes = attributes,
                        .params_bytes = sizeof(OptionalParams),
                        .inputs = {{"input", PORT_OPTIONAL, ELEMENTS_ANY | SEQUENCES, "[...]"}},
                        .outputs = {{"output", PORT_REQUIRED, OPTIONALS, "[...]"}},
                        .grad_reason = "no gradient goes through optionals",
                        .role = ROLE_FLOAT,
                        .role_reason = NO_SEQUENCES,
                        .samples = {{"f32[2,3]", ""}, {"", ""}, {"seq(f32[2];f32[1])", ""}}};
