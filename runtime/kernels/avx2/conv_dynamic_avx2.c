/* CONV_DYNAMIC: the plain kernel's source, compiled for AVX2; its products are those of CONV and DWCONV. */
#ifdef __AVX2__
#define edge_plain_conv_dynamic edge_avx2_conv_dynamic
#include "runtime/kernels/plain/conv_dynamic.c"
#endif
