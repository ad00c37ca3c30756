/* halves.h - conversions of the 16-bit float formats, round to nearest even. */
#ifndef BASE_HALVES_H
#define BASE_HALVES_H

#include <stdint.h>

/* IEEE 754 binary16. Values beyond its range become infinite; NaN stays NaN. */
float half_to_float(uint16_t half);
uint16_t float_to_half(float value);

/* bfloat16: the upper half of a float32. */
float bfloat16_to_float(uint16_t value);
uint16_t float_to_bfloat16(float value);

#endif
