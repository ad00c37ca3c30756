/*
 * coded.h - checks of float operands that go with weights in codes: scales and bias.
 */
#ifndef RUNTIME_KERNELS_PLAIN_CODED_H
#define RUNTIME_KERNELS_PLAIN_CODED_H

#include "runtime/kernels/plain/conv.h"
#include "runtime/kernels/plain/nibbles.h"

/* Input 2 has a scale for each of `outputs`, input 3 a bias or nothing. */
static inline int edge_has_coded_scales(const EdgeCall *call, uint32_t outputs) {
  const EdgeArg *bias = &call->in[3];
  if (!edge_is_factor_list(&call->in[2], outputs)) return 0;
  return bias->info == NULL ||
         (edge_is_f32(bias) && edge_is_constant(bias) && edge_has_elements(bias, outputs));
}

#endif
