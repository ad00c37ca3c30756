/* CAST: conversion between plain numeric types, a block of elements at a time by way of int64 (exact for
   every integer type) or float. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/checks.h"

#define BLOCK 64

static int is_castable(const EdgeArg *arg) {
  return edge_is_indexable(arg) && !edge_is_type(arg, EDGE_S16) && !edge_is_s4(arg);
}

static EdgeStatus check(const EdgeCall *call) {
  const EdgeArg *x = &call->in[0], *y = &call->out[0];
  if (!is_castable(x) || !is_castable(y)) return EDGE_MALFORMED;
  return edge_has_elements(y, x->info->elements) ? EDGE_OK : EDGE_MALFORMED;
}

static void read_integers(const EdgeArg *x, ptrdiff_t at, int32_t count, int64_t *values) {
  switch (x->info->type) {
  case EDGE_S8:
    for (int32_t i = 0; i < count; i++) values[i] = ((const int8_t *)x->data)[at + i];
    break;
  case EDGE_S32:
    for (int32_t i = 0; i < count; i++) values[i] = ((const int32_t *)x->data)[at + i];
    break;
  case EDGE_S64:
    for (int32_t i = 0; i < count; i++) values[i] = ((const int64_t *)x->data)[at + i];
    break;
  case EDGE_BOOL:
    for (int32_t i = 0; i < count; i++) values[i] = ((const uint8_t *)x->data)[at + i] != 0;
    break;
  default:
    for (int32_t i = 0; i < count; i++) values[i] = ((const uint8_t *)x->data)[at + i];
    break;
  }
}

/* As C converts: modulo 2^bits to the narrower integers, rounded to float. */
static void write_integers(const EdgeArg *y, ptrdiff_t at, int32_t count, const int64_t *values) {
  switch (y->info->type) {
  case EDGE_F32:
    for (int32_t i = 0; i < count; i++) ((float *)y->data)[at + i] = (float)values[i];
    break;
  case EDGE_S32:
    for (int32_t i = 0; i < count; i++) ((uint32_t *)y->data)[at + i] = (uint32_t)values[i];
    break;
  case EDGE_S64:
    for (int32_t i = 0; i < count; i++) ((int64_t *)y->data)[at + i] = values[i];
    break;
  case EDGE_BOOL:
    for (int32_t i = 0; i < count; i++) ((uint8_t *)y->data)[at + i] = values[i] != 0;
    break;
  default: /* int8, uint8: the same byte */
    for (int32_t i = 0; i < count; i++) ((uint8_t *)y->data)[at + i] = (uint8_t)values[i];
    break;
  }
}

/* Towards zero, saturating at the limits of the type; NaN gives 0. */
static int64_t truncate(float value, EdgeType type) {
  if (value != value) return 0;
  if (type == EDGE_S64) {
    if (value >= 0x1p63f) return INT64_MAX;
    return value < -0x1p63f ? INT64_MIN : (int64_t)value;
  }
  if (type == EDGE_S32) {
    if (value >= 0x1p31f) return INT32_MAX;
    return value < -0x1p31f ? INT32_MIN : (int64_t)value;
  }
  int32_t low = edge_type_min(type), high = edge_type_max(type);
  if (value >= (float)high) return high;
  return value <= (float)low ? low : (int64_t)value;
}

static void cast_floats(const EdgeArg *x, const EdgeArg *y, ptrdiff_t at, int32_t count) {
  const float *from = (const float *)x->data + at;
  int64_t values[BLOCK];
  EdgeType type = (EdgeType)y->info->type;
  if (type == EDGE_F32) {
    for (int32_t i = 0; i < count; i++) ((float *)y->data)[at + i] = from[i];
    return;
  }
  for (int32_t i = 0; i < count; i++)
    values[i] = type == EDGE_BOOL ? from[i] != 0.0f : truncate(from[i], type);
  write_integers(y, at, count, values);
}

static EdgeStatus run(const EdgeCall *call) {
  const EdgeArg *x = &call->in[0], *y = &call->out[0];
  ptrdiff_t elements = (ptrdiff_t)y->info->elements;
  for (ptrdiff_t at = 0; at < elements; at += BLOCK) {
    int32_t count = elements - at < BLOCK ? (int32_t)(elements - at) : BLOCK;
    int64_t values[BLOCK];
    if (x->info->type == EDGE_F32) {
      cast_floats(x, y, at, count);
    } else {
      read_integers(x, at, count, values);
      write_integers(y, at, count, values);
    }
  }
  return EDGE_OK;
}

const EdgeKernel edge_plain_cast = {.check = check, .run = run};
