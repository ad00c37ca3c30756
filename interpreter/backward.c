#include "interpreter/backward.h"

#include "base/wide.h"
#include "interpreter/runner.h"

#include <stdlib.h>
#include <string.h>

struct Backward {
  const Graph *graph;
  Interpreter *interpreter;
  bool *flows;    /* by value: a gradient of it is needed */
  bool *is_bound; /* by value: a root depends on it */
  int most_ports;
};

/* The gradient of a value during the way back. */
typedef struct GradientSlot {
  Tensor tensor;
  Buffer *buffer; /* NULL: zero so far */
} GradientSlot;

struct Tape {
  const Backward *backward;
  Runner *runner;
  GradientSlot *slots; /* by value */
  const Tensor **in, **out_grad;
  Tensor **out, **in_grad; /* room for one node's ports */
  Tensor *made;            /* gradients of the node's inputs */
  Buffer **made_buffers;
};

/* ---- what is prepared once ---- */

/* Floats, and the codes of rows that pass the gradient straight through. */
static bool carries(const Value *value) {
  return value->type == ELEMENT_FLOAT32 || (value->producer != NULL && value->producer->op->straight_through);
}

/* Whether a gradient can come from output i. */
static bool has_gradient(const Node *node, int i) {
  return node->outputs[i] != NULL && carries(node->outputs[i]) && (node->op->statistics >> i & 1) == 0;
}

/* What a node's bodies take from the graph around it: whether a gradient of any of it is needed; `bind`: a
   root depends on all of it. */
static bool captures_flow(const Backward *backward, const Node *node, bool bind);

/* Constants that a body takes from around it are its own too, since inference. */
static bool is_from_around(const Value *inner) {
  return inner->producer == NULL && !inner->is_input;
}

static bool body_captures_flow(const Backward *backward, const Graph *body, bool bind) {
  bool any = false;
  for (int v = 0; v < body->value_count; v++) {
    if (!is_from_around(body->values[v])) continue;
    const Value *outer = graph_find_value(backward->graph, body->values[v]->name);
    if (outer == NULL) continue;
    any |= backward->flows[outer->index];
    if (bind) backward->is_bound[outer->index] = true;
  }
  for (int n = 0; n < body->node_count; n++) any |= captures_flow(backward, body->nodes[n], bind);
  return any;
}

static bool captures_flow(const Backward *backward, const Node *node, bool bind) {
  bool any = false;
  for (int i = 0; i < node->attribute_count; i++)
    if (node->attributes[i].graph != NULL)
      any |= body_captures_flow(backward, node->attributes[i].graph, bind);
  return any;
}

static bool reaches_root(const Backward *backward, const Node *node) {
  for (int i = 0; i < node->output_count; i++)
    if (has_gradient(node, i) && backward->is_bound[node->outputs[i]->index]) return true;
  return false;
}

static bool has_flowing_input(const Backward *backward, const Node *node) {
  for (int i = 0; i < node->input_count; i++)
    if (node->inputs[i] != NULL && backward->flows[node->inputs[i]->index]) return true;
  return captures_flow(backward, node, false);
}

/* A node on the way between a wanted value and a root. */
static bool is_on_path(const Backward *backward, const Node *node) {
  return has_flowing_input(backward, node) && reaches_root(backward, node);
}

static void mark_path(Backward *backward) {
  const Graph *graph = backward->graph;
  for (int n = graph->node_count - 1; n >= 0; n--) {
    const Node *node = graph->nodes[n];
    if (!reaches_root(backward, node)) continue;
    for (int i = 0; i < node->input_count; i++)
      if (node->inputs[i] != NULL) backward->is_bound[node->inputs[i]->index] = true;
    captures_flow(backward, node, true);
  }
  for (int n = 0; n < graph->node_count; n++) {
    const Node *node = graph->nodes[n];
    if (!is_on_path(backward, node)) continue;
    for (int i = 0; i < node->output_count; i++)
      if (has_gradient(node, i)) backward->flows[node->outputs[i]->index] = true;
  }
}

