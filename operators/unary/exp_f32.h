/*
 * exp_f32.h - float32 exponentials without calls or branches, so that loops over them become vectors.
 *
 * exp(x) = 2^n * exp(r) with n the integer nearest to x / ln 2 and |r| <= ln 2 / 2; on that interval exp(r)
 * is 1 + r + r^2 P(r), P a minimax polynomial of degree 4 (relative error 3e-9). Where the exponential is the
 * result, the last steps are done in float64, which leaves little more than its rounding; where it is a part
 * of a sum with 1, float32 is enough.
 */
#ifndef OPERATORS_UNARY_EXP_F32_H
#define OPERATORS_UNARY_EXP_F32_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* 2^n for -126 <= n <= 127. */
static inline float power_of_two_f32(int32_t n) {
  uint32_t bits = (uint32_t)(n + 127) << 23;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* exp(r) - 1 - r for |r| <= ln 2 / 2. */
static inline float exp_tail_f32(float r) {
  float p = 0x1.6a243ap-10f;
  p = p * r + 0x1.1239e4p-7f;
  p = p * r + 0x1.5558f2p-5f;
  p = p * r + 0x1.555492p-3f;
  p = p * r + 0x1.fffffcp-2f;
  return r * r * p;
}

/* exp(x) for |x| <= 104; beyond, what it is there. NaN stays NaN. */
static inline double exp_wide_f32(float x) {
  const float to_integer = 0x1.8p23f; /* adding it rounds to an integer, which then stands in the low bits */
  float low = x < -104.0f ? -104.0f : x;
  float clamped = low > 104.0f ? 104.0f : low;
  float shifted = clamped * 0x1.715476p0f + to_integer;
  float whole = shifted - to_integer;
  double r = (double)clamped - (double)whole * 0x1.62e42fefa39efp-1;
  double result = 1.0 + (r + (double)exp_tail_f32((float)r));
  int32_t bits, base, n, half;
  memcpy(&bits, &shifted, sizeof bits);
  memcpy(&base, &to_integer, sizeof base);
  n = (int32_t)((uint32_t)bits - (uint32_t)base);
  n = n < -160 ? -160 : n; /* of NaN, whose bits mean nothing here */
  n = n > 160 ? 160 : n;
  half = n >> 1; /* in two steps: 2^n itself may be beyond float32 */
  return result * (double)power_of_two_f32(half) * (double)power_of_two_f32(n - half);
}

/* exp(x) for x <= 0, in float32 throughout: within one unit of the last place. NaN stays NaN. */
static inline float exp_below_f32(float x) {
  const float to_integer = 0x1.8p23f;
  float low = -104.0f > x ? -104.0f : x;
  float shifted = low * 0x1.715476p0f + to_integer;
  float whole = shifted - to_integer;
  float r = (low - whole * 0x1.62e4p-1f) - whole * 0x1.7f7d1cp-20f; /* ln 2 in two parts; the first is exact */
  int32_t bits, base, n, half;
  memcpy(&bits, &shifted, sizeof bits);
  memcpy(&base, &to_integer, sizeof base);
  n = (int32_t)((uint32_t)bits - (uint32_t)base); /* of NaN anything, which does not matter */
  half = n >> 1;
  return (1.0f + (r + exp_tail_f32(r))) * power_of_two_f32(half) * power_of_two_f32(n - half);
}

static inline float exp_f32(float x) {
  return (float)exp_wide_f32(x);
}

/* exp(x) - 1, without the loss of digits that the subtraction has near 0. */
static inline float expm1_f32(float x) {
  float away = (float)(exp_wide_f32(x) - 1.0);
  return fabsf(x) < 0.34f ? x + exp_tail_f32(x) : away;
}

static inline float sigmoid_f32(float x) {
  float e = exp_below_f32(-fabsf(x));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

/* Near 0: x + x^3 P(x^2), relative error 6e-9; elsewhere by way of the exponential. */
static inline float tanh_f32(float x) {
  float size = fabsf(x), z = x * x;
  float p = -0x1.79015ap-8f;
  p = p * z + 0x1.53145p-6f;
  p = p * z - 0x1.b86ca4p-5f;
  p = p * z + 0x1.11091ap-3f;
  p = p * z - 0x1.55554p-2f;
  float near = x + x * z * p;
  float e = exp_below_f32(-2.0f * size), away = 1.0f - 2.0f * e / (1.0f + e);
  return copysignf(size < 0.625f ? near : away, x);
}

/* Below 1: x P(x^2), error 4e-9; above: 1 - exp(Q(|x|)), Q a polynomial for log(erfc). */
static inline float erf_f32(float x) {
  float size = fabsf(x), z = x * x;
  float p = 0x1.4ae4eap-14f;
  p = p * z - 0x1.a485f6p-11f;
  p = p * z + 0x1.5419f6p-8f;
  p = p * z - 0x1.b7fbb4p-6f;
  p = p * z + 0x1.ce2d2p-4f;
  p = p * z - 0x1.81273ep-2f;
  float a = size > 4.0f ? 4.0f : size; /* erf is 1 in float32 from there on */
  float q = -0x1.6bd79ap-16f;
  q = q * a + 0x1.cec5cap-12f;
  q = q * a - 0x1.138caap-8f;
  q = q * a + 0x1.9d02f8p-6f;
  q = q * a - 0x1.bc151p-4f;
  q = q * a - 0x1.443568p-1f;
  q = q * a - 0x1.212c0cp0f;
  q = q * a + 0x1.8a563cp-13f;
  float away = 1.0f - exp_below_f32(q);
  float near =
      x * 0x1.20dd76p0f + x * (p * z - 0x1.f7ac92p-25f); /* 2 / sqrt(pi) in two parts, and the rest */
  return size < 1.0f ? near : copysignf(away, x);
}

#endif
