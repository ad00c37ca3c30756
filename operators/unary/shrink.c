#include "operators/unary/unary.h"

#include <math.h>

typedef struct ShrinkParams {
  float lambd, bias;
} ShrinkParams;

static double real(double x, const void *params) {
  double limit = (double)((const ShrinkParams *)params)->lambd;
  double bias = (double)((const ShrinkParams *)params)->bias;
  return x < -limit ? x + bias : x > limit ? x - bias : 0;
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(ShrinkParams, lambd, FIELD_FLOAT, .otherwise_float = 0.5f),
    ATTRIBUTE(ShrinkParams, bias, FIELD_FLOAT, .otherwise_float = 0.0f),
    {0}};

UNARY_GRAD(grad_shrink, fabsf(x) > ((const ShrinkParams *)params)->lambd ? 1.0f : 0.0f)

const Op op_Shrink = {.name = "Shrink",
                      .brief = "x moved towards 0 by the bias where |x| is above lambd, else 0.",
                      .versions = {{9, unary_infer, run_plain, NULL, grad_shrink}},
                      .attributes = attributes,
                      .params_bytes = sizeof(ShrinkParams),
                      UNARY_PORTS(ELEMENTS_NUMERIC),
                      .role = ROLE_TABLE,
                      .samples = {{"f32[2,3,4]", ""}, {"f32[9]", "lambd=1.0 bias=0.5"}, {"i8[5]", ""}}};
