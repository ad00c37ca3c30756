/* Peak memory of `edgec quantize` does not grow with the number of samples. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

Suite *suite_memory_flat(void);

#ifndef __SANITIZE_ADDRESS__ /* a sanitizer keeps freed memory */

/* Peak memory of the command in KB. */
static long peak_of(const char *samples) {
  const char *edgec = getenv("EDGEC") != NULL ? getenv("EDGEC") : "build/edgec";
  pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    execl(edgec, edgec, "quantize", "examples/digits.onnx", "--data", "examples/digits.npz", "--samples",
          samples, "--verify-samples", "16", "-q", "-o", "build/memory_flat.edge", (char *)NULL);
    _exit(127);
  }
  int status;
  struct rusage usage;
  ck_assert_int_eq(wait4(child, &status, 0, &usage), child);
  ck_assert_int_eq(status, 0);
  return usage.ru_maxrss;
}

#endif

START_TEST(samples_cost_no_memory) {
#ifdef __SANITIZE_ADDRESS__
  fprintf(stderr, "skipped: peak memory under a sanitizer\n");
#else
  long few = peak_of("64"), many = peak_of("1900");
  ck_assert_msg(many <= few + few / 10, "%ld KB for 64 samples, %ld KB for 1,900", few, many);
  unlink("build/memory_flat.edge");
#endif
}
END_TEST

Suite *suite_memory_flat(void) {
  Suite *suite = suite_create("memory_flat");
  TCase *tests = tcase_create("quantize");
  tcase_add_test(tests, samples_cost_no_memory);
  suite_add_tcase(suite, tests);
  return suite;
}
