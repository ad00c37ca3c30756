#include "tests/support/kernel_case.h"

#include "runtime/kernels/plain/checks.h"

#include <stdlib.h>
#include <string.h>

#define OUTPUT CASE_OUTPUT
#define FRONT 64

static _Thread_local uint32_t state = 1;

void case_seed(uint32_t seed) {
  state = seed * 2654435761u | 1;
}

uint32_t case_random(void) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

int32_t case_pick(int32_t low, int32_t high) {
  return low + (int32_t)((case_random() >> 8) % (uint32_t)(high - low + 1));
}

KernelCase kernel_case(EdgeOpcode opcode, const void *params) {
  return (KernelCase){.opcode = opcode, .params = params};
}

void *case_data(KernelCase *c, int operand) {
  return c->memory[operand] + FRONT;
}

size_t case_output_bytes(const KernelCase *c) {
  return c->info[OUTPUT].elements * edge_element_bytes(&c->info[OUTPUT]);
}

int32_t case_code(KernelCase *c, int operand, int64_t i) {
  const void *data = case_data(c, operand);
  return c->info[operand].type == EDGE_S16 ? ((const int16_t *)data)[i] : ((const int8_t *)data)[i];
}

static void fill(KernelCase *c, int operand) {
  uint8_t *bytes = case_data(c, operand);
  const EdgeTensor *info = &c->info[operand];
  for (uint32_t i = 0; i < info->elements; i++) {
    int32_t whole = case_pick(-1000, 1000);
    float real = (float)whole * 0.125f;
    if (info->type == EDGE_F32)
      memcpy(bytes + 4 * (size_t)i, &real, 4);
    else if (info->type == EDGE_S32)
      memcpy(bytes + 4 * (size_t)i, &whole, 4);
    else if (info->type == EDGE_BOOL)
      bytes[i] = (uint8_t)(whole & 1);
    else if (info->type == EDGE_S4 && i % 2 == 0)
      bytes[i / 2] = (uint8_t)(case_random() >> 24 & (i + 1 < info->elements ? 0xff : 0x0f));
    else
      for (size_t b = 0; b < edge_element_bytes(info); b++)
        bytes[i * edge_element_bytes(info) + b] = (uint8_t)(case_random() >> 24);
  }
}

static void *add(KernelCase *c, int operand, EdgeTensor info, uint32_t rank, const uint32_t *dims) {
  info.rank = (uint8_t)rank;
  info.elements = 1;
  for (uint32_t d = 0; d < EDGE_MAX_RANK; d++) {
    info.dims[d] = d < rank ? dims[d] : 1;
    info.elements *= info.dims[d];
  }
  c->info[operand] = info;
  c->is_present[operand] = 1;
  c->memory[operand] = malloc(FRONT + edge_tensor_bytes(&info));
  if (c->memory[operand] == NULL) abort();
  memset(c->memory[operand], 0x7f, FRONT);
  fill(c, operand);
  return case_data(c, operand);
}

void *case_input(KernelCase *c, EdgeType type, EdgeSpace space, uint32_t rank, const uint32_t *dims,
                 float scale, int32_t zero_point) {
  EdgeTensor info = {
      .type = (uint8_t)type, .space = (uint8_t)space, .scale = scale, .zero_point = zero_point};
  return add(c, c->inputs++, info, rank, dims);
}

void case_absent_input(KernelCase *c) {
  c->inputs++;
}

void *case_output(KernelCase *c, EdgeType type, uint32_t rank, const uint32_t *dims, float scale,
                  int32_t zero_point) {
  EdgeTensor info = {.type = (uint8_t)type, .scale = scale, .zero_point = zero_point};
  return add(c, OUTPUT, info, rank, dims);
}

static EdgeCall call_of(KernelCase *c) {
  EdgeCall call = {.params = c->params, .hooks = c->hooks};
  for (int i = 0; i < c->inputs; i++)
    if (c->is_present[i]) call.in[i] = (EdgeArg){&c->info[i], case_data(c, i)};
  call.out[0] = (EdgeArg){&c->info[OUTPUT], case_data(c, OUTPUT)};
  return call;
}

EdgeStatus case_check(KernelCase *c) {
  EdgeCall call = call_of(c);
  for (int i = 0; i < c->inputs; i++)
    if (c->info[i].space == EDGE_ARENA) call.in[i].data = NULL;
  call.out[0].data = NULL;
  return edge_kernels_plain.slot[c->opcode]->check(&call);
}

EdgeStatus case_run(KernelCase *c, const EdgeKernels *kernels) {
  EdgeCall call = call_of(c);
  EdgeStatus status = case_check(c);
  if (status != EDGE_OK) return status;
  uint32_t scratch = edge_instruction_scratch(c->opcode, &call);
  call.scratch = malloc(scratch + 1);
  if (call.scratch == NULL) abort();
  memset(call.scratch, 0xa5, scratch);
  call.kernels = kernels;
  memset(case_data(c, OUTPUT), 0x5a, case_output_bytes(c));
  status = edge_kernel_of(kernels, c->opcode)->run(&call);
  free(call.scratch);
  return status;
}

int case_agrees(KernelCase *c) {
  if (case_run(c, &edge_kernels_plain) != EDGE_OK) return 0;
  uint8_t *plain = malloc(case_output_bytes(c));
  if (plain == NULL) abort();
  memcpy(plain, case_data(c, OUTPUT), case_output_bytes(c));
  int agrees = case_run(c, edge_choose_kernels()) == EDGE_OK &&
               memcmp(plain, case_data(c, OUTPUT), case_output_bytes(c)) == 0;
  free(plain);
  return agrees;
}

void case_free(KernelCase *c) {
  for (int i = 0; i < CASE_OPERANDS; i++) free(c->memory[i]);
}
