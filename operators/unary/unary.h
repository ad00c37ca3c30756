/*
 * unary.h - what the functions of one element share. A file of this family has the function in float64 for
 * one element, the row, and at most a loop over float32 for speed.
 */
#ifndef OPERATORS_UNARY_UNARY_H
#define OPERATORS_UNARY_UNARY_H

#include "base/wide.h"
#include "operators/axes.h"
#include "operators/gradient.h"

/* The type and shape of the input. */
Status unary_infer(Infer *infer);
/* Its shape, and bool. */
Status unary_infer_bool(Infer *infer);

/* One element; `params` is the operator's struct. */
typedef double (*UnaryReal)(double x, const void *params);
typedef int64_t (*UnaryInteger)(int64_t x, const void *params);

/* The operator `real` in whatever type the tensor has; `integer` (NULL: by way of `real`) for the signed
   integer types, so that int64 stays exact. Unsigned integers are taken by `real` alone. */
Status unary_run(Run *run, UnaryReal real, UnaryInteger integer);

/* `n` elements of float32, written so that compilers make vectors of it. */
typedef void (*UnaryLoop)(float *restrict y, const float *restrict x, int64_t n, const void *params);

/* Runs `loop` where the tensor is float32, else the reference kernel of the node's version. */
Status unary_fast(Run *run, UnaryLoop loop);

/* Defines the gradient `name` of an operator from its derivative: an expression in float32 of x, y = f(x) and
   params, with a loop that compilers make vectors of. */
#define UNARY_GRAD(name, expression)                                                                         \
  static inline float name##_of(float x, float y, const void *params) {                                      \
    (void)x;                                                                                                 \
    (void)y;                                                                                                 \
    (void)params;                                                                                            \
    return (expression);                                                                                     \
  }                                                                                                          \
  WIDE_LOOP static void name##_loop(float *restrict dx, const float *restrict dy, const float *restrict x,   \
                                    const float *restrict y, int64_t n, const void *params) {                \
    for (int64_t i = 0; i < n; i++) dx[i] = dy[i] * name##_of(x[i], y[i], params);                           \
  }                                                                                                          \
  static Status name(Grad *grad) {                                                                           \
    return grad_elementwise_fast(grad, name##_loop);                                                         \
  }

/* The same in float64, for functions of the C library. */
#define UNARY_GRAD_REAL(name, expression)                                                                    \
  static double name##_of(double x, double y, const void *params) {                                          \
    (void)x;                                                                                                 \
    (void)y;                                                                                                 \
    (void)params;                                                                                            \
    return (expression);                                                                                     \
  }                                                                                                          \
  static Status name(Grad *grad) {                                                                           \
    return grad_elementwise(grad, name##_of);                                                                \
  }

/* Input, output and axes of an operator that takes one tensor of the types `type_set`. */
#define UNARY_PORTS(type_set)                                                                                \
  .inputs = {{"X", PORT_REQUIRED, (type_set), "[...]"}},                                                     \
  .outputs = {{"Y", PORT_REQUIRED, (type_set), "[...]"}}, .axes = axes_elementwise

/* Two float parameters of operators that take one or both. */
typedef struct UnaryParams {
  float alpha, beta;
} UnaryParams;

#define UNARY_ALPHA(value) ATTRIBUTE(UnaryParams, alpha, FIELD_FLOAT, .otherwise_float = (value))
#define UNARY_BETA(value) ATTRIBUTE(UnaryParams, beta, FIELD_FLOAT, .otherwise_float = (value))
static inline double unary_alpha(const void *params) {
  return (double)((const UnaryParams *)params)->alpha;
}
static inline double unary_beta(const void *params) {
  return (double)((const UnaryParams *)params)->beta;
}

#endif
