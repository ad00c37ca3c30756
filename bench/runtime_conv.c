/* Times the runtime's convolution and matrix kernels by instruction set: best of several runs, one thread. */
#include "runtime/kernel.h"

#include <stdio.h>
#include <stdlib.h>

#include <time.h>

#define FRONT 64 /* bytes before a constant, as in a file */

typedef struct Row {
  const char *name;
  int32_t size, channels, outputs, kernel, stride;
  int is_depthwise;
} Row;

static const Row rows[] = {
    {"3x3, 3 to 16", 32, 3, 16, 3, 1, 0},        {"3x3, 16 to 16", 32, 16, 16, 3, 1, 0},
    {"3x3, 16 to 32, /2", 32, 16, 32, 3, 2, 0},  {"3x3, 32 to 32", 16, 32, 32, 3, 1, 0},
    {"3x3, 32 to 64, /2", 16, 32, 64, 3, 2, 0},  {"3x3, 64 to 64", 8, 64, 64, 3, 1, 0},
    {"1x1, 16 to 32, /2", 32, 16, 32, 1, 2, 0},  {"1x1, 8 to 16", 48, 8, 16, 1, 1, 0},
    {"1x1, 128 to 128", 14, 128, 128, 1, 1, 0},  {"matrix, 1024 to 1000", 1, 1024, 1000, 1, 1, 0},
    {"depthwise 3x3, 16", 48, 16, 16, 3, 1, 1},  {"depthwise 3x3, 128", 14, 128, 128, 3, 1, 1},
    {"depthwise 3x3, 8, /2", 96, 8, 8, 3, 2, 1},
};

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static uint8_t *filled(size_t bytes) {
  size_t rounded = (FRONT + bytes + EDGE_ALIGNMENT - 1) / EDGE_ALIGNMENT * EDGE_ALIGNMENT;
  uint8_t *data = aligned_alloc(EDGE_ALIGNMENT, rounded);
  if (data == NULL) exit(5);
  for (size_t i = 0; i < rounded; i++) data[i] = (uint8_t)(i * 37 + i / 11);
  return data + FRONT;
}

static EdgeTensor tensor(EdgeType type, EdgeSpace space, int rank, uint32_t d0, uint32_t d1, uint32_t d2,
                         uint32_t d3) {
  return (EdgeTensor){.type = (uint8_t)type,
                      .space = (uint8_t)space,
                      .rank = (uint8_t)rank,
                      .dims = {d0, d1, d2, d3, 1, 1, 1, 1},
                      .elements = d0 * d1 * d2 * d3};
}

/* Best time of one call. */
static double best_of(const EdgeKernels *kernels, EdgeOpcode opcode, EdgeCall *call) {
  double best = 1e9;
  for (int repeat = 0; repeat < 30; repeat++) {
    double begin = seconds();
    edge_kernel_of(kernels, opcode)->run(call);
    double time = seconds() - begin;
    if (time < best) best = time;
  }
  return best;
}

static void measure(const Row *row) {
  uint32_t size = (uint32_t)row->size, out = (uint32_t)((row->size + row->stride - 1) / row->stride);
  uint32_t c = (uint32_t)row->channels, o = (uint32_t)row->outputs, k = (uint32_t)row->kernel;
  EdgeConvParams params = {row->stride, row->stride, 1, 1, row->kernel / 2, row->kernel / 2, 1, -128, 127, 0};
  EdgeTensor x = tensor(EDGE_S8, EDGE_ARENA, 4, 1, size, size, c);
  EdgeTensor w = tensor(EDGE_S8, EDGE_CONSTANT, 4, o, k, k, c),
             y = tensor(EDGE_S8, EDGE_ARENA, 4, 1, out, out, o);
  EdgeTensor bias = tensor(EDGE_S32, EDGE_CONSTANT, 1, o, 1, 1, 1),
             mult = tensor(EDGE_F32, EDGE_CONSTANT, 1, o, 1, 1, 1);
  double macs = (double)out * out * o * k * k * c;
  if (row->is_depthwise) {
    w = tensor(EDGE_S8, EDGE_CONSTANT, 3, k, k, o, 1);
    params.groups = row->channels;
    macs /= c;
  }
  EdgeCall call = {.in = {{&x, filled(x.elements)},
                          {&w, filled(w.elements)},
                          {&bias, filled(4 * o)},
                          {&mult, filled(4 * o)}},
                   .out = {{&y, filled(y.elements)}},
                   .params = &params};
  for (uint32_t i = 0; i < o; i++) ((float *)call.in[3].data)[i] = 1e-4f;
  EdgeOpcode opcode = row->is_depthwise ? EDGE_OP_DWCONV : EDGE_OP_CONV;
  if (edge_kernels_plain.slot[opcode]->check(&call) != EDGE_OK) exit(1);
  call.scratch = filled(edge_instruction_scratch(opcode, &call));
  double plain = best_of(&edge_kernels_plain, opcode, &call),
         best = best_of(edge_choose_kernels(), opcode, &call);
  printf("%-22s %9.0f us %6.1f GMAC/s %9.1f us %6.1f GMAC/s\n", row->name, plain * 1e6, macs / plain * 1e-9,
         best * 1e6, macs / best * 1e-9);
}

int main(void) {
  printf("%-22s %28s %29s\n", "", "plain", edge_choose_kernels()->isa);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) measure(&rows[i]);
  return 0;
}
