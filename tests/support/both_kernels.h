/* both_kernels.h - runs a sample by an operator's fast kernel and by its plain one. */
#ifndef TESTS_SUPPORT_BOTH_KERNELS_H
#define TESTS_SUPPORT_BOTH_KERNELS_H

#include "interpreter/interpreter.h"
#include "operators/samples.h"

typedef struct BothKernels {
  SampleCase sample; /* bound and inferred */
  Interpreter *interpreters[2];
  Runner *runners[2];         /* plain, fast */
  const Tensor *plain, *fast; /* output 0 of each, once both were run */
} BothKernels;

/* Builds the sample's graph and what runs it. Fails the test where that fails. */
void both_open(BothKernels *both, const Op *op, const OpSample *sample);
/* Runs both on the sample's inputs; `plain_only` leaves the fast output as it is. */
void both_run(BothKernels *both, bool plain_only);
void both_close(BothKernels *both);
/* Replaces the float32 elements of all inputs by their absolute values: a run then gives, for operators that
   sum products, the sum of the products' absolute values, by which rounding errors are bounded. */
void both_make_absolute(BothKernels *both);

#endif
