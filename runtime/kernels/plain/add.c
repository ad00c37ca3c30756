/* ADD: the sum of two tensors, or with a negative b_mult their difference. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/binary.h"

EDGE_INLINE float sum(int32_t a, int32_t b, EdgeBinaryTerms t) {
  return (float)a * t.a_mult + (float)b * t.b_mult;
}

static EdgeStatus run(const EdgeCall *call) {
  return edge_binary_run(sum, call);
}

const EdgeKernel edge_plain_add = {.check = edge_binary_check, .run = run};
