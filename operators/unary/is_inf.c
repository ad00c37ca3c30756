#include "operators/axes.h"
#include "operators/unary/unary.h"

#include <math.h>

typedef struct IsInfParams {
  bool detect_negative, detect_positive;
} IsInfParams;

static double real(double x, const void *params) {
  const IsInfParams *p = params;
  return isinf(x) && (x < 0 ? p->detect_negative : p->detect_positive);
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

static const AttributeRow attributes[] = {ATTRIBUTE(IsInfParams, detect_negative, FIELD_BOOL, .otherwise = 1),
                                          ATTRIBUTE(IsInfParams, detect_positive, FIELD_BOOL, .otherwise = 1),
                                          {0}};

const Op op_IsInf = {.name = "IsInf",
                     .brief = "Whether x is infinite, of the signs that are asked for.",
                     .versions = {{10, unary_infer_bool, run_plain, NULL}},
                     .attributes = attributes,
                     .params_bytes = sizeof(IsInfParams),
                     .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"}},
                     .outputs = {{"Y", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_BOOL), "[...]"}},
                     .grad_reason = "not differentiable: the result is a truth value",
                     .axes = axes_elementwise,
                     .role = ROLE_INDEX,
                     .samples = {{"f32{nan,1,inf,-inf}", ""},
                                 {"f64{inf,-inf}", "detect_negative=0"},
                                 {"f32{inf,-inf}", "detect_positive=0"}}};
