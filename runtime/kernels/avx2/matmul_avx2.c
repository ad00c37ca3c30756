/* MATMUL: the plain kernel's source, compiled for AVX2. */
#ifdef __AVX2__
#define edge_plain_matmul edge_avx2_matmul
#include "runtime/kernels/plain/matmul.c"
#endif
