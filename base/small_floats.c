#include "base/small_floats.h"

#include <math.h>

const SmallFloat small_e4m3fn = {3, 7, 7, 448, 0, 0x7f, true};
const SmallFloat small_e4m3fnuz = {3, 8, 7, 240, 0, 0x80, false};
const SmallFloat small_e5m2 = {2, 15, 7, 57344, 0x7c, 0x7e, true};
const SmallFloat small_e5m2fnuz = {2, 16, 7, 57344, 0, 0x80, false};
const SmallFloat small_e2m1 = {1, 1, 3, 6, 0, 0, true};

static bool is_nan_code(const SmallFloat *format, uint8_t code, int magnitude) {
  if (format->nan == 0) return false;
  if (!format->has_negative_zero) return code == format->nan;
  return format->infinity != 0 ? magnitude > format->infinity : magnitude == format->nan;
}

double small_float_decode(const SmallFloat *format, uint8_t code) {
  int sign = 1 << format->sign_bit, magnitude = code & (sign - 1);
  if (is_nan_code(format, code, magnitude)) return (double)NAN;
  int exponent = magnitude >> format->fraction_bits;
  int fraction = magnitude & ((1 << format->fraction_bits) - 1);
  double value = exponent == 0 ? ldexp(fraction, 1 - format->bias - format->fraction_bits)
                               : ldexp(fraction + (1 << format->fraction_bits),
                                       exponent - format->bias - format->fraction_bits);
  if (format->infinity != 0 && magnitude == format->infinity) value = (double)INFINITY;
  return (code & sign) != 0 ? -value : value;
}

/* The code of a magnitude that the format has exactly. */
static uint8_t code_of(const SmallFloat *format, double magnitude) {
  int exponent;
  if (frexp(magnitude, &exponent) == 0.0) return 0;
  exponent--; /* magnitude = 1.f * 2^exponent */
  int least = 1 - format->bias;
  if (exponent < least) return (uint8_t)ldexp(magnitude, format->fraction_bits - least);
  int fraction = (int)ldexp(magnitude, format->fraction_bits - exponent) - (1 << format->fraction_bits);
  return (uint8_t)((exponent + format->bias) << format->fraction_bits | fraction);
}

static double round_magnitude(const SmallFloat *format, double magnitude) {
  int exponent;
  (void)frexp(magnitude, &exponent);
  int least = 1 - format->bias;
  int step = (exponent - 1 < least ? least : exponent - 1) - format->fraction_bits;
  return ldexp(nearbyint(ldexp(magnitude, -step)), step);
}

uint8_t small_float_encode(const SmallFloat *format, double value, bool saturate) {
  uint8_t minus = (uint8_t)(1 << format->sign_bit), sign = signbit(value) ? minus : 0;
  if (isnan(value) && format->nan == 0) return minus;
  if (isnan(value)) return format->has_negative_zero ? format->nan | sign : format->nan;
  double magnitude = isfinite(value) ? round_magnitude(format, fabs(value)) : (double)INFINITY;
  if (magnitude > format->most && !saturate && format->nan != 0)
    return format->infinity != 0       ? format->infinity | sign
           : format->has_negative_zero ? format->nan | sign
                                       : format->nan;
  uint8_t code = code_of(format, fmin(magnitude, format->most));
  return code == 0 && !format->has_negative_zero ? 0 : code | sign;
}

#define POWER_BIAS 127
#define POWER_MOST 254
#define POWER_NAN 255

double power_decode(uint8_t code) {
  return code == POWER_NAN ? (double)NAN : ldexp(1.0, code - POWER_BIAS);
}

uint8_t power_encode(double value, PowerRounding rounding, bool saturate) {
  int exponent;
  if (isnan(value)) return POWER_NAN;
  if (isinf(value)) return saturate ? POWER_MOST : POWER_NAN;
  double fraction = 2 * frexp(fabs(value), &exponent); /* 1 <= fraction < 2, or 0 */
  if (fraction == 0.0) return saturate ? 0 : POWER_NAN;
  bool is_up = rounding == POWER_UP ? fraction > 1 : rounding == POWER_NEAREST && fraction >= 1.5;
  int code = exponent - 1 + POWER_BIAS + is_up;
  if (code >= 0 && code <= POWER_MOST) return (uint8_t)code;
  return !saturate ? POWER_NAN : code < 0 ? 0 : POWER_MOST;
}
