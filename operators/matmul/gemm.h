/* gemm.h - the attributes of Gemm, which its quantized form has too. */
#ifndef OPERATORS_MATMUL_GEMM_H
#define OPERATORS_MATMUL_GEMM_H

#include "operators/op.h"

typedef struct GemmParams {
  float alpha, beta;
  bool transA, transB;
  int64_t broadcast; /* of opset 6 and before; broadcasting is always allowed here */
} GemmParams;

#endif
