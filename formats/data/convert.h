/* convert.h - elements as the files have them become float32 or int64. */
#ifndef FORMATS_DATA_CONVERT_H
#define FORMATS_DATA_CONVERT_H

#include "formats/data/data.h"

/* Turns `count` elements of `size` bytes from big-endian to little-endian order, in place. */
void convert_swap(void *raw, size_t count, size_t size);

/* Convert `count` little-endian elements; return the index of the first that has no place in the target
   (f32: not finite; i64: not whole or out of range), or `count` where all have. */
size_t convert_to_f32(DataType type, const void *raw, size_t count, float *values);
size_t convert_to_i64(DataType type, const void *raw, size_t count, int64_t *values);

#endif
