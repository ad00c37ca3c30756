/* BINARY_F32: arithmetic and comparisons of two float32 tensors, or of two of int32 or int64. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/checks.h"
#include "runtime/kernels/plain/nest.h"
#include "runtime/math.h"

static int is_comparison(int32_t kind) {
  return edge_is_between(kind, EDGE_BINARY_EQUAL, EDGE_BINARY_GREATER);
}

static int is_arithmetic_type(const EdgeArg *arg) {
  return edge_is_f32(arg) || edge_is_type(arg, EDGE_S32) || edge_is_type(arg, EDGE_S64);
}

static EdgeStatus check(const EdgeCall *call) {
  const EdgeBinaryF32Params *p = call->params;
  const EdgeArg *a = &call->in[0], *b = &call->in[1], *y = &call->out[0];
  if (!edge_is_between(p->kind, 0, EDGE_BINARY_KINDS - 1)) return EDGE_MALFORMED;
  if (!is_arithmetic_type(a) || !edge_is_type(b, (EdgeType)a->info->type)) return EDGE_MALFORMED;
  if (!edge_is_type(y, is_comparison(p->kind) ? EDGE_BOOL : (EdgeType)a->info->type)) return EDGE_MALFORMED;
  if (p->kind == EDGE_BINARY_POW && !edge_is_f32(a)) return EDGE_MALFORMED;
  if (!edge_has_elements(y, edge_dims_product(p->rank, p->dims))) return EDGE_MALFORMED;
  if (!edge_is_operand_within(a, p->rank, p->dims, p->a_stride)) return EDGE_MALFORMED;
  if (!edge_is_operand_within(b, p->rank, p->dims, p->b_stride)) return EDGE_MALFORMED;
  return EDGE_OK;
}

/* Of two numbers of which one is a NaN, MAX and MIN take the NaN. */
EDGE_INLINE float compute_f32(int32_t kind, float a, float b) {
  switch (kind) {
  case EDGE_BINARY_ADD:
    return a + b;
  case EDGE_BINARY_SUB:
    return a - b;
  case EDGE_BINARY_MUL:
    return a * b;
  case EDGE_BINARY_DIV:
    return a / b;
  case EDGE_BINARY_MAX:
    return a > b || a != a ? a : b;
  case EDGE_BINARY_MIN:
    return a < b || a != a ? a : b;
  default:
    return edge_powf(a, b);
  }
}

/* Wraps around; the remainder of a division is dropped, and by 0 it gives 0. */
static int64_t compute_integer(int32_t kind, int64_t a, int64_t b) {
  switch (kind) {
  case EDGE_BINARY_ADD:
    return (int64_t)((uint64_t)a + (uint64_t)b);
  case EDGE_BINARY_SUB:
    return (int64_t)((uint64_t)a - (uint64_t)b);
  case EDGE_BINARY_MUL:
    return (int64_t)((uint64_t)a * (uint64_t)b);
  case EDGE_BINARY_MAX:
    return a > b ? a : b;
  case EDGE_BINARY_MIN:
    return a < b ? a : b;
  case EDGE_BINARY_EQUAL:
    return a == b;
  case EDGE_BINARY_LESS:
    return a < b;
  case EDGE_BINARY_GREATER:
    return a > b;
  default: /* EDGE_BINARY_DIV; INT64_MIN / -1 wraps, too */
    if (b == -1) return (int64_t)(0 - (uint64_t)a);
    return b == 0 ? 0 : a / b;
  }
}

EDGE_INLINE void loop_f32(int32_t kind, float *y, const float *a, ptrdiff_t a_step, const float *b,
                          ptrdiff_t b_step, int32_t count) {
  for (int32_t i = 0; i < count; i++) y[i] = compute_f32(kind, a[i * a_step], b[i * b_step]);
}

