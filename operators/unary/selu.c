#include "operators/unary/exp_f32.h"
#include "operators/unary/unary.h"

#include <math.h>

typedef struct SeluParams {
  float alpha, gamma;
} SeluParams;

static double real(double x, const void *params) {
  const SeluParams *p = params;
  return (double)p->gamma * (x > 0 ? x : (double)p->alpha * expm1(x));
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

WIDE_LOOP static void loop(float *restrict y, const float *restrict x, int64_t n, const void *params) {
  const SeluParams *p = params;
  float alpha = p->alpha, gamma = p->gamma;
  for (int64_t i = 0; i < n; i++) y[i] = gamma * (x[i] > 0.0f ? x[i] : alpha * expm1_f32(x[i]));
}

static Status run_fast(Run *run) {
  return unary_fast(run, loop);
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(SeluParams, alpha, FIELD_FLOAT, .otherwise_float = 1.67326319217681884765625f),
    ATTRIBUTE(SeluParams, gamma, FIELD_FLOAT, .otherwise_float = 1.05070102214813232421875f),
    {0}};

UNARY_GRAD(grad_selu, x > 0.0f
                          ? ((const SeluParams *)params)->gamma
                          : y + ((const SeluParams *)params)->gamma * ((const SeluParams *)params)->alpha)

const Op op_Selu = {.name = "Selu",
                    .brief = "gamma * x, or gamma * alpha * (exp(x) - 1) where x is negative.",
                    .versions = {{1, unary_infer, run_plain, run_fast, grad_selu}},
                    .attributes = attributes,
                    .params_bytes = sizeof(SeluParams),
                    UNARY_PORTS(ELEMENTS_FLOAT),
                    .role = ROLE_TABLE,
                    .samples = {{"f32[2,3,4]", ""}, {"f32[5]", "alpha=2.0 gamma=3.0"}}};
