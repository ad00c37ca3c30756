/*
 * kernel_case.h - one call of a kernel with random operands, for tests of kernels. Every operand has memory
 * of exactly its size, so that AddressSanitizer sees what goes beyond; constants have 64 bytes in front of
 * them, as in a file.
 *
 *     KernelCase c = kernel_case(EDGE_OP_TABLE, NULL);
 *     case_input(&c, EDGE_S8, EDGE_ARENA, 1, (uint32_t[]){100}, 1.0f, 0);
 *     case_input(&c, EDGE_S8, EDGE_CONSTANT, 1, (uint32_t[]){256}, 0.0f, 0);
 *     case_output(&c, EDGE_S8, 1, (uint32_t[]){100}, 1.0f, 0);
 *     ck_assert_int_eq(case_run(&c, &edge_kernels_plain), EDGE_OK);
 *     case_free(&c);
 */
#ifndef TESTS_SUPPORT_KERNEL_CASE_H
#define TESTS_SUPPORT_KERNEL_CASE_H

#include "runtime/kernel.h"

#define CASE_OPERANDS (EDGE_MAX_INPUTS + 1) /* inputs, then the output */
#define CASE_OUTPUT EDGE_MAX_INPUTS

typedef struct KernelCase {
  EdgeOpcode opcode;
  const void *params;
  const EdgeHooks *hooks;
  int inputs;
  EdgeTensor info[CASE_OPERANDS];
  int is_present[CASE_OPERANDS];
  uint8_t *memory[CASE_OPERANDS];
} KernelCase;

/* The same numbers in every run: xorshift, never 0. */
uint32_t case_random(void);
void case_seed(uint32_t seed);
/* One of low..high. */
int32_t case_pick(int32_t low, int32_t high);

KernelCase kernel_case(EdgeOpcode opcode, const void *params);

/* Adds an operand with random content (small whole numbers in float tensors and int32) and returns its data.
 */
void *case_input(KernelCase *c, EdgeType type, EdgeSpace space, uint32_t rank, const uint32_t *dims,
                 float scale, int32_t zero_point);
void case_absent_input(KernelCase *c);
void *case_output(KernelCase *c, EdgeType type, uint32_t rank, const uint32_t *dims, float scale,
                  int32_t zero_point);
void *case_data(KernelCase *c, int operand);
size_t case_output_bytes(const KernelCase *c);
/* Element i of an int8 or int16 operand. */
int32_t case_code(KernelCase *c, int operand, int64_t i);

/* The plain kernel's check. */
EdgeStatus case_check(KernelCase *c);
/* Fills the output with 0x5a, checks and runs; what check() says where it refuses. */
EdgeStatus case_run(KernelCase *c, const EdgeKernels *kernels);
/* True if the kernels of the best instruction set give the plain ones' bytes; also where there is no better
   one. */
int case_agrees(KernelCase *c);

void case_free(KernelCase *c);

#endif