/* The usual steps as constants, so that those loops become vector code. */
EDGE_INLINE void run_f32_of(int32_t kind, float *y, const float *a, const float *b, const EdgeNest *nest) {
  if (nest->step[0] == 1 && nest->step[1] == 1)
    loop_f32(kind, y, a, 1, b, 1, nest->run);
  else if (nest->step[0] == 1 && nest->step[1] == 0)
    loop_f32(kind, y, a, 1, b, 0, nest->run);
  else if (nest->step[0] == 0 && nest->step[1] == 1)
    loop_f32(kind, y, a, 0, b, 1, nest->run);
  else
    loop_f32(kind, y, a, nest->step[0], b, nest->step[1], nest->run);
}

static void run_f32(int32_t kind, float *y, const float *a, const float *b, const EdgeNest *nest) {
  switch (kind) {
  case EDGE_BINARY_ADD:
    run_f32_of(EDGE_BINARY_ADD, y, a, b, nest);
    break;
  case EDGE_BINARY_SUB:
    run_f32_of(EDGE_BINARY_SUB, y, a, b, nest);
    break;
  case EDGE_BINARY_MUL:
    run_f32_of(EDGE_BINARY_MUL, y, a, b, nest);
    break;
  case EDGE_BINARY_DIV:
    run_f32_of(EDGE_BINARY_DIV, y, a, b, nest);
    break;
  case EDGE_BINARY_MAX:
    run_f32_of(EDGE_BINARY_MAX, y, a, b, nest);
    break;
  case EDGE_BINARY_MIN:
    run_f32_of(EDGE_BINARY_MIN, y, a, b, nest);
    break;
  default:
    loop_f32(EDGE_BINARY_POW, y, a, nest->step[0], b, nest->step[1], nest->run);
    break;
  }
}

static void compare_f32(int32_t kind, uint8_t *y, const float *a, const float *b, const EdgeNest *nest) {
  for (int32_t i = 0; i < nest->run; i++) {
    float u = a[i * nest->step[0]], v = b[i * nest->step[1]];
    y[i] = kind == EDGE_BINARY_EQUAL ? u == v : kind == EDGE_BINARY_LESS ? u < v : u > v;
  }
}

static int64_t integer_at(const EdgeArg *arg, ptrdiff_t i) {
  return arg->info->type == EDGE_S32 ? ((const int32_t *)arg->data)[i] : ((const int64_t *)arg->data)[i];
}

static void store_integer(const EdgeArg *y, ptrdiff_t i, int64_t value) {
  if (y->info->type == EDGE_BOOL)
    ((uint8_t *)y->data)[i] = (uint8_t)value;
  else if (y->info->type == EDGE_S32)
    ((uint32_t *)y->data)[i] = (uint32_t)value;
  else
    ((int64_t *)y->data)[i] = value;
}

static void run_integers(const EdgeCall *call, int32_t kind, ptrdiff_t at, const EdgeNest *nest) {
  for (int32_t i = 0; i < nest->run; i++) {
    int64_t a = integer_at(&call->in[0], nest->at[0] + i * nest->step[0]);
    int64_t b = integer_at(&call->in[1], nest->at[1] + i * nest->step[1]);
    store_integer(&call->out[0], at + i, compute_integer(kind, a, b));
  }
}

static EdgeStatus run(const EdgeCall *call) {
  const EdgeBinaryF32Params *p = call->params;
  const float *a = call->in[0].data, *b = call->in[1].data;
  int is_float = call->in[0].info->type == EDGE_F32;
  EdgeNest nest = edge_nest(p->rank, p->dims, 2, (const int32_t *const[]){p->a_stride, p->b_stride});
  ptrdiff_t at = 0;
  do {
    if (!is_float)
      run_integers(call, p->kind, at, &nest);
    else if (is_comparison(p->kind))
      compare_f32(p->kind, (uint8_t *)call->out[0].data + at, a + nest.at[0], b + nest.at[1], &nest);
    else
      run_f32(p->kind, (float *)call->out[0].data + at, a + nest.at[0], b + nest.at[1], &nest);
    at += nest.run;
  } while (edge_nest_next(&nest));
  return EDGE_OK;
}

const EdgeKernel edge_plain_binary_f32 = {.check = check, .run = run};
