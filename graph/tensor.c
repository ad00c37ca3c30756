#include "graph/tensor.h"

#include <math.h>
#include <string.h>

size_t element_bytes(ElementType type) {
  switch (type) {
#define X(name, number, size, text)                                                                          \
  case ELEMENT_##name:                                                                                       \
    return size;
    ELEMENT_TYPES(X)
#undef X
  default:
    return 0;
  }
}

const char *element_name(ElementType type) {
  switch (type) {
#define X(name, number, size, text)                                                                          \
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
  return element_in(type, ELEMENTS_INTEGER);
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

double tensor_get(const Tensor *tensor, int64_t i) {
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
  switch (tensor->type) {
  case ELEMENT_UINT8:
    return ((const uint8_t *)tensor->data)[i];
  case ELEMENT_INT8:
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
  case ELEMENT_FLOAT32:
  case ELEMENT_FLOAT64:
  case ELEMENT_FLOAT16:
  case ELEMENT_BFLOAT16:
    return integer_of(tensor_get(tensor, i));
  default:
    return 0;
  }
}

/* The limits of an integer type of up to 32 bits as doubles. */
static void limits_of(ElementType type, double *low, double *high) {
  int bits = 8 * (int)element_bytes(type);
  bool is_signed = element_in(type, ELEMENTS_SIGNED);
  *low = is_signed ? -ldexp(1.0, bits - 1) : 0.0;
  *high = ldexp(1.0, is_signed ? bits - 1 : bits) - 1.0;
}

static void set_saturated(Tensor *tensor, int64_t i, double value) {
  double low, high;
  if (tensor->type == ELEMENT_INT64) {
    ((int64_t *)tensor->data)[i] = integer_of(value);
  } else if (tensor->type == ELEMENT_UINT64) {
    ((uint64_t *)tensor->data)[i] = !(value > 0) ? 0 : value >= 0x1p64 ? UINT64_MAX : (uint64_t)value;
  } else {
    limits_of(tensor->type, &low, &high);
    tensor_set_integer(tensor, i, integer_of(value < low ? low : value > high ? high : value));
  }
}

void tensor_set(Tensor *tensor, int64_t i, double value) {
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

void tensor_set_integer(Tensor *tensor, int64_t i, int64_t value) {
  switch (tensor->type) {
  case ELEMENT_UINT8:
  case ELEMENT_INT8:
    ((uint8_t *)tensor->data)[i] = (uint8_t)value;
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
