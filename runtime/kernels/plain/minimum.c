/* MINIMUM: the smaller of two, element by element. Rounding keeps the order, so one rounding is enough. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/binary.h"

EDGE_INLINE float smaller(int32_t a, int32_t b, EdgeBinaryTerms t) {
  float u = (float)a * t.a_mult, v = (float)b * t.b_mult;
  return u < v ? u : v;
}

static EdgeStatus run(const EdgeCall *call) {
  return edge_binary_run(smaller, call);
}

const EdgeKernel edge_plain_minimum = {.check = edge_binary_check, .run = run};
