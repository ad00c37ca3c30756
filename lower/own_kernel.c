/* Runs reference kernels while lowering. */
#include "lower/own_kernel.h"

#define MAX_INPUTS 8

static Status keep_shape(void *context, int output, const Shape *shape, Error *err) {
  (void)context;
  (void)output;
  (void)shape;
  return fail(err, UNSUPPORTED, "an operator whose result has another shape than was inferred");
}

static void *scratch(void *context, size_t bytes, Error *err) {
  return arena_new(context, bytes, 1, err);
}

Status run_own_kernel(Builder *b, const Node *node, const Value *x, const Tensor *in, Tensor *out) {
  Arena arena = {0};
  RunMemory memory = {.context = &arena, .set_shape = keep_shape, .scratch = scratch};
  const Tensor *inputs[MAX_INPUTS] = {0};
  if (b->status != OK) return b->status;
  if (node->input_count > MAX_INPUTS)
    return build_fail(b, UNSUPPORTED, "a function of more than %d inputs", MAX_INPUTS);
  for (int i = 0; i < node->input_count; i++) {
    const Value *value = node->inputs[i];
    inputs[i] = value == x ? in : value == NULL ? NULL : value->constant;
  }
  Run run = {.node = node,
             .params = node->params,
             .input_count = node->input_count,
             .output_count = 1,
             .in = inputs,
             .out = (Tensor *const[]){out},
             .memory = &memory,
             .err = b->err};
  b->status = node->version->run(&run);
  arena_free(&arena);
  return b->status;
}
