/*
 * hard_case.h - for tests: a network that a test builds, quantized by two schemes and run the whole way:
 * passes, calibration, recovery, lowering, file, runtime.
 *
 *     static void build(Maker *m) { ... make_input, NODE, make_output ... }
 *     HardCase c = {.build = build, .fill = fill};
 *     double sqnr = hard_case_sqnr(&c, hard_case_default());
 *
 * Samples are seeded normal numbers of deviation 1, one stream for all inputs, unless `fill` changes them.
 * The first 48 calibrate, the next 32 are compared with the float graph as it was built. Failures abort the
 * test.
 */
#ifndef TESTS_SUPPORT_HARD_CASE_H
#define TESTS_SUPPORT_HARD_CASE_H

#include "quantize/quantize.h"
#include "tests/support/pass_case.h"

#define HARD_CASE_INPUTS 4

typedef struct HardCase {
  void (*build)(Maker *m);
  /* Changes a float32 input's numbers in place; NULL: normal. Integers are uniform in 0..limit-1. */
  void (*fill)(int input, float *values, int64_t count, Random *random);
  int64_t limit;
} HardCase;

typedef struct HardScheme {
  QuantizeOptions options;
  Effort effort;
} HardScheme;

/* What edgec does unless it is told otherwise. */
HardScheme hard_case_default(void);
/* Smallest to largest value, one scale a tensor, weights too, and nothing else. */
HardScheme hard_case_naive(void);

/* SQNR of all outputs in dB. `bytes` (may be NULL) gets the size of the file. */
double hard_case_sqnr(const HardCase *c, HardScheme scheme, size_t *bytes);

/* A constant of normal numbers of this deviation. */
Value *make_normal(Maker *m, const char *name, Shape shape, double deviation);
/* A constant vector: `first`, and each next one `factor` times the one before. */
Value *make_geometric(Maker *m, const char *name, int64_t count, double first, double factor);

#endif
