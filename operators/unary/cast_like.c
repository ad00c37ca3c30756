#include "operators/gradient.h"
#include "operators/unary/cast.h"

typedef struct CastLikeParams {
  CastRules rules;
} CastLikeParams;

static Status run_plain(Run *run) {
  cast_tensor(run->in[0], run->out[0], &((const CastLikeParams *)run->params)->rules);
  return OK;
}

static Status infer(Infer *infer) {
  return cast_infer(infer, infer->in[1].type);
}

static const AttributeRow attributes[] = {CAST_RULES(CastLikeParams), {0}};

const Op op_CastLike = {.name = "CastLike",
                        .brief = "The numbers of the input in the element type of another tensor.",
                        .versions = {{15, infer, run_plain, NULL, grad_view}},
                        .attributes = attributes,
                        .params_bytes = sizeof(CastLikeParams),
                        .inputs = {{"input", PORT_REQUIRED, CAST_TYPES, "[...]"},
                                   {"target_type", PORT_REQUIRED, CAST_TYPES, "[...]"}},
                        .outputs = {{"output", PORT_REQUIRED, CAST_TYPES, "[...]"}},
                        .role = ROLE_VIEW,
                        .role_of = cast_role,
                        .samples = {{"f32[2,3], i8[1]", ""},
                                    {"i64[2,3], f16[]", ""},
                                    {"f8e4m3fn[4], f32[]!", ""},
                                    {"f32[2,3], f32[]!", ""},
                                    {"f32[2,3], f8e8m0[]", "round_mode=\"nearest\""}}};
