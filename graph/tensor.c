#include "graph/tensor.h"

#include <math.h>
#include <string.h>

size_t element_bytes(ElementType type) {
  switch (type) {
#define X(name, number, size, bits, text)                                                                    \
  case ELEMENT_##name:                                                                                       \
    return size;
    ELEMENT_TYPES(X)
#undef X
  default:
    return 0;
  }
}

int element_bits(ElementType type) {
  switch (type) {
#define X(name, number, size, bits, text)                                                                    \
  case ELEMENT_##name:                                                                                       \
    return bits;
    ELEMENT_TYPES(X)
#undef X
  default:
    return 0;
  }
}

const char *element_name(ElementType type) {
  switch (type) {
#define X(name, number, size, bits, text)                                                                    \
  case ELEMENT_##name:                                                                                       \
    return text;
    ELEMENT_TYPES(X)
#undef X
  default:
    return "unknown type";
  }
}

bool element_is_float(ElementType type) {
  return element_in(type, ELEMENTS_FLOAT);
}

bool element_is_integer(ElementType type) {
  return element_in(type, ELEMENTS_INTEGER | ELEMENTS_NARROW_INTEGER);
}

bool element_is_signed(ElementType type) {
  return element_in(type, ELEMENTS_SIGNED | ELEMENTS_NARROW_SIGNED);
}

void element_limits(ElementType type, double *low, double *high) {
  int bits = element_bits(type);
  bool is_signed = element_is_signed(type);
  *low = is_signed ? -ldexp(1.0, bits - 1) : 0.0;
  *high = ldexp(1.0, is_signed ? bits - 1 : bits) - 1.0;
}

int64_t tensor_elements(const Tensor *tensor) {
  return shape_elements(&tensor->shape);
}

size_t tensor_bytes(const Tensor *tensor) {
  return (size_t)tensor_elements(tensor) * element_bytes(tensor->type);
}

/* `content` NULL: zeroed. */
static Tensor *new_tensor(Arena *arena, ElementType type, const Shape *shape, const void *content,
                          Error *err) {
  int64_t elements = shape_elements(shape);
  size_t width = element_bytes(type);
  if (elements < 0) {
    fail(err, BAD_INPUT, "a tensor's shape is unknown or too large");
    return NULL;
  }
  Tensor *tensor = arena_new(arena, 1, sizeof *tensor, err);
  if (tensor == NULL) return NULL;
  *tensor = (Tensor){.type = type, .shape = *shape};
  tensor->data = content == NULL ? arena_new(arena, (size_t)elements, width, err)
                                 : arena_copy(arena, content, (size_t)elements * width, err);
  return tensor->data != NULL ? tensor : NULL;
}

Tensor *tensor_new(Arena *arena, ElementType type, const Shape *shape, Error *err) {
  return new_tensor(arena, type, shape, NULL, err);
}

Tensor *tensor_new_from(Arena *arena, ElementType type, const Shape *shape, const void *content, Error *err) {
  return new_tensor(arena, type, shape, content, err);
}

/* NULL where the type is none of the narrow floats with a fraction. */
static const SmallFloat *small_float(ElementType type) {
  switch (type) {
  case ELEMENT_FLOAT8E4M3FN:
    return &small_e4m3fn;
  case ELEMENT_FLOAT8E4M3FNUZ:
    return &small_e4m3fnuz;
  case ELEMENT_FLOAT8E5M2:
    return &small_e5m2;
  case ELEMENT_FLOAT8E5M2FNUZ:
    return &small_e5m2fnuz;
  case ELEMENT_FLOAT4E2M1:
    return &small_e2m1;
  default:
    return NULL;
  }
}

static double get_narrow(const Tensor *tensor, int64_t i) {
  uint8_t code = ((const uint8_t *)tensor->data)[i];
  const SmallFloat *format = small_float(tensor->type);
  return format != NULL ? small_float_decode(format, code) : power_decode(code);
}

void tensor_set_narrow(Tensor *tensor, int64_t i, double value, PowerRounding rounding, bool saturate) {
  const SmallFloat *format = small_float(tensor->type);
  ((uint8_t *)tensor->data)[i] =
      format != NULL ? small_float_encode(format, value, saturate) : power_encode(value, rounding, saturate);
}

double tensor_get(const Tensor *tensor, int64_t i) {
  if (element_in(tensor->type, ELEMENTS_NARROW_FLOAT)) return get_narrow(tensor, i);
  switch (tensor->type) {
  case ELEMENT_FLOAT32:
    return (double)((const float *)tensor->data)[i];
  case ELEMENT_FLOAT64:
    return ((const double *)tensor->data)[i];
  case ELEMENT_FLOAT16:
    return (double)half_to_float(((const uint16_t *)tensor->data)[i]);
  case ELEMENT_BFLOAT16:
    return (double)bfloat16_to_float(((const uint16_t *)tensor->data)[i]);
  case ELEMENT_UINT64:
    return (double)((const uint64_t *)tensor->data)[i];
  default:
    return (double)tensor_get_integer(tensor, i);
  }
}

