#include "tests/support/edge_builder.h"

#include "tests/support/edge_checksums.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(int condition, const char *what) {
  if (condition) return;
  fprintf(stderr, "edge_builder: too many %s\n", what);
  abort();
}

static uint32_t aligned(uint32_t bytes) {
  return (bytes + EDGE_ALIGNMENT - 1) / EDGE_ALIGNMENT * EDGE_ALIGNMENT;
}

static EdgeTensor *add_tensor(EdgeBuilder *b, EdgeType type, uint32_t rank, const uint32_t *dims) {
  require(b->tensor_count < 64, "tensors");
  EdgeTensor *tensor = &b->tensors[b->tensor_count++];
  *tensor = (EdgeTensor){.type = (uint8_t)type, .rank = (uint8_t)rank, .elements = 1};
  for (uint32_t d = 0; d < EDGE_MAX_RANK; d++) {
    tensor->dims[d] = d < rank ? dims[d] : 1;
    tensor->elements *= tensor->dims[d];
  }
  return tensor;
}

int builder_arena(EdgeBuilder *b, EdgeType type, uint32_t rank, const uint32_t *dims, float scale,
                  int32_t zero_point) {
  EdgeTensor *tensor = add_tensor(b, type, rank, dims);
  tensor->space = EDGE_ARENA;
  tensor->scale = scale;
  tensor->zero_point = zero_point;
  tensor->offset = b->arena_bytes;
  b->arena_bytes += aligned((uint32_t)edge_tensor_bytes(tensor));
  return (int)b->tensor_count - 1;
}

int builder_constant(EdgeBuilder *b, EdgeType type, uint32_t rank, const uint32_t *dims, const void *data) {
  EdgeTensor *tensor = add_tensor(b, type, rank, dims);
  uint32_t bytes = (uint32_t)edge_tensor_bytes(tensor);
  tensor->space = EDGE_CONSTANT;
  tensor->offset = aligned(b->weights_bytes);
  require(tensor->offset + bytes <= sizeof b->weights, "weights");
  memcpy(b->weights + tensor->offset, data, bytes);
  b->weights_bytes = tensor->offset + bytes;
  return (int)b->tensor_count - 1;
}

static EdgeArg argument(EdgeBuilder *b, int index) {
  if (index < 0) return (EdgeArg){NULL, NULL};
  EdgeTensor *tensor = &b->tensors[index];
  return (EdgeArg){tensor, tensor->space == EDGE_CONSTANT ? b->weights + tensor->offset : NULL};
}

static void reserve_scratch(EdgeBuilder *b, EdgeOpcode opcode, int inputs, const int *input, int output,
                            const void *params) {
  EdgeCall call = {.params = params};
  for (int i = 0; i < inputs; i++) call.in[i] = argument(b, input[i]);
  call.out[0] = argument(b, output);
  if (edge_kernels_plain.slot[opcode]->check(&call) != EDGE_OK) return; /* the loader refuses it, too */
  uint32_t bytes = edge_instruction_scratch(opcode, &call);
  if (bytes > b->scratch_bytes) b->scratch_bytes = bytes;
}

void builder_op(EdgeBuilder *b, EdgeOpcode opcode, int inputs, const int *input, int output,
                const void *params, size_t params_bytes) {
  EdgeInstruction head = {.opcode = (uint16_t)opcode,
                          .inputs = (uint8_t)inputs,
                          .outputs = 1,
                          .params = (uint16_t)(params_bytes / 4)};
  require(b->code_words + 3 + (uint32_t)inputs + params_bytes / 4 <= 2048, "instructions");
  uint32_t *word = b->code + b->code_words;
  memcpy(word, &head, sizeof head);
  if (inputs > 0) memcpy(word + 2, input, 4 * (size_t)inputs);
  word[2 + inputs] = (uint32_t)output;
  if (params_bytes > 0) memcpy(word + 3 + inputs, params, params_bytes);
  b->code_words += 3 + (uint32_t)inputs + (uint32_t)params_bytes / 4;
  b->instruction_count++;
  reserve_scratch(b, opcode, inputs, input, output, params);
}

