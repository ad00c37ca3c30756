/* result_case.h - for tests: what one node must compute, or must refuse, in the notation of
 * operators/samples.h.
 */
#ifndef TESTS_SUPPORT_RESULT_CASE_H
#define TESTS_SUPPORT_RESULT_CASE_H

#include "tests/support/node_case.h"

typedef struct ResultCase {
  const char *op, *inputs, *attributes, *result;
  int output;
} ResultCase;

/* Fails the test unless that output has the result's type, shape and (within 2e-6 of the larger of 1 and the
   expected value) elements. */
void check_result(const ResultCase *expected, NodeKernel kernel);

typedef struct RefusedCase {
  const char *op, *inputs, *attributes, *says;
} RefusedCase;

/* Fails the test unless the node is refused with BAD_INPUT and a message that holds `says`. */
void check_refused(const RefusedCase *refused);

#endif
