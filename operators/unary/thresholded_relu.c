#include "operators/unary/unary.h"

static double real(double x, const void *params) {
  return x > unary_alpha(params) ? x : 0;
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

static const AttributeRow attributes[] = {UNARY_ALPHA(1.0f), {0}};

UNARY_GRAD(grad_thresholded_relu, x > ((const UnaryParams *)params)->alpha ? 1.0f : 0.0f)

const Op op_ThresholdedRelu = {.name = "ThresholdedRelu",
                               .brief = "x where it is above alpha, else 0.",
                               .versions = {{10, unary_infer, run_plain, NULL, grad_thresholded_relu}},
                               .attributes = attributes,
                               .params_bytes = sizeof(UnaryParams),
                               UNARY_PORTS(ELEMENTS_FLOAT),
                               .role = ROLE_TABLE,
                               .samples = {{"f32[2,3,4]", "alpha=0.5"}}};
