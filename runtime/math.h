/*
 * math.h - the runtime's own elementary functions of float32: no libm.
 *
 * Only IEEE float32 and float64 + - * / in the written order and integer bit operations, so every
 * compiler with -ffp-contract=off gives the same bits. Computed in float64 with a relative error
 * below 4e-11 and rounded once: the result is the correctly rounded one except where the exact value
 * lies within 1e-4 ULP of the middle between two floats (largest error: 0.5001 ULP; measured by
 * tests/unit/runtime_math.c against libm over a sweep of all exponents).
 *
 * Any NaN argument gives the one NaN 0x7fc00000, as does an argument outside the domain.
 */
#ifndef RUNTIME_MATH_H
#define RUNTIME_MATH_H

/* e^x; +inf above 88.7228, subnormal below -87.34, 0 below -103.98. */
float edge_expf(float x);

/* e^x - 1 without cancellation near 0. */
float edge_expm1f(float x);

/* Natural logarithm; -inf at 0, NaN below. */
float edge_logf(float x);

/* Square root, correctly rounded for every argument (integer arithmetic); -0 at -0, NaN below. */
float edge_sqrtf(float x);

/* Error function. */
float edge_erff(float x);

/* Hyperbolic tangent. */
float edge_tanhf(float x);

/* 1 / (1 + e^-x). */
float edge_sigmoidf(float x);

/* log(1 + e^x). */
float edge_softplusf(float x);

/* x^y with the special cases of C17 F.10.4.4: 1 for y = 0 and for x = 1, a negative x only with an
   integer y (else NaN), signed zeros and infinities for odd y. */
float edge_powf(float x, float y);

#endif
