/* ADD: the sum of two tensors, or with a negative b_mult their difference. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/binary.h"

EDGE_INLINE float sum(float a, float b, EdgeBinaryTerms t) {
  return a * t.a_mult + b * t.b_mult;
}

static EdgeStatus run(const EdgeCall *call) {
  return edge_binary_run(sum, call);
}

const EdgeKernel edge_plain_add = {.check = edge_binary_check, .run = run};