static uint32_t add_string(EdgeBuilder *b, const char *text) {
  uint32_t length = (uint32_t)strlen(text) + 1, at;
  if (b->strings_bytes == 0) b->strings_bytes = 1; /* the empty one */
  at = b->strings_bytes;
  require(at + length <= sizeof b->strings, "names");
  memcpy(b->strings + at, text, length);
  b->strings_bytes += length;
  return at;
}

static void add_io(EdgeBuilder *b, int which, int tensor, const char *name) {
  require(b->io_count[which] < 16, "inputs or outputs");
  uint32_t *pair = b->io[which] + 2 * b->io_count[which]++;
  pair[0] = (uint32_t)tensor;
  pair[1] = add_string(b, name);
}

void builder_input(EdgeBuilder *b, int tensor, const char *name) {
  add_io(b, 0, tensor, name);
}

void builder_output(EdgeBuilder *b, int tensor, const char *name) {
  add_io(b, 1, tensor, name);
}

void builder_self_test(EdgeBuilder *b, uint32_t seed, uint64_t hash) {
  b->has_self_test = 1;
  b->self_test[0] = seed;
  b->self_test[1] = (uint32_t)hash;
  b->self_test[2] = (uint32_t)(hash >> 32);
}

static void add_section(uint8_t *file, uint32_t *end, uint32_t type, const void *data, uint32_t bytes) {
  EdgeHeader *header = (EdgeHeader *)file;
  EdgeSection *section = (EdgeSection *)(file + sizeof *header) + header->section_count++;
  *section = (EdgeSection){.type = type, .version = 1, .required = 1, .offset = aligned(*end)};
  section->stored_bytes = section->raw_bytes = bytes;
  if (bytes > 0) memcpy(file + section->offset, data, bytes);
  *end = section->offset + bytes;
}

/* One offset a instruction: each carries the first name there is. */
static void add_layers(EdgeBuilder *b, uint8_t *file, uint32_t *end) {
  uint32_t names[256];
  require(b->instruction_count <= 256, "instructions");
  for (uint32_t i = 0; i < b->instruction_count; i++) names[i] = b->strings_bytes > 1 ? 1 : 0;
  add_section(file, end, EDGE_SECTION_LAYERS, names, 4 * b->instruction_count);
}

static void add_io_section(EdgeBuilder *b, uint8_t *file, uint32_t *end) {
  uint32_t words[2 + 64] = {b->io_count[0], b->io_count[1]};
  memcpy(words + 2, b->io[0], 8 * (size_t)b->io_count[0]);
  memcpy(words + 2 + 2 * b->io_count[0], b->io[1], 8 * (size_t)b->io_count[1]);
  add_section(file, end, EDGE_SECTION_IO, words, 8 + 8 * (b->io_count[0] + b->io_count[1]));
}

uint8_t *builder_finish(EdgeBuilder *b, size_t *bytes) {
  const uint32_t most = sizeof *b + 8192;
  uint8_t *file = calloc(1, most);
  require(file != NULL, "bytes");
  EdgeHeader *header = (EdgeHeader *)file;
  uint32_t end = (uint32_t)(sizeof *header + 7 * sizeof(EdgeSection));
  if (!b->has_self_test) end -= (uint32_t)sizeof(EdgeSection);
  if (b->strings_bytes == 0) b->strings_bytes = 1;
  add_section(file, &end, EDGE_SECTION_TENSORS, b->tensors, b->tensor_count * (uint32_t)sizeof(EdgeTensor));
  add_section(file, &end, EDGE_SECTION_CODE, b->code, 4 * b->code_words);
  add_section(file, &end, EDGE_SECTION_WEIGHTS, b->weights, b->weights_bytes);
  add_io_section(b, file, &end);
  add_section(file, &end, EDGE_SECTION_STRINGS, b->strings, b->strings_bytes);
  add_layers(b, file, &end);
  if (b->has_self_test) add_section(file, &end, EDGE_SECTION_SELF_TEST, b->self_test, 12);
  header->magic = EDGE_MAGIC;
  header->version = EDGE_FORMAT_VERSION;
  header->flags = b->flags;
  header->file_bytes = end;
  header->scratch_offset = b->arena_bytes;
  header->arena_bytes = b->arena_bytes + aligned(b->scratch_bytes);
  edge_fix_checksums(file, end);
  *bytes = end;
  return file;
}
