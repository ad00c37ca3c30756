/* The table of AVX2 kernels. */
#include "runtime/kernel.h"

#ifdef __AVX2__

/* Opcodes that have one: name and stem as in EDGE_OPCODES. */
#define AVX2_KERNELS(X)                                                                                      \
  X(CONV, conv)                                                                                              \
  X(DWCONV, dwconv)                                                                                          \
  X(MATMUL, matmul)                                                                                          \
  X(ADD, add)                                                                                                \
  X(MUL, mul)                                                                                                \
  X(MAXIMUM, maximum)                                                                                        \
  X(MINIMUM, minimum)                                                                                        \
  X(CONV_F32_CODED, conv_f32_coded)                                                                          \
  X(DWCONV_F32_CODED, dwconv_f32_coded)                                                                      \
  X(CONV_DYNAMIC, conv_dynamic)

#define X(name, stem) extern const EdgeKernel edge_avx2_##stem;
AVX2_KERNELS(X)
#undef X

const EdgeKernels edge_kernels_avx2 = {
    .isa = "avx2",
    .slot =
        {
#define X(name, stem) [EDGE_OP_##name] = &edge_avx2_##stem,
            AVX2_KERNELS(X)
#undef X
        },
};

#endif
