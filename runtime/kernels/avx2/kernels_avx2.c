/* The table of AVX2 kernels. */
#include "runtime/kernel.h"

#ifdef __AVX2__

extern const EdgeKernel edge_avx2_conv;

const EdgeKernels edge_kernels_avx2 = {
    .isa = "avx2",
    .slot = {[EDGE_OP_CONV] = &edge_avx2_conv},
};

#endif
