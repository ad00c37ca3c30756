/*
 * checks.h - the questions that the kernels' checks ask about a file's tensors and parameters. All of them
 * take any values and compute in 64 bits, so that none overflows.
 */
#ifndef RUNTIME_KERNELS_PLAIN_CHECKS_H
#define RUNTIME_KERNELS_PLAIN_CHECKS_H

#include "runtime/program.h"

/* Elements that may be added up in int32: 2^23 * 255 < 2^31. */
#define EDGE_MAX_SUMMED (1 << 23)

static inline int edge_is_type(const EdgeArg *arg, EdgeType type) {
  return arg->info != NULL && arg->info->type == type;
}

static inline int edge_is_s8(const EdgeArg *arg) {
  return edge_is_type(arg, EDGE_S8);
}

static inline int edge_is_s16(const EdgeArg *arg) {
  return edge_is_type(arg, EDGE_S16);
}

static inline int edge_is_s4(const EdgeArg *arg) {
  return edge_is_type(arg, EDGE_S4);
}

static inline int edge_is_f32(const EdgeArg *arg) {
  return edge_is_type(arg, EDGE_F32);
}

/* Present and indexable with int32. */
static inline int edge_is_indexable(const EdgeArg *arg) {
  return arg->info != NULL && arg->info->elements >= 1 && arg->info->elements <= INT32_MAX;
}

static inline int edge_has_elements(const EdgeArg *arg, int64_t count) {
  return edge_is_indexable(arg) && (int64_t)arg->info->elements == count;
}

/* A constant whose content a check may look at. */
static inline int edge_is_constant(const EdgeArg *arg) {
  return arg->info != NULL && arg->info->space == EDGE_CONSTANT && arg->data != NULL;
}

static inline int edge_is_between(int32_t value, int32_t low, int32_t high) {
  return value >= low && value <= high;
}

/* Finite and small enough that a product with an int32, and a sum of two such, is finite in float32. */
static inline int edge_is_sane_factor(float value) {
  const float limit = 0x1p64f;
  return value >= -limit && value <= limit;
}

static inline int edge_is_sane_scale(float value) {
  return value > 0.0f && edge_is_sane_factor(value);
}

/* Smallest and largest value of an integer type of at most 16 bits. */
static inline int32_t edge_type_min(EdgeType type) {
  return type == EDGE_U8 ? 0 : type == EDGE_S16 ? INT16_MIN : type == EDGE_S4 ? -8 : INT8_MIN;
}

static inline int32_t edge_type_max(EdgeType type) {
  return type == EDGE_U8 ? UINT8_MAX : type == EDGE_S16 ? INT16_MAX : type == EDGE_S4 ? 7 : INT8_MAX;
}

static inline int edge_is_code(int32_t value, EdgeType type) {
  return edge_is_between(value, edge_type_min(type), edge_type_max(type));
}

static inline int edge_has_sane_zero_point(const EdgeArg *arg) {
  return edge_is_code(arg->info->zero_point, (EdgeType)arg->info->type);
}

/* An int8 tensor with its zero point. */
static inline int edge_is_quantized_s8(const EdgeArg *arg) {
  return edge_is_s8(arg) && edge_is_indexable(arg) && edge_has_sane_zero_point(arg);
}

/* An int8 or int16 tensor with its zero point. */
static inline int edge_is_quantized(const EdgeArg *arg) {
  return edge_is_indexable(arg) && (edge_is_s8(arg) || edge_is_s16(arg)) && edge_has_sane_zero_point(arg);
}

/* Clamping to the type and then to [low, high] leaves at least one code. */
static inline int edge_is_sane_clamp(int32_t low, int32_t high, EdgeType type) {
  return low <= high && low <= edge_type_max(type) && high >= edge_type_min(type);
}

/* Product of dims, each at least 1; 0 where rank or a dimension is out of range or the product is above
   INT32_MAX. */
static inline int64_t edge_dims_product(int32_t rank, const int32_t *dims) {
  if (!edge_is_between(rank, 0, EDGE_MAX_RANK)) return 0;
  int64_t product = 1;
  for (int32_t d = 0; d < rank; d++) {
    if (dims[d] < 1) return 0;
    product *= dims[d];
    if (product > INT32_MAX) return 0;
  }
  return product;
}

/* a * b * c for factors of at least 1; 0 where one is smaller or the product above INT32_MAX. */
static inline int64_t edge_product(int32_t a, int32_t b, int32_t c) {
  return edge_dims_product(3, (const int32_t[]){a, b, c});
}

/* True if offset + sum of index * stride stays within 0..elements-1 for every index tuple of `dims`, which
   edge_dims_product() has accepted. */
static inline int edge_is_reach_within(int64_t offset, int32_t rank, const int32_t *dims,
                                       const int32_t *stride, int64_t elements) {
  int64_t least = offset, most = offset;
  for (int32_t d = 0; d < rank; d++) {
    int64_t span = (int64_t)stride[d] * (dims[d] - 1);
    if (span < 0) least += span;
    if (span > 0) most += span;
    if (least < 0 || most >= elements) return 0; /* neither can come back: so no sum overflows */
  }
  return least >= 0 && most < elements;
}

/* The same for an operand that begins at its tensor's first element. */
static inline int edge_is_operand_within(const EdgeArg *arg, int32_t rank, const int32_t *dims,
                                         const int32_t *stride) {
  return edge_is_indexable(arg) && edge_is_reach_within(0, rank, dims, stride, arg->info->elements);
}

/* Bytes of an element; 0 for int4, which has no element that is whole bytes, and for a type that does not
   exist: what moves elements refuses both. */
static inline size_t edge_element_bytes(const EdgeTensor *tensor) {
  switch (tensor->type) {
#define X(name, number, size, text)                                                                          \
  case EDGE_##name:                                                                                          \
    return size;
    EDGE_TYPES(X)
#undef X
  default:
    return 0;
  }
}

/* Bytes of a tensor's content, whatever its row says; 0 for a type that does not exist. */
static inline uint64_t edge_content_bytes(const EdgeTensor *tensor) {
  if (tensor->type == EDGE_S4) return ((uint64_t)tensor->elements + 1) / 2;
  return (uint64_t)tensor->elements * edge_element_bytes(tensor);
}

#endif
