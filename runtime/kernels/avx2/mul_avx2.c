/* MUL: the plain kernel's source, compiled for AVX2. */
#ifdef __AVX2__
#define edge_plain_mul edge_avx2_mul
#include "runtime/kernels/plain/mul.c"
#endif
