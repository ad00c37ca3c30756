#include "runtime/math.h"

#include <stdint.h>

#define LN2 0.69314718055994530942
#define LOG2_E 1.44269504088896340736
#define SQRT2 1.41421356237309504880
#define FLOAT_TINY_LOG (-104.0)       /* e^-104 is below half the smallest subnormal: rounds to 0 */
#define FLOAT_OVERFLOW 0x1.ffffffp127 /* from here on float64 rounds to infinity in float32 */

/* A value and its bits. Unions, not memcpy: a freestanding build would call that each time. */
typedef union Single {
  float value;
  uint32_t bits;
} Single;

typedef union Double {
  double value;
  uint64_t bits;
} Double;

static float from_bits(uint32_t bits) {
  return (Single){.bits = bits}.value;
}

static uint32_t to_bits(float x) {
  return (Single){.value = x}.bits;
}

static float nan_f32(void) {
  return from_bits(0x7fc00000u);
}

static float infinity_f32(void) {
  return from_bits(0x7f800000u);
}

static float magnitude(float x) {
  return from_bits(to_bits(x) & 0x7fffffffu);
}

static float with_sign_of(float value, float sign) {
  return from_bits((to_bits(value) & 0x7fffffffu) | (to_bits(sign) & 0x80000000u));
}

/* float64 to float32 without relying on what an overflowing conversion does. `value` is not negative. */
static float narrow(double value) {
  return value >= FLOAT_OVERFLOW ? infinity_f32() : (float)value;
}

/* 2^exponent, -1022 <= exponent <= 1023. */
static double power_of_two(int32_t exponent) {
  return (Double){.bits = (uint64_t)(exponent + 1023) << 52}.value;
}

/* sum of coefficient[i] * x^i by Horner's rule */
static double polynomial(const double *coefficient, int count, double x) {
  double sum = coefficient[count - 1];
  for (int i = count - 2; i >= 0; i--) sum = sum * x + coefficient[i];
  return sum;
}

/* e^r - 1 for |r| <= ln(2)/2 + rounding: Taylor series to r^11, truncation below 1e-14 of the value. */
static double expm1_reduced(double r) {
  static const double inverse_factorial[] = {1.0,          1.0 / 2,       1.0 / 6,       1.0 / 24,
                                             1.0 / 120,    1.0 / 720,     1.0 / 5040,    1.0 / 40320,
                                             1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800};
  return r * polynomial(inverse_factorial, 11, r);
}

/* e^x for |x| <= 700: x = k ln 2 + r, e^x = 2^k e^r. */
static double exp_f64(double x) {
  int32_t k = (int32_t)(x * LOG2_E + (x < 0 ? -0.5 : 0.5));
  double r = x - (double)k * LN2;
  return (1.0 + expm1_reduced(r)) * power_of_two(k);
}

static double expm1_f64(double x) {
  if (x > -0.34 && x < 0.34) return expm1_reduced(x);
  return exp_f64(x) - 1.0;
}

/* log((1 + s) / (1 - s)) = 2 (s + s^3/3 + s^5/5 ...) for |s| <= 0.1716; truncation below 2e-14 of the value.
 */
static double log_ratio(double s) {
  static const double odd_inverse[] = {1.0,      1.0 / 3,  1.0 / 5,  1.0 / 7, 1.0 / 9,
                                       1.0 / 11, 1.0 / 13, 1.0 / 15, 1.0 / 17};
  return 2.0 * s * polynomial(odd_inverse, 9, s * s);
}

/* log x for normal float64 x > 0: x = 2^k m with m in [sqrt(1/2), sqrt(2)). */
static double log_f64(double x) {
  uint64_t bits = (Double){.value = x}.bits;
  int32_t k = (int32_t)(bits >> 52) - 1023;
  double m = (Double){.bits = (bits & 0x000fffffffffffffu) | 0x3ff0000000000000u}.value;
  if (m >= SQRT2) {
    m *= 0.5;
    k++;
  }
  return (double)k * LN2 + log_ratio((m - 1.0) / (m + 1.0));
}

/* log(1 + t) for 0 <= t <= 1 */
static double log1p_f64(double t) {
  return t < 0.41 ? log_ratio(t / (2.0 + t)) : log_f64(1.0 + t);
}

float edge_expf(float x) {
  if (x != x) return nan_f32();
  if (x > 89.0f) return infinity_f32();
  if ((double)x < FLOAT_TINY_LOG) return 0.0f;
  return narrow(exp_f64((double)x));
}

float edge_expm1f(float x) {
  if (x != x) return nan_f32();
  if (x > 89.0f) return infinity_f32();
  if (x < -20.0f) return -1.0f;
  double value = expm1_f64((double)x);
  return value < 0 ? (float)value : with_sign_of(narrow(value), x);
}

float edge_logf(float x) {
  if (x != x || x < 0.0f) return nan_f32();
  if (x == 0.0f) return -infinity_f32();
  if (x == infinity_f32()) return x;
  return (float)log_f64((double)x);
}

/* floor(sqrt(n)) for n < 2^50, bit by bit. */
static uint32_t root_of(uint64_t n) {
  uint64_t root = 0, rest = n;
  for (uint64_t bit = UINT64_C(1) << 48; bit != 0; bit >>= 2) {
    if (rest >= root + bit) {
      rest -= root + bit;
      root = (root >> 1) + bit;
    } else {
      root >>= 1;
    }
  }
  return (uint32_t)root;
}

