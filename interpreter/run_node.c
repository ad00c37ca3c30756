/* One node by itself, its results in an arena. */
#include "interpreter/execute.h"
#include "interpreter/interpreter.h"

#include <stdlib.h>

typedef struct ArenaMemory {
  Arena *arena;  /* of the results */
  Arena scratch; /* until the node is done */
  Tensor **out;
} ArenaMemory;

static Status set_shape(void *context, int output, const Shape *shape, Error *err) {
  ArenaMemory *memory = context;
  Tensor *tensor = memory->out[output];
  int64_t elements = shape_elements(shape);
  if (elements < 0) return fail(err, BAD_INPUT, "a result's shape is too large");
  tensor->shape = *shape;
  tensor->data = arena_new(memory->arena, (size_t)elements, element_bytes(tensor->type), err);
  return tensor->data != NULL ? OK : err->status;
}

static void *get_scratch(void *context, size_t bytes, Error *err) {
  ArenaMemory *memory = context;
  return arena_new(&memory->scratch, bytes < 4096 ? 4096 : bytes, 1, err); /* large enough to be aligned */
}

Status interpreter_run_node(const Node *node, const Tensor *const *inputs, Tensor **outputs, Arena *arena,
                            Error *err) {
  ArenaMemory own = {.arena = arena, .out = outputs};
  RunMemory memory = {.context = &own, .set_shape = set_shape, .scratch = get_scratch};
  InferValue *values = calloc((size_t)(node->input_count + node->output_count), sizeof *values);
  if (values == NULL) return fail_memory(err);
  Status status = OK;
  for (int i = 0; i < node->output_count && status == OK; i++) {
    outputs[i] = node->outputs[i] == NULL ? NULL : arena_new(arena, 1, sizeof(Tensor), err);
    if (outputs[i] == NULL && node->outputs[i] != NULL) status = err->status;
  }
  if (status == OK) status = execute_node(node, inputs, outputs, values, &memory, true, err);
  free(values);
  arena_free(&own.scratch);
  return status;
}
