#include "operators/unary/cast.h"

/* About 8-bit floats, which edgec does not have. */
typedef struct CastLikeParams {
  int64_t saturate;
  const char *round_mode;
} CastLikeParams;

static Status run_plain(Run *run) {
  cast_tensor(run->in[0], run->out[0]);
  return OK;
}

static Status infer(Infer *infer) {
  return cast_infer(infer, infer->in[1].type);
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(CastLikeParams, saturate, FIELD_INT, .otherwise = 1),
    ATTRIBUTE(CastLikeParams, round_mode, FIELD_STRING, .required = false),
    {0}};

const Op op_CastLike = {.name = "CastLike",
                        .brief = "The numbers of the input in the element type of another tensor.",
                        .versions = {{15, infer, run_plain, NULL}},
                        .attributes = attributes,
                        .params_bytes = sizeof(CastLikeParams),
                        .inputs = {{"input", PORT_REQUIRED, CAST_TYPES, "[...]"},
                                   {"target_type", PORT_REQUIRED, CAST_TYPES, "[...]"}},
                        .outputs = {{"output", PORT_REQUIRED, CAST_TYPES, "[...]"}},
                        .role = ROLE_VIEW,
                        .role_of = cast_role,
                        .samples = {{"f32[2,3], i8[1]", ""}, {"i64[2,3], f16[]", ""}}};
