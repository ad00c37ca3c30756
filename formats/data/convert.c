#include "formats/data/convert.h"

#include <math.h>
#include <string.h>

void convert_swap(void *raw, size_t count, size_t size) {
  uint8_t *bytes = raw;
  for (size_t i = 0; i < count; i++, bytes += size) {
    for (size_t j = 0; j < size / 2; j++) {
      uint8_t byte = bytes[j];
      bytes[j] = bytes[size - 1 - j];
      bytes[size - 1 - j] = byte;
    }
  }
}

/* For each element: `element` is its value in the file's type. */
#define FOR_ELEMENTS(c_type, statement)                                                                      \
  do {                                                                                                       \
    for (size_t i = 0; i < count; i++) {                                                                     \
      c_type element;                                                                                        \
      memcpy(&element, bytes + i * sizeof element, sizeof element);                                          \
      statement;                                                                                             \
    }                                                                                                        \
  } while (0)

static size_t first_not_finite(const float *values, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!isfinite(values[i])) return i;
  return count;
}

size_t convert_to_f32(DataType type, const void *raw, size_t count, float *values) {
  const uint8_t *bytes = raw;
  switch (type) {
  case DATA_U8:
    FOR_ELEMENTS(uint8_t, values[i] = (float)element);
    break;
  case DATA_I8:
    FOR_ELEMENTS(int8_t, values[i] = (float)element);
    break;
  case DATA_U16:
    FOR_ELEMENTS(uint16_t, values[i] = (float)element);
    break;
  case DATA_I16:
    FOR_ELEMENTS(int16_t, values[i] = (float)element);
    break;
  case DATA_U32:
    FOR_ELEMENTS(uint32_t, values[i] = (float)element);
    break;
  case DATA_I32:
    FOR_ELEMENTS(int32_t, values[i] = (float)element);
    break;
  case DATA_U64:
    FOR_ELEMENTS(uint64_t, values[i] = (float)element);
    break;
  case DATA_I64:
    FOR_ELEMENTS(int64_t, values[i] = (float)element);
    break;
  case DATA_BOOL:
    FOR_ELEMENTS(uint8_t, values[i] = element != 0 ? 1.0f : 0.0f);
    break;
  case DATA_F16:
    FOR_ELEMENTS(uint16_t, values[i] = half_to_float(element));
    break;
  case DATA_F32:
    FOR_ELEMENTS(float, values[i] = element);
    break;
  case DATA_F64:
    FOR_ELEMENTS(double, values[i] = fabs(element) <= 3.5e38 ? (float)element : NAN);
    break;
  }
  return data_is_integer(type) ? count : first_not_finite(values, count);
}

static bool whole(double value, int64_t *integer) {
  if (!(value >= -0x1p63 && value < 0x1p63) || value != floor(value)) return false;
  *integer = (int64_t)value;
  return true;
}

static bool fits(uint64_t value, int64_t *integer) {
  *integer = (int64_t)value;
  return value <= INT64_MAX;
}

size_t convert_to_i64(DataType type, const void *raw, size_t count, int64_t *values) {
  const uint8_t *bytes = raw;
  switch (type) {
  case DATA_U8:
    FOR_ELEMENTS(uint8_t, values[i] = element);
    break;
  case DATA_I8:
    FOR_ELEMENTS(int8_t, values[i] = element);
    break;
  case DATA_U16:
    FOR_ELEMENTS(uint16_t, values[i] = element);
    break;
  case DATA_I16:
    FOR_ELEMENTS(int16_t, values[i] = element);
    break;
  case DATA_U32:
    FOR_ELEMENTS(uint32_t, values[i] = element);
    break;
  case DATA_I32:
    FOR_ELEMENTS(int32_t, values[i] = element);
    break;
  case DATA_U64:
    FOR_ELEMENTS(uint64_t, if (!fits(element, &values[i])) return i);
    break;
  case DATA_I64:
    FOR_ELEMENTS(int64_t, values[i] = element);
    break;
  case DATA_BOOL:
    FOR_ELEMENTS(uint8_t, values[i] = element != 0);
    break;
  case DATA_F16:
    FOR_ELEMENTS(uint16_t, if (!whole((double)half_to_float(element), &values[i])) return i);
    break;
  case DATA_F32:
    FOR_ELEMENTS(float, if (!whole((double)element, &values[i])) return i);
    break;
  case DATA_F64:
    FOR_ELEMENTS(double, if (!whole(element, &values[i])) return i);
    break;
  }
  return count;
}