/* x = n 2^e with e even and 2^48 <= n < 2^50, so the root has 25 bits: the 24 of a float and one to round by.
   The exact root never lies in the middle between two floats: n would be the square of an odd number, but n
   is even. So the 25th bit alone decides. */
float edge_sqrtf(float x) {
  uint32_t bits = to_bits(x);
  if (x != x || (x < 0.0f)) return nan_f32();
  if (x == 0.0f || bits == 0x7f800000u) return x;
  int32_t exponent = (int32_t)(bits >> 23) - 150; /* x = mantissa * 2^exponent */
  uint64_t mantissa = bits & 0x7fffffu;
  if (exponent == -150) {
    exponent = -149;
    for (; mantissa < 0x800000u; exponent--) mantissa <<= 1;
  } else {
    mantissa |= 0x800000u;
  }
  int32_t shift = 25 + ((exponent - 25) & 1); /* makes the remaining exponent even */
  uint32_t root = root_of(mantissa << shift);
  uint32_t rounded = (root + 1) >> 1; /* 24 bits, maybe 2^24, which carries into the exponent */
  int32_t result_exponent = (exponent - shift) / 2 + 1;
  return from_bits(((uint32_t)(result_exponent + 149) << 23) + rounded);
}

/* erf(x) / x as a polynomial of x^2 on [0, 1]: Chebyshev fit, error 9e-13. */
static double erf_small(double x) {
  static const double coefficient[] = {1.1283791670946767,    -0.37612638889635307,   0.11283791308604581,
                                       -0.026866133235095592, 0.0052237834771892481,  -0.00085426379970872296,
                                       0.0001195656256820733, -1.3909340021874599e-5, 1.0589380641075019e-6};
  return x * polynomial(coefficient, 9, x * x);
}

/* 1 - erf(x) = e^(-x^2) q((x - 2) / (x + 2)) on [1, 4]: Chebyshev fit of q, error 4e-11, which e^(-x^2)
   makes 2e-11 or less. */
static double erf_large(double x) {
  static const double coefficient[] = {
      0.25539567631050574,     -0.42718584831165002,   0.24165819411285702,
      -0.078978473147069187,   0.0037329080273491746,  0.0069939540250839268,
      -0.00084765557867121685, -0.0009395269021825956, 4.9876741933444444e-5};
  return 1.0 - exp_f64(-x * x) * polynomial(coefficient, 9, (x - 2.0) / (x + 2.0));
}

float edge_erff(float x) {
  if (x != x) return nan_f32();
  float a = magnitude(x);
  if (a >= 4.0f) return with_sign_of(1.0f, x);
  double value = a <= 1.0f ? erf_small((double)a) : erf_large((double)a);
  return with_sign_of((float)value, x);
}

float edge_tanhf(float x) {
  if (x != x) return nan_f32();
  float a = magnitude(x);
  if (a >= 10.0f) return with_sign_of(1.0f, x);
  double e = expm1_f64(2.0 * (double)a);
  return with_sign_of((float)(e / (e + 2.0)), x);
}

float edge_sigmoidf(float x) {
  if (x != x) return nan_f32();
  if ((double)x < FLOAT_TINY_LOG) return 0.0f;
  if (x > 20.0f) return 1.0f;
  return (float)(1.0 / (1.0 + exp_f64(-(double)x)));
}

float edge_softplusf(float x) {
  if (x != x) return nan_f32();
  if ((double)x < FLOAT_TINY_LOG) return 0.0f;
  if (x > 30.0f) return x;
  double e = exp_f64(x < 0.0f ? (double)x : -(double)x);
  return (float)(log1p_f64(e) + (x > 0.0f ? (double)x : 0.0));
}

typedef enum Parity { FRACTION, EVEN, ODD } Parity;

static Parity parity_of(float y) {
  float a = magnitude(y);
  if (a >= 16777216.0f) return EVEN; /* no float from 2^24 on is odd */
  int32_t whole = (int32_t)a;
  if ((float)whole != a) return FRACTION;
  return (whole & 1) != 0 ? ODD : EVEN;
}

/* a^y for a = |x|, a not 1, where a is 0 or infinite or y is infinite. */
static float power_at_limits(float a, float y) {
  return (a < 1.0f) == (y < 0.0f) ? infinity_f32() : 0.0f;
}

static float power_of_magnitude(float a, float y) {
  float infinite = infinity_f32();
  if (a == 1.0f) return 1.0f;
  if (a == 0.0f || a == infinite || magnitude(y) == infinite) return power_at_limits(a, y);
  double exponent = (double)y * log_f64((double)a);
  if (exponent > 89.0) return infinite;
  if (exponent < FLOAT_TINY_LOG) return 0.0f;
  return narrow(exp_f64(exponent));
}

float edge_powf(float x, float y) {
  if (y == 0.0f || x == 1.0f) return 1.0f;
  if (x != x || y != y) return nan_f32();
  if (y == 2.0f) return x * x;
  Parity parity = parity_of(y);
  int is_finite_negative = x < 0.0f && x != -infinity_f32();
  if (is_finite_negative && parity == FRACTION) return nan_f32();
  float power = power_of_magnitude(magnitude(x), y);
  return parity == ODD ? with_sign_of(power, x) : power;
}
