#include "operators/unary/exp_f32.h"
#include "operators/unary/unary.h"

#include <math.h>

enum { GELU_NONE, GELU_TANH };
static const char *const approximations[] = {"none", "tanh", NULL};

typedef struct GeluParams {
  int approximate;
} GeluParams;

static double real(double x, const void *params) {
  const double sqrt_half = 0.70710678118654752440, sqrt_2_over_pi = 0.79788456080286535588;
  if (((const GeluParams *)params)->approximate == GELU_NONE) return 0.5 * x * (1 + erf(x * sqrt_half));
  return 0.5 * x * (1 + tanh(sqrt_2_over_pi * (x + 0.044715 * x * x * x)));
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

WIDE_LOOP static void loop(float *restrict y, const float *restrict x, int64_t n, const void *params) {
  (void)params;
  for (int64_t i = 0; i < n; i++) y[i] = 0.5f * x[i] * (1.0f + erf_f32(x[i] * 0x1.6a09e6p-1f));
}

WIDE_LOOP static void loop_tanh(float *restrict y, const float *restrict x, int64_t n, const void *params) {
  (void)params;
  for (int64_t i = 0; i < n; i++)
    y[i] = 0.5f * x[i] * (1.0f + tanh_f32(0x1.988454p-1f * (x[i] + 0.044715f * x[i] * x[i] * x[i])));
}

static Status run_fast(Run *run) {
  bool exact = ((const GeluParams *)run->params)->approximate == GELU_NONE;
  return unary_fast(run, exact ? loop : loop_tanh);
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(GeluParams, approximate, FIELD_CHOICE, .choices = approximations), {0}};

/* P(x) + x p(x), of the normal distribution and its density. */
static inline float derivative_exact(float x) {
  const float density = 0x1.988454p-2f; /* 1 / sqrt(2 pi) */
  return 0.5f * (1.0f + erf_f32(x * 0x1.6a09e6p-1f)) + x * density * exp_below_f32(-0.5f * x * x);
}

static inline float derivative_tanh(float x) {
  const float sqrt_2_over_pi = 0x1.988454p-1f;
  float t = tanh_f32(sqrt_2_over_pi * (x + 0.044715f * x * x * x));
  float slope = sqrt_2_over_pi * (1.0f + 3.0f * 0.044715f * x * x);
  return 0.5f * (1.0f + t) + 0.5f * x * (1.0f - t * t) * slope;
}

UNARY_GRAD(grad_exact, derivative_exact(x))
UNARY_GRAD(grad_tanh, derivative_tanh(x))

static Status grad_gelu(Grad *grad) {
  bool exact = ((const GeluParams *)grad->run.params)->approximate == GELU_NONE;
  return exact ? grad_exact(grad) : grad_tanh(grad);
}

const Op op_Gelu = {.name = "Gelu",
                    .brief = "x times the normal distribution function of x, or its tanh approximation.",
                    .versions = {{20, unary_infer, run_plain, run_fast, grad_gelu}},
                    .attributes = attributes,
                    .params_bytes = sizeof(GeluParams),
                    UNARY_PORTS(ELEMENTS_FLOAT),
                    .role = ROLE_TABLE,
                    .samples = {{"f32[2,3,4](-3,3)", ""}, {"f32[9]", "approximate=\"tanh\""}}};
