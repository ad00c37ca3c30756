/* The runtime's elementary functions against libm in float64. */
#include "runtime/math.h"

#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_runtime_math(void);

typedef float (*Function)(float);
typedef double (*Reference)(double);

static float from_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static uint32_t to_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

/* Distance in units of the last place that a float32 near `exact` has. */
static double ulp_error(float got, double exact) {
  if (isnan(exact)) return to_bits(got) == 0x7fc00000u ? 0.0 : INFINITY;
  if (isinf((float)exact) || isinf(got)) return got == (float)exact ? 0.0 : INFINITY;
  int exponent = exact == 0.0 ? -149 : ilogb(exact) - 23;
  if (exponent < -149) exponent = -149;
  return fabs((double)got - exact) / ldexp(1.0, exponent);
}

static double sigmoid_f64(double x) {
  return 1.0 / (1.0 + exp(-x));
}
static double softplus_f64(double x) {
  return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

/* Largest error over bit patterns `step` apart: every exponent and sign, infinities and NaNs too. */
static double sweep(Function function, Reference reference, uint32_t step) {
  double worst = 0;
  for (uint64_t bits = 0; bits <= UINT32_MAX; bits += step) {
    float x = from_bits((uint32_t)bits);
    double error = ulp_error(function(x), reference((double)x));
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

/* The same over `count` evenly spaced values of [low, high], where the function is not trivial. */
static double sweep_range(Function function, Reference reference, float low, float high, int count) {
  double worst = 0;
  for (int i = 0; i <= count; i++) {
    float x = (float)((double)low + ((double)high - (double)low) * i / count);
    double error = ulp_error(function(x), reference((double)x));
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

typedef struct Row {
  const char *name;
  Function function;
  Reference reference;
  float low, high;
} Row;

static const Row rows[] = {
    {"exp", edge_expf, exp, -105.0f, 90.0f},
    {"expm1", edge_expm1f, expm1, -20.0f, 90.0f},
    {"log", edge_logf, log, 0.1f, 10.0f},
    {"sqrt", edge_sqrtf, sqrt, 0.0f, 10.0f},
    {"erf", edge_erff, erf, -4.5f, 4.5f},
    {"tanh", edge_tanhf, tanh, -11.0f, 11.0f},
    {"sigmoid", edge_sigmoidf, sigmoid_f64, -105.0f, 21.0f},
    {"softplus", edge_softplusf, softplus_f64, -105.0f, 31.0f},
};
#define ROWS (int)(sizeof rows / sizeof rows[0])

/* runtime/math.h states 0.5001; libm's float64 values add nothing that shows. EDGE_MATH_STEP=1 in the
   environment takes every float there is (minutes). */
START_TEST(functions_are_correctly_rounded_but_for_near_ties) {
  const Row *row = &rows[_i];
  const char *step = getenv("EDGE_MATH_STEP");
  double all = sweep(row->function, row->reference, step != NULL ? (uint32_t)atoi(step) : 8191u);
  double near = sweep_range(row->function, row->reference, row->low, row->high, 300000);
  ck_assert_msg(all <= 0.5001, "%s: %.7f ULP over all exponents", row->name, all);
  ck_assert_msg(near <= 0.5001, "%s: %.7f ULP in [%g, %g]", row->name, near, (double)row->low,
                (double)row->high);
}
END_TEST

START_TEST(sqrt_is_correctly_rounded) {
  for (uint32_t i = 0; i < 1000000u; i++) {
    float x = from_bits(i * 2137u); /* positive ones and some infinite or NaN */
    if (isnan(x)) continue;
    ck_assert_msg(to_bits(edge_sqrtf(x)) == to_bits(sqrtf(x)), "sqrt(%a)", (double)x);
  }
  ck_assert_uint_eq(to_bits(edge_sqrtf(-0.0f)), 0x80000000u);
  ck_assert_uint_eq(to_bits(edge_sqrtf(-1.0f)), 0x7fc00000u);
  ck_assert_uint_eq(to_bits(edge_sqrtf(from_bits(1))), to_bits(sqrtf(from_bits(1))));
}
END_TEST

START_TEST(functions_at_their_limits) {
  ck_assert_uint_eq(to_bits(edge_expf(INFINITY)), to_bits(INFINITY));
  ck_assert_uint_eq(to_bits(edge_expf(-INFINITY)), 0);
  ck_assert_uint_eq(to_bits(edge_expf(0.0f)), to_bits(1.0f));
  ck_assert_uint_eq(to_bits(edge_expm1f(-0.0f)), 0x80000000u);
  ck_assert_uint_eq(to_bits(edge_logf(0.0f)), to_bits(-INFINITY));
  ck_assert_uint_eq(to_bits(edge_logf(-1.0f)), 0x7fc00000u);
  ck_assert_uint_eq(to_bits(edge_logf(1.0f)), 0);
  ck_assert_uint_eq(to_bits(edge_erff(-0.0f)), 0x80000000u);
  ck_assert_uint_eq(to_bits(edge_erff(-INFINITY)), to_bits(-1.0f));
  ck_assert_uint_eq(to_bits(edge_tanhf(-0.0f)), 0x80000000u);
  ck_assert_uint_eq(to_bits(edge_sigmoidf(-INFINITY)), 0);
  ck_assert_uint_eq(to_bits(edge_sigmoidf(INFINITY)), to_bits(1.0f));
  ck_assert_uint_eq(to_bits(edge_softplusf(INFINITY)), to_bits(INFINITY));
  for (int i = 0; i < ROWS; i++)
    ck_assert_uint_eq(to_bits(rows[i].function(from_bits(0xffc12345u))), 0x7fc00000u);
}
END_TEST

START_TEST(pow_of_positive_bases) {
  double worst = 0;
  for (uint32_t i = 0; i < 3000u; i++) {
    float x = from_bits(i * 713000u % 0x7f800000u);
    for (int j = -200; j <= 200; j++) {
      float y = (float)j * 0.173f;
      double error = ulp_error(edge_powf(x, y), pow((double)x, (double)y));
      if (!(error <= worst)) worst = error;
    }
  }
  ck_assert_msg(worst <= 0.5001, "%.7f ULP", worst);
}
END_TEST

/* Every pair of special values as C17 F.10.4.4 has it: signs of zeros, infinities, NaN. */
START_TEST(pow_of_special_values) {
  static const float values[] = {0.0f, -0.0f,  1.0f,    -1.0f, 0.5f,  -0.5f,       2.0f,         -2.0f,
                                 3.0f, -3.0f,  1.5f,    -1.5f, 1e38f, -1e38f,      INFINITY,     -INFINITY,
                                 NAN,  1e-40f, -1e-40f, 5.0f,  -5.0f, 16777215.0f, -16777215.0f, 16777216.0f};
  int count = (int)(sizeof values / sizeof values[0]);
  for (int i = 0; i < count; i++)
    for (int j = 0; j < count; j++) {
      float got = edge_powf(values[i], values[j]);
      double exact = pow((double)values[i], (double)values[j]);
      ck_assert_msg(ulp_error(got, exact) <= 0.5001, "%g ^ %g = %g, not %g", (double)values[i],
                    (double)values[j], (double)got, exact);
      if (!isnan(exact))
        ck_assert_msg(!signbit(got) == !signbit(exact), "sign of %g ^ %g", (double)values[i],
                      (double)values[j]);
    }
}
END_TEST

/* What other compilers and machines must reproduce bit by bit: FNV-1a over results of all functions. */
START_TEST(results_are_the_same_everywhere) {
  uint32_t hash = 2166136261u;
  for (int row = 0; row < ROWS; row++)
    for (uint32_t i = 0; i < 65536u; i++) {
      hash ^= to_bits(rows[row].function(from_bits(i * 65521u)));
      hash *= 16777619u;
    }
  for (uint32_t i = 0; i < 65536u; i++) {
    hash ^= to_bits(edge_powf(from_bits(i * 65521u), (float)(i % 23u) - 11.25f));
    hash *= 16777619u;
  }
  ck_assert_uint_eq(hash, 2266810234u);
}
END_TEST

Suite *suite_runtime_math(void) {
  Suite *suite = suite_create("runtime_math");
  TCase *tests = tcase_create("math");
  tcase_set_timeout(tests, 600);
  tcase_add_loop_test(tests, functions_are_correctly_rounded_but_for_near_ties, 0, ROWS);
  tcase_add_test(tests, sqrt_is_correctly_rounded);
  tcase_add_test(tests, functions_at_their_limits);
  tcase_add_test(tests, pow_of_positive_bases);
  tcase_add_test(tests, pow_of_special_values);
  tcase_add_test(tests, results_are_the_same_everywhere);
  suite_add_tcase(suite, tests);
  return suite;
}
