/* MAXIMUM: the larger of two, element by element. Rounding keeps the order, so one rounding is enough. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/binary.h"

EDGE_INLINE float larger(float a, float b, EdgeBinaryTerms t) {
  float u = a * t.a_mult, v = b * t.b_mult;
  return u > v ? u : v;
}

static EdgeStatus run(const EdgeCall *call) {
  return edge_binary_run(larger, call);
}

const EdgeKernel edge_plain_maximum = {.check = edge_binary_check, .run = run};