/* Codes are for rows that know of gradients with respect to them. */
static bool reads_codes(const Backward *backward, const Node *node) {
  for (int i = 0; i < node->input_count; i++)
    if (node->inputs[i] != NULL && backward->flows[node->inputs[i]->index] &&
        node->inputs[i]->type != ELEMENT_FLOAT32 && !node->op->straight_through)
      return true;
  return false;
}

/* NULL where the gradient goes through the node. */
static const char *obstacle_of(const Backward *backward, const Node *node) {
  if (!is_on_path(backward, node)) return NULL;
  if (captures_flow(backward, node, false)) return "its bodies read what is trained";
  if (reads_codes(backward, node)) return "it reads codes whose gradient is asked for";
  if (node->version->grad != NULL) return NULL;
  return node->op->grad_reason != NULL ? node->op->grad_reason : "";
}

/* One line for all of them: nothing is trained until every node on the way can be gone back through. */
static Status check_path(const Backward *backward, Error *err) {
  Text text = {0};
  int count = 0;
  for (int n = 0; n < backward->graph->node_count; n++) {
    const Node *node = backward->graph->nodes[n];
    const char *reason = obstacle_of(backward, node);
    if (reason == NULL) continue;
    text_add(&text, "%s'%s' (%s%s%s)", count++ > 0 ? ", " : "", node->name, node->type,
             reason[0] != 0 ? ": " : "", reason);
  }
  Status status = count == 0 ? OK
                             : fail(err, UNSUPPORTED, "cannot be trained: no gradient goes through node%s %s",
                                    count > 1 ? "s" : "", text.bytes);
  text_free(&text);
  return status;
}

static Status prepare(Backward *backward, Value *const *wanted, int wanted_count, Value *const *roots,
                      int root_count, Error *err) {
  const Graph *graph = backward->graph;
  backward->flows = calloc((size_t)graph->value_count + 1, sizeof *backward->flows);
  backward->is_bound = calloc((size_t)graph->value_count + 1, sizeof *backward->is_bound);
  if (backward->flows == NULL || backward->is_bound == NULL) return fail_memory(err);
  for (int i = 0; i < wanted_count; i++) backward->flows[wanted[i]->index] = true;
  for (int i = 0; i < root_count; i++) backward->is_bound[roots[i]->index] = true;
  for (int n = 0; n < graph->node_count; n++) {
    int ports = graph->nodes[n]->input_count + graph->nodes[n]->output_count;
    if (ports > backward->most_ports) backward->most_ports = ports;
  }
  mark_path(backward);
  TRY(check_path(backward, err));
  TRY(interpreter_new(&backward->interpreter, graph, err));
  interpreter_keep_values(backward->interpreter);
  return OK;
}

Status backward_new(Backward **backward, const Graph *graph, Value *const *wanted, int wanted_count,
                    Value *const *roots, int root_count, Error *err) {
  Backward *made = *backward = calloc(1, sizeof *made);
  if (made == NULL) return fail_memory(err);
  made->graph = graph;
  Status status = prepare(made, wanted, wanted_count, roots, root_count, err);
  if (status == OK) return OK;
  backward_free(made);
  *backward = NULL;
  return status;
}

void backward_free(Backward *backward) {
  if (backward == NULL) return;
  interpreter_free(backward->interpreter);
  free(backward->flows);
  free(backward->is_bound);
  free(backward);
}

/* ---- a tape's memory ---- */

