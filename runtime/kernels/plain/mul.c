/* MUL: the product of two tensors, element by element. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/binary.h"

/* One rounding: the factors are whole numbers that float32 has, so a * b is the exact product rounded. */
EDGE_INLINE float product(float a, float b, EdgeBinaryTerms t) {
  return a * b * t.a_mult;
}

static EdgeStatus run(const EdgeCall *call) {
  return edge_binary_run(product, call);
}

const EdgeKernel edge_plain_mul = {.check = edge_binary_check, .run = run};
