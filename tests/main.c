/* main.c - runs every suite that tools/suites.awk finds. `tests NAME` runs one suite. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suites.h"

int main(int argc, char **argv) {
  SRunner *runner = srunner_create(NULL);
  for (int i = 0; suites[i] != NULL; i++) srunner_add_suite(runner, suites[i]());
  srunner_run(runner, argc > 1 ? argv[1] : NULL, NULL, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
