#include "tests/support/node_case.h"

#include "interpreter/execute.h"
#include "interpreter/interpreter.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static Status set_shape(void *context, int output, const Shape *shape, Error *err) {
  NodeCase *c = context;
  Tensor *made = tensor_new(&c->arena, c->out[output]->type, shape, err);
  if (made == NULL) return err->status;
  *c->out[output] = *made;
  return OK;
}

static void *get_scratch(void *context, size_t bytes, Error *err) {
  NodeCase *c = context;
  return arena_new(&c->scratch, bytes < 4096 ? 4096 : bytes, 1, err); /* large enough to be aligned */
}

/* A node with a body needs a whole interpreter. */
static Status run_graph(NodeCase *c, NodeKernel kernel, Error *err) {
  const Tensor *inputs[SAMPLE_MAX_INPUTS];
  int count = 0;
  for (int i = 0; i < c->sample.input_count; i++)
    if (c->sample.inputs[i] != NULL && c->sample.node->inputs[i]->constant == NULL)
      inputs[count++] = c->sample.inputs[i];
  Interpreter *interpreter = NULL;
  Runner *runner = NULL;
  Status status = interpreter_new(&interpreter, c->sample.graph, err);
  if (status == OK && kernel == NODE_PLAIN) interpreter_use_plain(interpreter);
  if (status == OK) status = runner_new(&runner, interpreter, err);
  if (status == OK) status = runner_run(runner, inputs, NULL, err);
  for (int i = 0; status == OK && i < c->sample.node->output_count; i++) {
    const Tensor *result = runner_output(runner, i);
    c->out[i] = tensor_new(&c->arena, result->type, &result->shape, err);
    if (c->out[i] == NULL) status = err->status;
    if (c->out[i] != NULL && tensor_bytes(result) > 0)
      memcpy(c->out[i]->data, result->data, tensor_bytes(result));
  }
  runner_free(runner);
  interpreter_free(interpreter);
  return status;
}

static bool has_body(const Node *node) {
  for (int a = 0; a < node->attribute_count; a++)
    if (node->attributes[a].graph != NULL) return true;
  return false;
}

static Status run(NodeCase *c, NodeKernel kernel, Error *err) {
  const Node *node = c->sample.node;
  if (has_body(node)) return run_graph(c, kernel, err);
  RunMemory memory = {.context = c, .set_shape = set_shape, .scratch = get_scratch};
  for (int i = 0; i < node->output_count; i++)
    if (node->outputs[i] != NULL && (c->out[i] = arena_new(&c->arena, 1, sizeof(Tensor), err)) == NULL)
      return err->status;
  InferValue *values =
      arena_new(&c->arena, (size_t)(node->input_count + node->output_count), sizeof *values, err);
  if (values == NULL) return err->status;
  return execute_node(node, c->sample.inputs, c->out, values, &memory, kernel == NODE_PLAIN, err);
}

Status node_case_run(NodeCase *c, const Op *op, const char *inputs, const char *attributes, NodeKernel kernel,
                     Error *err) {
  *c = (NodeCase){0};
  TRY(sample_build(op, &(OpSample){inputs, attributes}, 0, &c->sample, err));
  Status status = op_bind_graph(c->sample.graph, err);
  if (status == OK) status = op_infer_graph(c->sample.graph, err);
  if (status == OK) status = run(c, kernel, err);
  if (status != OK) node_case_free(c);
  return status;
}

void node_case_free(NodeCase *c) {
  graph_free(c->sample.graph);
  arena_free(&c->arena);
  arena_free(&c->scratch);
  *c = (NodeCase){0};
}

Status node_case_infer(const NodeCase *c, const InferValue *in, InferValue *out, Error *err) {
  return op_infer_node(c->sample.node, in, out, err);
}

const Tensor *node_case_tensor(const char *text, SampleCase *holder) {
  Error err = {0};
  ck_assert_msg(sample_build(op_find("", "Identity"), &(OpSample){text, NULL}, 0, holder, &err) == OK, "%s",
                err.text);
  ck_assert_int_eq(holder->input_count, 1);
  return holder->inputs[0];
}