Status tape_new(Tape **tape, const Backward *backward, Error *err) {
  Tape *made = *tape = calloc(1, sizeof *made);
  if (made == NULL) return fail_memory(err);
  size_t ports = (size_t)backward->most_ports + 1;
  made->backward = backward;
  made->slots = calloc((size_t)backward->graph->value_count + 1, sizeof *made->slots);
  made->in = calloc(ports, sizeof *made->in);
  made->out = calloc(ports, sizeof *made->out);
  made->in_grad = calloc(ports, sizeof *made->in_grad);
  made->out_grad = calloc(ports, sizeof *made->out_grad);
  made->made = calloc(ports, sizeof *made->made);
  made->made_buffers = calloc(ports, sizeof *made->made_buffers);
  bool complete = made->slots != NULL && made->in != NULL && made->out != NULL && made->in_grad != NULL &&
                  made->out_grad != NULL && made->made != NULL && made->made_buffers != NULL;
  Status status = complete ? runner_new(&made->runner, backward->interpreter, err) : fail_memory(err);
  if (status == OK) return OK;
  tape_free(made);
  *tape = NULL;
  return status;
}

void tape_free(Tape *tape) {
  if (tape == NULL) return;
  runner_free(tape->runner);
  free(tape->slots);
  free(tape->in);
  free(tape->out);
  free(tape->in_grad);
  free(tape->out_grad);
  free(tape->made);
  free(tape->made_buffers);
  free(tape);
}

static void release(GradientSlot *slot) {
  buffer_release(slot->buffer);
  *slot = (GradientSlot){0};
}

/* Memory for a float32 gradient of what `of` holds. */
static Status take(Tape *tape, const Tensor *of, Tensor *tensor, Buffer **buffer, Error *err) {
  *tensor = (Tensor){.type = ELEMENT_FLOAT32, .shape = of->shape};
  *buffer = buffers_take(runner_buffers(tape->runner), tensor_bytes(tensor), err);
  if (*buffer == NULL) return err->status;
  tensor->data = (*buffer)->data;
  return OK;
}

Status tape_forward(Tape *tape, const Tensor *const *inputs, uint64_t seed, Error *err) {
  for (int v = 0; v < tape->backward->graph->value_count; v++) release(&tape->slots[v]);
  runner_set_seed(tape->runner, seed);
  return runner_run(tape->runner, inputs, NULL, err);
}

const Tensor *tape_value(const Tape *tape, const Value *value) {
  return runner_value(tape->runner, value);
}

Tensor *tape_begin(Tape *tape, const Value *root, Error *err) {
  GradientSlot *slot = &tape->slots[root->index];
  if (slot->buffer != NULL) return &slot->tensor;
  if (take(tape, runner_value(tape->runner, root), &slot->tensor, &slot->buffer, err) != OK) return NULL;
  memset(slot->tensor.data, 0, tensor_bytes(&slot->tensor));
  return &slot->tensor;
}

const Tensor *tape_gradient(const Tape *tape, const Value *wanted) {
  const GradientSlot *slot = &tape->slots[wanted->index];
  return slot->buffer != NULL ? &slot->tensor : NULL;
}

/* ---- the way back ---- */

WIDE_LOOP static void add(float *restrict to, const float *restrict from, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i] += from[i];
}

/* The two buffers' own memory where nobody else uses it, else new memory; `to` becomes the sum. */
static Status add_slots(Tape *tape, GradientSlot *to, GradientSlot *part, Error *err) {
  if (to->buffer->users > 1) {
    GradientSlot other = *part;
    *part = *to;
    *to = other;
  }
  if (to->buffer->users > 1) {
    GradientSlot sum;
    TRY(take(tape, &to->tensor, &sum.tensor, &sum.buffer, err));
    memcpy(sum.tensor.data, to->tensor.data, tensor_bytes(&sum.tensor));
    release(to);
    *to = sum;
  }
  add(to->tensor.data, part->tensor.data, tensor_elements(&to->tensor));
  release(part);
  return OK;
}

/* Every reader of a value adds its part, the last reader first. */
static Status add_made(Tape *tape, const Node *node, int i, Error *err) {
  GradientSlot *slot = &tape->slots[node->inputs[i]->index], made = {tape->made[i], tape->made_buffers[i]};
  if (slot->buffer != NULL) return add_slots(tape, slot, &made, err);
  *slot = made;
  return OK;
}

