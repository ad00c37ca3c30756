/* MUL: the product of two tensors, element by element. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/binary.h"

EDGE_INLINE float product(int32_t a, int32_t b, EdgeBinaryTerms t) {
  return (float)(a * b) * t.a_mult;
}

static EdgeStatus run(const EdgeCall *call) {
  return edge_binary_run(product, call);
}

const EdgeKernel edge_plain_mul = {.check = edge_binary_check, .run = run};
