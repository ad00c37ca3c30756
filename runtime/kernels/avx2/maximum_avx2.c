/* MAXIMUM: the plain kernel's source, compiled for AVX2. */
#ifdef __AVX2__
#define edge_plain_maximum edge_avx2_maximum
#include "runtime/kernels/plain/maximum.c"
#endif