/* Towards zero; beyond the range the nearest limit; NaN gives 0. */
static int64_t integer_of(double value) {
  if (isnan(value)) return 0;
  if (value >= 0x1p63) return INT64_MAX;
  if (value <= -0x1p63) return INT64_MIN;
  return (int64_t)value;
}

int64_t tensor_get_integer(const Tensor *tensor, int64_t i) {
  if (element_in(tensor->type, ELEMENTS_FLOAT | ELEMENTS_NARROW_FLOAT))
    return integer_of(tensor_get(tensor, i));
  switch (tensor->type) {
  case ELEMENT_UINT8:
  case ELEMENT_UINT4:
  case ELEMENT_UINT2:
    return ((const uint8_t *)tensor->data)[i];
  case ELEMENT_INT8:
  case ELEMENT_INT4:
  case ELEMENT_INT2:
    return ((const int8_t *)tensor->data)[i];
  case ELEMENT_UINT16:
    return ((const uint16_t *)tensor->data)[i];
  case ELEMENT_INT16:
    return ((const int16_t *)tensor->data)[i];
  case ELEMENT_INT32:
    return ((const int32_t *)tensor->data)[i];
  case ELEMENT_UINT32:
    return ((const uint32_t *)tensor->data)[i];
  case ELEMENT_INT64:
    return ((const int64_t *)tensor->data)[i];
  case ELEMENT_UINT64: {
    uint64_t value = ((const uint64_t *)tensor->data)[i];
    return value > INT64_MAX ? INT64_MAX : (int64_t)value;
  }
  case ELEMENT_BOOL:
    return ((const uint8_t *)tensor->data)[i] != 0;
  default:
    return 0;
  }
}

static void set_saturated(Tensor *tensor, int64_t i, double value) {
  double low, high;
  if (tensor->type == ELEMENT_INT64) {
    ((int64_t *)tensor->data)[i] = integer_of(value);
  } else if (tensor->type == ELEMENT_UINT64) {
    ((uint64_t *)tensor->data)[i] = !(value > 0) ? 0 : value >= 0x1p64 ? UINT64_MAX : (uint64_t)value;
  } else {
    element_limits(tensor->type, &low, &high);
    tensor_set_integer(tensor, i, integer_of(value < low ? low : value > high ? high : value));
  }
}

void tensor_set(Tensor *tensor, int64_t i, double value) {
  if (element_in(tensor->type, ELEMENTS_NARROW_FLOAT)) {
    tensor_set_narrow(tensor, i, value, POWER_NEAREST, true);
    return;
  }
  switch (tensor->type) {
  case ELEMENT_FLOAT32:
    ((float *)tensor->data)[i] = (float)value;
    break;
  case ELEMENT_FLOAT64:
    ((double *)tensor->data)[i] = value;
    break;
  case ELEMENT_FLOAT16:
    ((uint16_t *)tensor->data)[i] = float_to_half((float)value);
    break;
  case ELEMENT_BFLOAT16:
    ((uint16_t *)tensor->data)[i] = float_to_bfloat16((float)value);
    break;
  case ELEMENT_BOOL:
    ((uint8_t *)tensor->data)[i] = value != 0;
    break;
  default:
    set_saturated(tensor, i, value);
  }
}

/* The low bits of a value as an element of a narrow integer type. */
static uint8_t low_bits(ElementType type, int64_t value) {
  int unused = 8 - element_bits(type);
  uint8_t shifted = (uint8_t)((uint64_t)value << unused);
  return element_is_signed(type) ? (uint8_t)((int8_t)shifted >> unused) : (uint8_t)(shifted >> unused);
}

void tensor_set_integer(Tensor *tensor, int64_t i, int64_t value) {
  switch (tensor->type) {
  case ELEMENT_UINT8:
  case ELEMENT_INT8:
    ((uint8_t *)tensor->data)[i] = (uint8_t)value;
    break;
  case ELEMENT_UINT4:
  case ELEMENT_INT4:
  case ELEMENT_UINT2:
  case ELEMENT_INT2:
    ((uint8_t *)tensor->data)[i] = low_bits(tensor->type, value);
    break;
  case ELEMENT_UINT16:
  case ELEMENT_INT16:
    ((uint16_t *)tensor->data)[i] = (uint16_t)value;
    break;
  case ELEMENT_INT32:
  case ELEMENT_UINT32:
    ((uint32_t *)tensor->data)[i] = (uint32_t)value;
    break;
  case ELEMENT_INT64:
  case ELEMENT_UINT64:
    ((uint64_t *)tensor->data)[i] = (uint64_t)value;
    break;
  case ELEMENT_BOOL:
    ((uint8_t *)tensor->data)[i] = value != 0;
    break;
  default:
    tensor_set(tensor, i, (double)value);
  }
}
