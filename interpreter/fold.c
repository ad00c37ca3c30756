/* Nodes with constant inputs, computed ahead. */
#include "interpreter/fold.h"

#include "interpreter/interpreter.h"

#include <stdlib.h>

/* One node's ports. */
typedef struct Folding {
  const Tensor **in;
  Tensor **out;
  InferValue *values;
} Folding;

static Status folding_new(Folding *folding, const Node *node, Error *err) {
  size_t inputs = (size_t)node->input_count, outputs = (size_t)node->output_count;
  *folding = (Folding){.in = calloc(inputs + 1, sizeof *folding->in),
                       .out = calloc(outputs + 1, sizeof *folding->out),
                       .values = calloc(inputs + outputs + 1, sizeof *folding->values)};
  if (folding->in == NULL || folding->out == NULL || folding->values == NULL) return fail_memory(err);
  for (int i = 0; i < node->input_count; i++) {
    folding->in[i] = node_constant(node, i);
    if (folding->in[i] != NULL) infer_value_of(folding->in[i], &folding->values[i]);
  }
  return OK;
}

static void folding_free(Folding *folding) {
  free(folding->in);
  free(folding->out);
  free(folding->values);
}

static size_t input_bytes(const Folding *folding, const Node *node) {
  size_t bytes = 0;
  for (int i = 0; i < node->input_count; i++)
    if (folding->in[i] != NULL) bytes += tensor_bytes(folding->in[i]);
  return bytes;
}

/* Bytes of the results, as far as inference knows them: where a shape depends on data, results are of the
   order of the inputs. False where the number overflows. */
static bool result_bytes(const Folding *folding, const Node *node, size_t *total) {
  const InferValue *out = folding->values + node->input_count;
  *total = 0;
  for (int i = 0; i < node->output_count; i++) {
    size_t bytes;
    if (!out[i].present || !out[i].has_shape || !shape_is_known(&out[i].shape)) continue;
    int64_t elements = shape_elements(&out[i].shape);
    if (elements < 0 || !size_multiply((size_t)elements, element_bytes(out[i].type), &bytes)) return false;
    if (!size_add(*total, bytes, total)) return false;
  }
  return true;
}

/* Bytes that constants of the model may still grow by. */
static size_t bytes_left(const Graph *graph) {
  if (graph->folded_bytes < FOLD_MAX_TOTAL_BYTES) return FOLD_MAX_TOTAL_BYTES - graph->folded_bytes;
  size_t held = 0;
  for (int v = 0; v < graph->value_count; v++)
    if (graph->values[v]->constant != NULL) held += tensor_bytes(graph->values[v]->constant);
  size_t own = held > graph->folded_bytes ? held - graph->folded_bytes : 0;
  size_t limit = FOLD_MAX_TOTAL_BYTES + FOLD_FACTOR * own;
  return limit > graph->folded_bytes ? limit - graph->folded_bytes : 0;
}

static bool is_within_limits(const Folding *folding, const Graph *graph, const Node *node, size_t bytes) {
  size_t limit = input_bytes(folding, node);
  if (limit < FOLD_MAX_BYTES) limit = FOLD_MAX_BYTES;
  if (bytes > limit || bytes > bytes_left(graph)) return false;
  if (node->op->cost == NULL) return true;
  const Value *result =
      node->outputs[0]; /* its cost can be told once inference has seen the node's constants */
  bool is_known = result != NULL && result->has_shape && shape_is_known(&result->shape);
  return is_known && node->op->cost(node).macs <= FOLD_MAX_MACS;
}

static void make_constants(const Folding *folding, Graph *graph, const Node *node) {
  for (int i = 0; i < node->output_count; i++) {
    Value *value = node->outputs[i];
    if (value == NULL) continue;
    graph->folded_bytes += tensor_bytes(folding->out[i]);
    value->constant = folding->out[i];
    value->type = folding->out[i]->type;
    value->has_shape = true;
    value->shape = folding->out[i]->shape;
  }
}

/* Files hold tensors only as constants. */
static bool are_tensors(const Folding *folding, const Node *node) {
  for (int i = 0; i < node->output_count; i++)
    if (folding->out[i] != NULL && !element_in(folding->out[i]->type, ELEMENTS_ANY)) return false;
  return true;
}

/* A node that fails stays where it is: it may never be run, and if it is, it says why. */
static Status compute(const Folding *folding, Graph *graph, const Node *node, bool *folded, Error *err) {
  Error own = {0};
  size_t bytes;
  if (op_infer_node(node, folding->values, folding->values + node->input_count, &own) != OK) return OK;
  if (!result_bytes(folding, node, &bytes) || !is_within_limits(folding, graph, node, bytes)) return OK;
  Status status = interpreter_run_node(node, folding->in, folding->out, &graph->arena, &own);
  if (status == SYSTEM) return fail(err, SYSTEM, "%s", own.text);
  if (status != OK || !are_tensors(folding, node)) return OK;
  make_constants(folding, graph, node);
  *folded = true;
  return OK;
}

static Status evaluate(Graph *graph, Node *node, bool *folded, Error *err) {
  Folding folding;
  *folded = false;
  Status status = folding_new(&folding, node, err);
  if (status == OK) status = compute(&folding, graph, node, folded, err);
  folding_free(&folding);
  return status;
}

static Status rebind(Graph *graph, Error *err) {
  TRY(op_bind_graph(graph, err));
  return op_infer_graph(graph, err);
}

static bool supports(const char *type, int64_t opset) {
  const Op *op = op_find("", type);
  for (int i = 0; op != NULL && i < OP_MAX_VERSIONS && op->versions[i].infer != NULL; i++)
    if (op->versions[i].since <= opset) return true;
  return false;
}

const PassHooks interpreter_pass_hooks = {.evaluate = evaluate, .rebind = rebind, .supports = supports};
