#include "interpreter/interpreter.h"

#include "interpreter/buffers.h"
#include "interpreter/execute.h"
#include "operators/product.h"

#include <stdlib.h>
#include <string.h>

struct Interpreter {
  const Graph *graph;
  bool plain;
  bool *is_needed; /* by node */
  int *last_use;   /* by value: index of the last node that reads it; node_count for graph outputs */
  int most_ports;  /* inputs and outputs of the node with the most */
};

/* Where a value is during a run. */
typedef struct Slot {
  Tensor tensor;
  Buffer *buffer; /* NULL: memory of the caller, or a constant */
} Slot;

struct Runner {
  const Interpreter *interpreter;
  Buffers buffers;
  Slot *slots;        /* by value */
  InferValue *values; /* room for one node's ports, as are the next two */
  const Tensor **in;
  Tensor **out;
  const Node *node; /* being run */
  bool rewrites;    /* the observer of this run does */
  Buffer **scratch; /* of the node being run */
  size_t scratch_count, scratch_capacity;
};

/* ---- what is prepared once ---- */

static void mark_needed(Interpreter *interpreter) {
  const Graph *graph = interpreter->graph;
  for (int v = 0; v < graph->value_count; v++) interpreter->last_use[v] = -1;
  for (int i = 0; i < graph->output_count; i++)
    interpreter->last_use[graph->outputs[i]->index] = graph->node_count;
  for (int n = graph->node_count - 1; n >= 0; n--) {
    const Node *node = graph->nodes[n];
    for (int i = 0; i < node->output_count; i++)
      if (node->outputs[i] != NULL && interpreter->last_use[node->outputs[i]->index] >= 0)
        interpreter->is_needed[n] = true;
    for (int i = 0; i < node->input_count && interpreter->is_needed[n]; i++)
      if (node->inputs[i] != NULL && interpreter->last_use[node->inputs[i]->index] < n)
        interpreter->last_use[node->inputs[i]->index] = n;
  }
}

static int ports_of(const Graph *graph) {
  int most = 1;
  for (int n = 0; n < graph->node_count; n++) {
    int ports = graph->nodes[n]->input_count + graph->nodes[n]->output_count;
    most = ports > most ? ports : most;
  }
  return most;
}

Status interpreter_new(Interpreter **interpreter, const Graph *graph, Error *err) {
  Interpreter *made = *interpreter = calloc(1, sizeof *made);
  if (made == NULL) return fail_memory(err);
  made->graph = graph;
  made->is_needed = calloc((size_t)graph->node_count + 1, sizeof *made->is_needed);
  made->last_use = calloc((size_t)graph->value_count + 1, sizeof *made->last_use);
  if (made->is_needed == NULL || made->last_use == NULL) {
    interpreter_free(made);
    *interpreter = NULL;
    return fail_memory(err);
  }
  product_begin();
  made->most_ports = ports_of(graph);
  mark_needed(made);
  return OK;
}

void interpreter_free(Interpreter *interpreter) {
  if (interpreter == NULL) return;
  free(interpreter->is_needed);
  free(interpreter->last_use);
  free(interpreter);
}

const Graph *interpreter_graph(const Interpreter *interpreter) {
  return interpreter->graph;
}

void interpreter_use_plain(Interpreter *interpreter) {
  interpreter->plain = true;
}

/* ---- a runner's memory ---- */

Status runner_new(Runner **runner, const Interpreter *interpreter, Error *err) {
  Runner *made = *runner = calloc(1, sizeof *made);
  if (made == NULL) return fail_memory(err);
  size_t ports = (size_t)interpreter->most_ports, slots = (size_t)interpreter->graph->value_count + 1;
  made->interpreter = interpreter;
  made->slots = calloc(slots, sizeof *made->slots);
  made->values = calloc(ports, sizeof *made->values);
  made->in = calloc(ports, sizeof *made->in);
  made->out = calloc(ports, sizeof *made->out);
  if (made->slots != NULL && made->values != NULL && made->in != NULL && made->out != NULL) return OK;
  runner_free(made);
  *runner = NULL;
  return fail_memory(err);
}

void runner_free(Runner *runner) {
  if (runner == NULL) return;
  buffers_free(&runner->buffers);
  free(runner->slots);
  free(runner->values);
  free(runner->in);
  free(runner->out);
  free(runner->scratch);
  free(runner);
}

static void release_slot(Slot *slot) {
  buffer_release(slot->buffer);
  *slot = (Slot){0};
}

static Status set_shape(void *context, int output, const Shape *shape, Error *err) {
  Runner *runner = context;
  Value *value = runner->node->outputs[output];
  Slot *slot = &runner->slots[value->index];
  int64_t elements = shape_elements(shape);
  if (elements < 0)
    return fail(err, BAD_INPUT, "node '%s' (%s): the shape of output '%s' is too large", runner->node->name,
                runner->node->type, value->name);
  slot->tensor.shape = *shape;
  slot->buffer = buffers_take(&runner->buffers, tensor_bytes(&slot->tensor), err);
  if (slot->buffer == NULL) return err->status;
  slot->tensor.data = slot->buffer->data;
  return OK;
}

static void *get_scratch(void *context, size_t bytes, Error *err) {
  Runner *runner = context;
  if (array_grow(&runner->scratch, runner->scratch_count, &runner->scratch_capacity, sizeof(Buffer *), err) !=
      OK)
    return NULL;
  Buffer *buffer = buffers_take(&runner->buffers, bytes, err);
  if (buffer == NULL) return NULL;
  runner->scratch[runner->scratch_count++] = buffer;
  return buffer->data;
}

static void release_scratch(Runner *runner) {
  while (runner->scratch_count > 0) buffer_release(runner->scratch[--runner->scratch_count]);
}

