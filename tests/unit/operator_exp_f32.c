/* The float32 functions that fast kernels are made of, against libm in float64. */
#include "operators/unary/exp_f32.h"

#include <check.h>
#include <stdbool.h>

Suite *suite_operator_exp_f32(void);

typedef struct Function {
  const char *name;
  float (*fast)(float);
  double (*exact)(double);
  double ulps; /* largest error that is promised, in units of the last place */
} Function;

static float fast_exp(float x) {
  return exp_f32(x);
}
static float fast_expm1(float x) {
  return expm1_f32(x);
}
static float fast_sigmoid(float x) {
  return sigmoid_f32(x);
}
static float fast_tanh(float x) {
  return tanh_f32(x);
}
static float fast_erf(float x) {
  return erf_f32(x);
}
static double exact_sigmoid(double x) {
  return 1 / (1 + exp(-x));
}

static const Function functions[] = {{"exp", fast_exp, exp, 0.65},
                                     {"expm1", fast_expm1, expm1, 1.0},
                                     {"sigmoid", fast_sigmoid, exact_sigmoid, 2.1},
                                     {"tanh", fast_tanh, tanh, 1.4},
                                     {"erf", fast_erf, erf, 2.0}};

static double error_in_ulps(float got, double exact) {
  if (isnan(exact)) return isnan(got) ? 0 : INFINITY;
  if (isinf(got) || isinf((float)exact)) return got == (float)exact ? 0 : INFINITY;
  int exponent = exact == 0 ? -149 : ilogb(exact) - 23;
  return fabs((double)got - exact) / ldexp(1.0, exponent < -149 ? -149 : exponent);
}

/* Bit patterns from -NaN to NaN, 9973 apart: all exponents and both signs. */
START_TEST(errors_are_bounded) {
  const Function *function = &functions[_i];
  double worst = 0;
  float worst_x = 0;
  for (uint64_t pattern = 0; pattern <= UINT32_MAX; pattern += 9973) {
    uint32_t bits = (uint32_t)pattern;
    float x;
    memcpy(&x, &bits, sizeof x);
    double error = error_in_ulps(function->fast(x), function->exact((double)x));
    if (error <= worst) continue;
    worst = error;
    worst_x = x;
  }
  ck_assert_msg(worst <= function->ulps, "%s(%.9g) is off by %.2f units of the last place", function->name,
                (double)worst_x, worst);
}
END_TEST

START_TEST(special_values_are_right) {
  ck_assert(exp_f32(0.0f) == 1.0f);
  ck_assert(exp_f32(-INFINITY) == 0.0f);
  ck_assert(isinf(exp_f32(INFINITY)));
  ck_assert(isnan(exp_f32(NAN)));
  ck_assert(expm1_f32(-INFINITY) == -1.0f);
  ck_assert(sigmoid_f32(0.0f) == 0.5f);
  ck_assert(sigmoid_f32(-INFINITY) == 0.0f);
  ck_assert(tanh_f32(INFINITY) == 1.0f && tanh_f32(-INFINITY) == -1.0f);
  ck_assert(signbit(tanh_f32(-0.0f)) && tanh_f32(-0.0f) == 0.0f);
  ck_assert(erf_f32(5.0f) == 1.0f && erf_f32(-5.0f) == -1.0f);
}
END_TEST

Suite *suite_operator_exp_f32(void) {
  Suite *suite = suite_create("operator_exp_f32");
  TCase *tests = tcase_create("float32");
  tcase_add_loop_test(tests, errors_are_bounded, 0, (int)(sizeof functions / sizeof *functions));
  tcase_add_test(tests, special_values_are_right);
  suite_add_tcase(suite, tests);
  return suite;
}
