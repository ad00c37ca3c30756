/* ADD: the plain kernel's source, compiled for AVX2. */
#ifdef __AVX2__
#define edge_plain_add edge_avx2_add
#include "runtime/kernels/plain/add.c"
#endif
