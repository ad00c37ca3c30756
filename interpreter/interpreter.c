#include "interpreter/interpreter.h"

#include "interpreter/body.h"
#include "interpreter/execute.h"
#include "interpreter/runner.h"
#include "operators/product.h"

#include <stdlib.h>
#include <string.h>

struct Interpreter {
  const Graph *graph;
  bool plain;
  bool keeps;      /* every value until the next run */
  bool *is_needed; /* by node */
  int *last_use;   /* by value: index of the last node that reads it; node_count for graph outputs */
  int most_ports;  /* inputs and outputs of the node with the most */
  Bodies bodies;   /* of its control-flow nodes */
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
  uint64_t seed;
  Buffer **scratch; /* of the node being run */
  size_t scratch_count, scratch_capacity;
  Runner **bodies; /* one for each of the interpreter's bodies */
};

/* ---- what is prepared once ---- */

static void mark_read(Interpreter *interpreter, int value, int node) {
  if (interpreter->last_use[value] < node) interpreter->last_use[value] = node;
}

static void mark_captured(Interpreter *interpreter, const Node *node) {
  for (int b = 0; b < interpreter->bodies.count; b++) {
    const Body *body = &interpreter->bodies.list[b];
    for (int c = 0; body->node == node && c < body->capture_count; c++)
      mark_read(interpreter, body->captures[c].outer, node->index);
  }
}

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
    if (!interpreter->is_needed[n]) continue;
    for (int i = 0; i < node->input_count; i++)
      if (node->inputs[i] != NULL) mark_read(interpreter, node->inputs[i]->index, n);
    mark_captured(interpreter, node);
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
  Status status = made->is_needed == NULL || made->last_use == NULL ? fail_memory(err)
                                                                    : bodies_new(&made->bodies, graph, err);
  if (status != OK) {
    interpreter_free(made);
    *interpreter = NULL;
    return status;
  }
  product_begin();
  made->most_ports = ports_of(graph);
  mark_needed(made);
  return OK;
}

void interpreter_free(Interpreter *interpreter) {
  if (interpreter == NULL) return;
  bodies_free(&interpreter->bodies);
  free(interpreter->is_needed);
  free(interpreter->last_use);
  free(interpreter);
}

const Graph *interpreter_graph(const Interpreter *interpreter) {
  return interpreter->graph;
}

void interpreter_use_plain(Interpreter *interpreter) {
  interpreter->plain = true;
  for (int b = 0; b < interpreter->bodies.count; b++)
    interpreter_use_plain(interpreter->bodies.list[b].interpreter);
}

void interpreter_keep_values(Interpreter *interpreter) {
  interpreter->keeps = true;
}

/* ---- a runner's memory ---- */

static Status add_body_runners(Runner *runner, Error *err) {
  const Bodies *bodies = &runner->interpreter->bodies;
  runner->bodies = calloc((size_t)bodies->count + 1, sizeof *runner->bodies);
  if (runner->bodies == NULL) return fail_memory(err);
  for (int b = 0; b < bodies->count; b++)
    TRY(runner_new(&runner->bodies[b], bodies->list[b].interpreter, err));
  return OK;
}

Status runner_new(Runner **runner, const Interpreter *interpreter, Error *err) {
  Runner *made = *runner = calloc(1, sizeof *made);
  if (made == NULL) return fail_memory(err);
  size_t ports = (size_t)interpreter->most_ports, slots = (size_t)interpreter->graph->value_count + 1;
  made->interpreter = interpreter;
  made->slots = calloc(slots, sizeof *made->slots);
  made->values = calloc(ports, sizeof *made->values);
  made->in = calloc(ports, sizeof *made->in);
  made->out = calloc(ports, sizeof *made->out);
  bool complete = made->slots != NULL && made->values != NULL && made->in != NULL && made->out != NULL;
  Status status = complete ? add_body_runners(made, err) : fail_memory(err);
  if (status == OK) return OK;
  runner_free(made);
  *runner = NULL;
  return status;
}