/* ---- a run ---- */

/* Gives back what no later node reads. */
static void release_inputs(Runner *runner, const Node *node) {
  const int *last_use = runner->interpreter->last_use;
  for (int i = 0; i < node->input_count; i++) {
    Value *value = node->inputs[i];
    if (value != NULL && value->constant == NULL && last_use[value->index] <= node->index)
      release_slot(&runner->slots[value->index]);
  }
}

static void release_unread_outputs(Runner *runner, const Node *node) {
  for (int i = 0; i < node->output_count; i++) {
    Value *value = node->outputs[i];
    if (value != NULL && runner->interpreter->last_use[value->index] < 0)
      release_slot(&runner->slots[value->index]);
  }
}

/* An alias shares its input's buffer. Not where the input's memory is the caller's and the result is to stay
   or to be written to. */
static bool can_share(const Runner *runner, const Node *node) {
  return node->op->is_alias && node->outputs[0] != NULL && node->output_count == 1 &&
         (runner->slots[node->inputs[0]->index].buffer != NULL ||
          (!node->outputs[0]->is_output && !runner->rewrites));
}

static Status share_input(Runner *runner, const Node *node, Error *err) {
  TRY(execute_infer(node, runner->in, runner->values, err));
  Slot *from = &runner->slots[node->inputs[0]->index], *to = &runner->slots[node->outputs[0]->index];
  *to = (Slot){.tensor = *runner->in[0], .buffer = from->buffer}; /* a constant has no slot of its own */
  to->tensor.shape = runner->values[node->input_count].shape;
  buffer_share(to->buffer);
  return OK;
}

static Status compute(Runner *runner, const Node *node, Error *err) {
  if (can_share(runner, node)) return share_input(runner, node, err);
  RunMemory memory = {.context = runner, .set_shape = set_shape, .scratch = get_scratch};
  for (int i = 0; i < node->output_count; i++)
    runner->out[i] = node->outputs[i] == NULL ? NULL : &runner->slots[node->outputs[i]->index].tensor;
  runner->node = node;
  Status status =
      execute_node(node, runner->in, runner->out, runner->values, &memory, runner->interpreter->plain, err);
  release_scratch(runner);
  return status;
}

static Status observe(const Observer *observer, const Runner *runner, const Node *node, Error *err) {
  for (int i = 0; observer != NULL && i < node->output_count; i++) {
    const Value *value = node->outputs[i];
    if (value != NULL) TRY(observer->see(observer->context, value, &runner->slots[value->index].tensor, err));
  }
  return OK;
}

static Status run_one(Runner *runner, const Node *node, const Observer *observer, Error *err) {
  for (int i = 0; i < node->input_count; i++) {
    const Value *value = node->inputs[i];
    runner->in[i] = value == NULL             ? NULL
                    : value->constant != NULL ? value->constant
                                              : &runner->slots[value->index].tensor;
  }
  TRY(compute(runner, node, err));
  TRY(observe(observer, runner, node, err));
  release_unread_outputs(runner, node);
  release_inputs(runner, node);
  return OK;
}

static Status check_input(const Value *value, const Tensor *tensor, Error *err) {
  if (tensor->type != value->type)
    return fail(err, BAD_INPUT, "input '%s' is %s, but %s is given", value->name, element_name(value->type),
                element_name(tensor->type));
  bool fits = !value->has_shape || value->shape.rank == tensor->shape.rank;
  for (int d = 0; fits && value->has_shape && d < tensor->shape.rank; d++)
    fits = !dim_is_known(value->shape.dims[d]) || value->shape.dims[d] == tensor->shape.dims[d];
  if (fits) return OK;
  Text text = {0};
  shape_print(&text, &tensor->shape, NULL);
  Status status = fail(err, BAD_INPUT, "input '%s' cannot have the shape %s", value->name, text.bytes);
  text_free(&text);
  return status;
}

/* The runner's own copy of an input, for an observer that writes to it. */
static Status own_input(Runner *runner, Slot *slot, Error *err) {
  size_t bytes = tensor_bytes(&slot->tensor);
  slot->buffer = buffers_take(&runner->buffers, bytes, err);
  if (slot->buffer == NULL) return err->status;
  if (bytes > 0) memcpy(slot->buffer->data, slot->tensor.data, bytes);
  slot->tensor.data = slot->buffer->data;
  return OK;
}

static Status take_inputs(Runner *runner, const Tensor *const *inputs, const Observer *observer, Error *err) {
  const Graph *graph = runner->interpreter->graph;
  for (int i = 0; i < graph->input_count; i++) {
    TRY(check_input(graph->inputs[i], inputs[i], err));
    Slot *slot = &runner->slots[graph->inputs[i]->index];
    *slot = (Slot){.tensor = *inputs[i]};
    if (runner->rewrites) TRY(own_input(runner, slot, err));
    if (observer != NULL) TRY(observer->see(observer->context, graph->inputs[i], &slot->tensor, err));
  }
  return OK;
}

Status runner_run(Runner *runner, const Tensor *const *inputs, const Observer *observer, Error *err) {
  const Interpreter *interpreter = runner->interpreter;
  const Graph *graph = interpreter->graph;
  for (int v = 0; v < graph->value_count; v++) release_slot(&runner->slots[v]);
  runner->rewrites = observer != NULL && observer->rewrites;
  TRY(take_inputs(runner, inputs, observer, err));
  for (int n = 0; n < graph->node_count; n++)
    if (interpreter->is_needed[n]) TRY(run_one(runner, graph->nodes[n], observer, err));
  return OK;
}

const Tensor *runner_output(const Runner *runner, int i) {
  const Value *value = runner->interpreter->graph->outputs[i];
  return value->constant != NULL ? value->constant : &runner->slots[value->index].tensor;
}
