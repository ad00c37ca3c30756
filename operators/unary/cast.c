#include "operators/unary/cast.h"

/* saturate and round_mode are about 8-bit floats, which edgec does not have. */
typedef struct CastParams {
  int64_t to;
  int64_t saturate;
  const char *round_mode;
} CastParams;

static Status run_plain(Run *run) {
  cast_tensor(run->in[0], run->out[0]);
  return OK;
}

static Status infer(Infer *infer) {
  ElementType to = (ElementType)((const CastParams *)infer->params)->to;
  return cast_infer(infer, to);
}

static Status check(const Node *node, void *params, Error *err) {
  int64_t to = ((const CastParams *)params)->to;
  if (to > 0 && to < 32 && element_in((ElementType)to, CAST_TYPES)) return OK;
  return fail(err, UNSUPPORTED, "node '%s' (%s): cannot cast to element type %lld", node->name, node->type,
              (long long)to);
}

static const AttributeRow attributes[] = {ATTRIBUTE(CastParams, to, FIELD_INT, .required = true),
                                          ATTRIBUTE(CastParams, saturate, FIELD_INT, .otherwise = 1),
                                          ATTRIBUTE(CastParams, round_mode, FIELD_STRING, .required = false),
                                          {0}};

const Op op_Cast = {.name = "Cast",
                    .brief = "The same numbers in another element type; floats are truncated to integers.",
                    .versions = {{6, infer, run_plain, NULL}},
                    .attributes = attributes,
                    .params_bytes = sizeof(CastParams),
                    .check = check,
                    .inputs = {{"input", PORT_REQUIRED, CAST_TYPES, "[...]"}},
                    .outputs = {{"output", PORT_REQUIRED, CAST_TYPES, "[...]"}},
                    .role = ROLE_VIEW,
                    .role_of = cast_role,
                    .samples = {{"f32[2,3]{-1.9,-0.5,0,0.5,1.9,300}", "to=6"},
                                {"f32[3]{nan,inf,0}", "to=9"},
                                {"f64[2,3]", "to=10"},
                                {"i64{-1,256,9007199254740993}", "to=1"},
                                {"i64{-1,256,9007199254740993}", "to=3"},
                                {"u64{18446744073709551615}", "to=7"},
                                {"bool[4]", "to=16"},
                                {"f16[4]", "to=1"}}};
