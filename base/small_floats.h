/* small_floats.h - conversions of the float formats of 8 and 4 bits. Sources: OCP 8-bit Floating Point
   Specification (E4M3FN, E5M2), OCP Microscaling Formats (E8M0, E2M1), and for the FNUZ forms, which have one
   zero and one NaN, ONNX's documentation of its float8 types. */
#ifndef BASE_SMALL_FLOATS_H
#define BASE_SMALL_FLOATS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct SmallFloat {
  int fraction_bits, bias;
  int sign_bit;          /* its number */
  double most;           /* the largest finite number */
  uint8_t infinity, nan; /* codes; a format without infinities has 0 there, one without NaN too */
  bool has_negative_zero;
} SmallFloat;

extern const SmallFloat small_e4m3fn, small_e4m3fnuz, small_e5m2, small_e5m2fnuz, small_e2m1;

double small_float_decode(const SmallFloat *format, uint8_t code);
/* Rounded to the nearest, ties to even. What is beyond the largest number becomes that one if `saturate`,
   else an infinity or, where there is none, NaN; in a format without NaN it always saturates, and NaN becomes
   the largest number too. */
uint8_t small_float_encode(const SmallFloat *format, double value, bool saturate);

/* E8M0: powers of two, 2^(code - 127), and NaN as 255; no sign and no zero. */
typedef enum PowerRounding { POWER_UP, POWER_DOWN, POWER_NEAREST } PowerRounding;

double power_decode(uint8_t code);
/* The power above, below or nearest (a tie goes up). Beyond the range the nearest limit if `saturate`, else
   NaN; negative numbers by their magnitude; NaN stays. */
uint8_t power_encode(double value, PowerRounding rounding, bool saturate);

#endif
