#include "operators/reals.h"

static void *scratch_of(Run *run, int64_t count, size_t size) {
  size_t bytes;
  if (!size_multiply((size_t)count, size, &bytes)) {
    fail_memory(run->err);
    return NULL;
  }
  return run_scratch(run, bytes);
}

double *reals_new(Run *run, int64_t count) {
  return scratch_of(run, count, sizeof(double));
}

float *floats_new(Run *run, int64_t count) {
  return scratch_of(run, count, sizeof(float));
}

const double *reals_of(Run *run, const Tensor *tensor) {
  if (tensor->type == ELEMENT_FLOAT64) return tensor->data;
  int64_t count = tensor_elements(tensor);
  double *reals = reals_new(run, count);
  if (reals == NULL) return NULL;
  for (int64_t i = 0; i < count; i++) reals[i] = tensor_get(tensor, i);
  return reals;
}