/* False where no gradient arrives at the node. */
static bool gather_outputs(Tape *tape, const Node *node) {
  bool any = false;
  for (int i = 0; i < node->output_count; i++) {
    const Value *value = node->outputs[i];
    tape->out[i] = NULL;
    tape->out_grad[i] = NULL;
    if (value == NULL) continue;
    tape->out[i] = (Tensor *)runner_value(tape->runner, value);
    if (!has_gradient(node, i) || tape->slots[value->index].buffer == NULL) continue;
    tape->out_grad[i] = &tape->slots[value->index].tensor;
    any = true;
  }
  return any;
}

/* Whether the gradient of input i is that of the output: then it has the same memory, as other inputs may. */
static bool share_output(Tape *tape, const Node *node, int i) {
  bool passes = (i < 32 && (node->op->passes >> i & 1) != 0) || (node->op->is_alias && i == 0);
  const GradientSlot *slot = node->outputs[0] == NULL ? NULL : &tape->slots[node->outputs[0]->index];
  if (!passes || slot == NULL || slot->buffer == NULL) return false;
  if (tensor_elements(tape->in[i]) != tensor_elements(&slot->tensor)) return false;
  tape->made[i] = slot->tensor;
  tape->made[i].shape = tape->in[i]->shape;
  tape->made_buffers[i] = slot->buffer;
  buffer_share(slot->buffer);
  return true;
}

/* Memory for the gradients that are asked for; *computes: some of them have to be computed. */
static Status make_inputs(Tape *tape, const Node *node, bool *computes, Error *err) {
  *computes = false;
  for (int i = 0; i < node->input_count; i++) {
    const Value *value = node->inputs[i];
    tape->in[i] = value == NULL ? NULL : runner_value(tape->runner, value);
    tape->in_grad[i] = NULL;
    tape->made_buffers[i] = NULL;
    if (value == NULL || !tape->backward->flows[value->index] || share_output(tape, node, i)) continue;
    TRY(take(tape, tape->in[i], &tape->made[i], &tape->made_buffers[i], err));
    tape->in_grad[i] = &tape->made[i];
    *computes = true;
  }
  return OK;
}

static Status run_gradient(Tape *tape, const Node *node, Error *err) {
  RunMemory memory = runner_scratch_memory(tape->runner);
  Grad grad = {.run = {.node = node,
                       .params = node->params,
                       .input_count = node->input_count,
                       .output_count = node->output_count,
                       .in = tape->in,
                       .out = tape->out,
                       .memory = &memory,
                       .err = err},
               .out_grad = tape->out_grad,
               .in_grad = tape->in_grad};
  Status status = node->version->grad(&grad);
  runner_release_scratch(tape->runner);
  return status;
}

static Status go_through(Tape *tape, const Node *node, Error *err) {
  bool computes;
  TRY(make_inputs(tape, node, &computes, err));
  if (computes) TRY(run_gradient(tape, node, err));
  for (int i = 0; i < node->input_count; i++)
    if (tape->made_buffers[i] != NULL) TRY(add_made(tape, node, i, err));
  return OK;
}

/* What no node before this one needs. */
static void release_outputs(Tape *tape, const Node *node) {
  for (int i = 0; i < node->output_count; i++) {
    if (node->outputs[i] == NULL) continue;
    release(&tape->slots[node->outputs[i]->index]);
    runner_release_value(tape->runner, node->outputs[i]);
  }
}

Status tape_backward(Tape *tape, Error *err) {
  const Backward *backward = tape->backward;
  for (int n = backward->graph->node_count - 1; n >= 0; n--) {
    const Node *node = backward->graph->nodes[n];
    if (is_on_path(backward, node) && gather_outputs(tape, node)) TRY(go_through(tape, node, err));
    release_outputs(tape, node);
  }
  return OK;
}
