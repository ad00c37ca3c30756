/* The edge loader on anything: a file that it accepts runs, and touches nothing outside itself and its arena.
   Checksums are set right first, so that what is behind them is reached. */
#include "tests/support/edge_checksums.h"

#define MAX_ARENA ((size_t)64 << 20)
#define MAX_WORK (1u << 28)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* More than an instruction can multiply and add: elements of the result times those of its largest input. */
static uint64_t work_of(const EdgeModel *model, const EdgeInstruction *instruction) {
  uint64_t most = 1;
  for (int i = 0; i < instruction->inputs; i++)
    if (instruction->words[i] >= 0 && model->tensors[instruction->words[i]].elements > most)
      most = model->tensors[instruction->words[i]].elements;
  return most * model->tensors[instruction->words[instruction->inputs]].elements;
}

static int is_quick(const EdgeModel *model) {
  uint64_t work = 0;
  for (uint32_t at = 0; at < model->code_bytes;) {
    const EdgeInstruction *instruction = (const EdgeInstruction *)(model->code + at);
    work += work_of(model, instruction);
    if (work > MAX_WORK) return 0;
    at += edge_instruction_bytes(instruction);
  }
  return 1;
}

static void run(const EdgeModel *model) {
  size_t bytes = (edge_arena_bytes(model) + EDGE_ALIGNMENT) / EDGE_ALIGNMENT * EDGE_ALIGNMENT;
  void *arena = aligned_alloc(EDGE_ALIGNMENT, bytes);
  uint64_t hash = 0;
  if (arena == NULL) return;
  memset(arena, 0x5a, bytes);
  edge_run(model, arena, NULL);
  edge_self_test_hash(model, arena, 1, NULL, &hash);
  free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
  uint8_t *file = calloc(1, bytes + 1);
  EdgeModel model;
  if (file == NULL) return 0;
  if (bytes > 0) memcpy(file, data, bytes);
  edge_load(&model, file, bytes); /* as it is */
  edge_fix_checksums(file, bytes);
  if (edge_load(&model, file, bytes) == EDGE_OK && edge_arena_bytes(&model) <= MAX_ARENA && is_quick(&model))
    run(&model);
  free(file);
  return 0;
}
