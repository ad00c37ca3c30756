#include "operators/unary/cast.h"
#include "operators/axes.h"
#include "operators/gradient.h"

typedef struct CastParams {
  int64_t to;
  CastRules rules;
} CastParams;

static Status run_plain(Run *run) {
  cast_tensor(run->in[0], run->out[0], &((const CastParams *)run->params)->rules);
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

static const AttributeRow attributes[] = {
    ATTRIBUTE(CastParams, to, FIELD_TYPE, .required = true), CAST_RULES(CastParams), {0}};

const Op op_Cast = {.name = "Cast",
                    .brief = "The same numbers in another element type; floats are truncated to integers.",
                    .versions = {{1, infer, run_plain, NULL, grad_view}},
                    .attributes = attributes,
                    .params_bytes = sizeof(CastParams),
                    .check = check,
                    .inputs = {{"input", PORT_REQUIRED, CAST_TYPES, "[...]"}},
                    .outputs = {{"output", PORT_REQUIRED, CAST_TYPES, "[...]"}},
                    .axes = axes_elementwise,
                    .role = ROLE_VIEW,
                    .role_of = cast_role,
                    .samples = {{"f32[2,3]{-1.9,-0.5,0,0.5,1.9,300}", "to=6"},
                                {"f32[3]{nan,inf,0}", "to=\"BOOL\" opset=5"},
                                {"f64[2,3]", "to=22"},
                                {"i64{-1,256,9007199254740993}", "to=1"},
                                {"i64{-1,256,9007199254740993}", "to=3"},
                                {"u64{18446744073709551615}", "to=7"},
                                {"f32{-9,-0.5,0,1.5,300,nan,inf}", "to=18 saturate=0"},
                                {"f32{0,0}", "to=1"}}};
