/*
 * kernel.h - one row an opcode: how it is checked and how it runs.
 *
 * runtime/kernels/plain/ has a kernel for every opcode and is the definition. A folder beside it holds faster
 * `run` functions for one instruction set, which give the same bytes. A table of such functions is chosen
 * once, at load (runtime/isa.c).
 */
#ifndef RUNTIME_KERNEL_H
#define RUNTIME_KERNEL_H

#include "runtime/program.h"

typedef struct EdgeKernel {
  /* EDGE_OK only where run() can touch nothing outside the operands and the scratch, whatever the tensors in
     the arena hold. Types, shapes and parameters may have any value; that tensors lie within arena and
     weights, that required inputs are there and that the result is in the arena is checked before. */
  EdgeStatus (*check)(const EdgeCall *call);
  EdgeStatus (*run)(const EdgeCall *call);
  /* Bytes of scratch for a call that check() has accepted; NULL: none. */
  uint32_t (*scratch)(const EdgeCall *call);
} EdgeKernel;

enum { EDGE_OPCODE_SLOTS = 34 }; /* one more than the highest number in EDGE_OPCODES */

/* The kernels of one instruction set by opcode number; NULL: the plain one. */
typedef struct EdgeKernels {
  const char *isa;
  const EdgeKernel *slot[EDGE_OPCODE_SLOTS];
} EdgeKernels;

#define X(name, stem, number, least, most, params, is_float, brief)                                          \
  _Static_assert(number < EDGE_OPCODE_SLOTS, "EDGE_OPCODE_SLOTS is too small for " #name);                   \
  extern const EdgeKernel edge_plain_##stem;
EDGE_OPCODES(X)
#undef X

extern const EdgeKernels edge_kernels_plain;
extern const EdgeKernels edge_kernels_avx2; /* x86-64 only */

/* The best kernels that this CPU can run; in hosted builds the environment variable EDGE_ISA may name lesser
   ones. */
const EdgeKernels *edge_choose_kernels(void);

/* The kernel of an opcode that the loader has accepted. */
static inline const EdgeKernel *edge_kernel_of(const EdgeKernels *kernels, unsigned opcode) {
  const EdgeKernel *kernel = kernels->slot[opcode];
  return kernel != NULL ? kernel : edge_kernels_plain.slot[opcode];
}

#endif
