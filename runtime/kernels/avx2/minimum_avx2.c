/* MINIMUM: the plain kernel's source, compiled for AVX2. */
#ifdef __AVX2__
#define edge_plain_minimum edge_avx2_minimum
#include "runtime/kernels/plain/minimum.c"
#endif
