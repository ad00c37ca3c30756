#include "tests/support/result_case.h"

#include <check.h>
#include <math.h>
#include <string.h>

#define TOLERANCE 2e-6 /* of the larger of 1 and the expected value */

void check_result(const ResultCase *expected_case, NodeKernel kernel) {
  NodeCase c;
  SampleCase holder;
  Error err = {0};
  Status status = node_case_run(&c, op_find("", expected_case->op), expected_case->inputs,
                                expected_case->attributes, kernel, &err);
  ck_assert_msg(status == OK, "%s", err.text);
  const Tensor *expected = node_case_tensor(expected_case->result, &holder),
               *result = c.out[expected_case->output];
  ck_assert_msg(result->type == expected->type && shape_equals(&result->shape, &expected->shape),
                "%s %s; %s: form", expected_case->op, expected_case->inputs, expected_case->attributes);
  for (int64_t i = 0; i < tensor_elements(expected); i++) {
    double wanted = tensor_get(expected, i), got = tensor_get(result, i);
    ck_assert_msg(fabs(got - wanted) <= TOLERANCE * fmax(1, fabs(wanted)), "%s %s; %s: element %d is %.9g",
                  expected_case->op, expected_case->inputs, expected_case->attributes, (int)i, got);
  }
  graph_free(holder.graph);
  node_case_free(&c);
}

void check_refused(const RefusedCase *refused) {
  NodeCase c;
  Error err = {0};
  Status status =
      node_case_run(&c, op_find("", refused->op), refused->inputs, refused->attributes, NODE_FAST, &err);
  ck_assert_msg(status == BAD_INPUT, "%s %s: status %d", refused->op, refused->inputs, (int)status);
  ck_assert_msg(strstr(err.text, refused->says) != NULL, "'%s' does not say '%s'", err.text, refused->says);
}