void runner_free(Runner *runner) {
  if (runner == NULL) return;
  for (int b = 0; runner->bodies != NULL && b < runner->interpreter->bodies.count; b++)
    runner_free(runner->bodies[b]);
  free(runner->bodies);
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

void runner_release_scratch(Runner *runner) {
  while (runner->scratch_count > 0) buffer_release(runner->scratch[--runner->scratch_count]);
}

Buffers *runner_buffers(Runner *runner) {
  return &runner->buffers;
}

void runner_release_value(Runner *runner, const Value *value) {
  release_slot(&runner->slots[value->index]);
}

RunMemory runner_scratch_memory(Runner *runner) {
  return (RunMemory){.context = runner, .seed = runner->seed, .scratch = get_scratch};
}

void runner_set_seed(Runner *runner, uint64_t seed) {
  runner->seed = seed;
  for (int b = 0; b < runner->interpreter->bodies.count; b++) runner_set_seed(runner->bodies[b], seed);
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
  const Bodies *bodies = &runner->interpreter->bodies;
  for (int b = 0; b < bodies->count; b++)
    for (int c = 0; bodies->list[b].node == node && c < bodies->list[b].capture_count; c++) {
      int value = bodies->list[b].captures[c].outer;
      if (last_use[value] <= node->index) release_slot(&runner->slots[value]);
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

static Status run_nodes(Runner *runner, const Observer *observer, Error *err);

static const Tensor *tensor_of(const Runner *runner, const Value *value) {
  return value->constant != NULL ? value->constant : &runner->slots[value->index].tensor;
}

static void release_all(Runner *runner) {
  for (int v = 0; v < runner->interpreter->graph->value_count; v++) release_slot(&runner->slots[v]);
}

/* Serves a control-flow kernel; no observer sees what is inside. */
static Status run_in_body(void *context, const Graph *graph, const Tensor *const *inputs,
                          const Tensor **outputs, Error *err) {
  Runner *runner = context;
  int b = bodies_find(&runner->interpreter->bodies, graph);
  const Body *body = &runner->interpreter->bodies.list[b];
  Runner *inner = runner->bodies[b];
  release_all(inner);
  for (int c = 0; c < body->capture_count; c++) {
    const Value *outside = runner->interpreter->graph->values[body->captures[c].outer];
    inner->slots[body->captures[c].inner] = (Slot){.tensor = *tensor_of(runner, outside)};
  }
  for (int i = 0; i < graph->input_count; i++)
    inner->slots[graph->inputs[i]->index] = (Slot){.tensor = *inputs[i]};
  TRY(run_nodes(inner, NULL, err));
  for (int i = 0; i < graph->output_count; i++) outputs[i] = runner_output(inner, i);
  return OK;
}

static Status compute(Runner *runner, const Node *node, Error *err) {
  if (can_share(runner, node)) return share_input(runner, node, err);
  RunMemory memory = runner_scratch_memory(runner);
  memory.set_shape = set_shape;
  memory.body = run_in_body;
  for (int i = 0; i < node->output_count; i++)
    runner->out[i] = node->outputs[i] == NULL ? NULL : &runner->slots[node->outputs[i]->index].tensor;
  runner->node = node;
  Status status =
      execute_node(node, runner->in, runner->out, runner->values, &memory, runner->interpreter->plain, err);
  runner_release_scratch(runner);
  return status;
}

static Status observe(const Observer *observer, const Runner *runner, const Node *node, Error *err) {
  for (int i = 0; observer != NULL && i < node->output_count; i++) {
    const Value *value = node->outputs[i];
    if (value != NULL) TRY(observer->see(observer->context, value, &runner->slots[value->index].tensor, err));
  }
  return OK;
}

/* Weights that may leave RAM do so once they have been used. */
static void release_constants(const Runner *runner, const Node *node) {
  const Graph *graph = runner->interpreter->graph;
  size_t least = graph->arena.spill_from;
  for (int i = 0; least > 0 && i < node->input_count; i++)
    if (node->inputs[i] != NULL && node->inputs[i]->constant != NULL &&
        tensor_bytes(node->inputs[i]->constant) >= least)
      graph_release(graph);
}

static Status run_one(Runner *runner, const Node *node, const Observer *observer, Error *err) {
  for (int i = 0; i < node->input_count; i++) {
    const Value *value = node->inputs[i];
    runner->in[i] = value == NULL ? NULL : tensor_of(runner, value);
  }
  TRY(compute(runner, node, err));
  TRY(observe(observer, runner, node, err));
  if (!runner->interpreter->keeps) {
    release_unread_outputs(runner, node);
    release_inputs(runner, node);
  }
  release_constants(runner, node);
  return OK;
}

static Status check_input(const Value *value, const Tensor *tensor, Error *err) {
  if (tensor->type != value->type && value->type != ELEMENT_OPTIONAL) /* which takes what it would hold too */
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

static Status run_nodes(Runner *runner, const Observer *observer, Error *err) {
  const Interpreter *interpreter = runner->interpreter;
  for (int n = 0; n < interpreter->graph->node_count; n++)
    if (interpreter->is_needed[n]) TRY(run_one(runner, interpreter->graph->nodes[n], observer, err));
  return OK;
}

Status runner_run(Runner *runner, const Tensor *const *inputs, const Observer *observer, Error *err) {
  release_all(runner);
  runner->rewrites = observer != NULL && observer->rewrites;
  TRY(take_inputs(runner, inputs, observer, err));
  return run_nodes(runner, observer, err);
}

const Tensor *runner_output(const Runner *runner, int i) {
  return tensor_of(runner, runner->interpreter->graph->outputs[i]);
}

const Tensor *runner_value(const Runner *runner, const Value *value) {
  const Tensor *tensor = tensor_of(runner, value);
  return tensor->type != ELEMENT_NONE ? tensor : NULL;
}
