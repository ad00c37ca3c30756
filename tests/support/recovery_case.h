/* recovery_case.h - quantized small graphs with seeded samples, for tests of recovery methods. Every failure
   fails the test. */
#ifndef TESTS_SUPPORT_RECOVERY_CASE_H
#define TESTS_SUPPORT_RECOVERY_CASE_H

#include "quantize/recovery.h"
#include "tests/support/pass_case.h"

typedef struct RecoveryCase {
  Graph *graph;
  SampleReader reader;
  Tensor form;
  int64_t position; /* of the reader */
  float offset;     /* added to all inputs, which are normal otherwise */
  Pool *pool;
  QuantizeOptions settings;
  RecoveryOptions options;
  Layers layers;
  Simulator *simulator;
  Recovery recovery;
  Calibration *calibration;
} RecoveryCase;

/* A constant of normal numbers, each channel of axis 0 times `spread` more than the one before. */
Value *make_weight(Maker *m, const char *name, Shape shape, double spread);

/* Finishes the graph of the maker, which must have one input; calibrates and quantizes it on 64 samples, its
   weights with `bits` bits. */
void recovery_case_quantize(RecoveryCase *c, Maker *m, int bits, int threads);
/* Finds layers, makes the simulator: `recovery` is ready for a method. */
void recovery_case_begin(RecoveryCase *c);
void recovery_case_free(RecoveryCase *c);

/* The first output over `count` samples behind the 64, [count][width], in codes or as real. Freed by the
   caller. */
float *recovery_case_outputs(RecoveryCase *c, SimulatedAs as, int64_t count, int64_t *width);
/* Mean squared difference of the first output in codes and as real, over 64 samples behind the 64. */
double recovery_case_error(RecoveryCase *c);

#endif
