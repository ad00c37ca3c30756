/*
 * wide.h - loops that are compiled twice: for the baseline and, on x86-64, for AVX2; which one runs is
 * settled when the program is loaded.
 *
 *     WIDE_LOOP static void halve(float *x, int64_t n) { for (int64_t i = 0; i < n; i++) x[i] *= 0.5f; }
 *
 * Only for code that gives the same bits either way: no sum whose order would depend on the width of a
 * vector. (Products and sums are never fused, see the Makefile.)
 */
#ifndef BASE_WIDE_H
#define BASE_WIDE_H

/* clang makes the clones of static functions global, and those of the same name clash. */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__)
#define WIDE_LOOP __attribute__((target_clones("avx2", "default")))
#else
#define WIDE_LOOP
#endif

#endif
