/* DWCONV_F32_CODED: the plain kernel's source, compiled for AVX2. */
#ifdef __AVX2__
#define edge_plain_dwconv_f32_coded edge_avx2_dwconv_f32_coded
#include "runtime/kernels/plain/dwconv_f32_coded.c"
#endif
