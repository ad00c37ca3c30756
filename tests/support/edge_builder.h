/*
 * edge_builder.h - makes small `.edge` files in memory, for tests of the runtime.
 *
 *     EdgeBuilder b = {0};
 *     int x = builder_arena(&b, EDGE_S8, 2, (uint32_t[]){1, 8}, 0.1f, 0);
 *     int y = builder_arena(&b, EDGE_F32, 2, (uint32_t[]){1, 8}, 0.0f, 0);
 *     builder_op(&b, EDGE_OP_DEQUANTIZE, 1, (int[]){x}, y, NULL, 0);
 *     builder_input(&b, x, "x");
 *     builder_output(&b, y, "y");
 *     size_t bytes;
 *     uint8_t *file = builder_finish(&b, &bytes);   // free() it
 *
 * Every tensor has its own place in the arena. Too many of anything ends the process.
 */
#ifndef TESTS_SUPPORT_EDGE_BUILDER_H
#define TESTS_SUPPORT_EDGE_BUILDER_H

#include "runtime/program.h"

typedef struct EdgeBuilder {
  EdgeTensor tensors[64];
  uint32_t tensor_count, arena_bytes, scratch_bytes;
  uint8_t weights[1 << 16];
  uint32_t weights_bytes;
  uint32_t code[2048];
  uint32_t code_words, instruction_count;
  uint32_t io[2][32]; /* tensor, name pairs of inputs and of outputs */
  uint32_t io_count[2];
  char strings[1024];
  uint32_t strings_bytes;
  uint32_t self_test[3];
  int has_self_test;
  uint16_t flags;
} EdgeBuilder;

/* Adds a tensor and returns its index. `data`: elements as stored. */
int builder_arena(EdgeBuilder *b, EdgeType type, uint32_t rank, const uint32_t *dims, float scale,
                  int32_t zero_point);
int builder_constant(EdgeBuilder *b, EdgeType type, uint32_t rank, const uint32_t *dims, const void *data);

/* Adds an instruction with one result; an input of -1 is absent. Scratch is reserved as the runtime asks. */
void builder_op(EdgeBuilder *b, EdgeOpcode opcode, int inputs, const int *input, int output,
                const void *params, size_t params_bytes);

void builder_input(EdgeBuilder *b, int tensor, const char *name);
void builder_output(EdgeBuilder *b, int tensor, const char *name);
void builder_self_test(EdgeBuilder *b, uint32_t seed, uint64_t hash);

/* The file; to be freed. */
uint8_t *builder_finish(EdgeBuilder *b, size_t *bytes);

#endif
