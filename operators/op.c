/* The table of rows, and what rows call. */
#include "operators/op.h"

#include "operators/op_table.h"

#include <stdio.h>
#include <string.h>

int op_count(void) {
  return op_table_length;
}

const Op *op_at(int i) {
  return op_table[i];
}

static const char *domain_of(const Op *op) {
  return op->domain == NULL ? "" : op->domain;
}

/* A hundred-odd rows and a few thousand nodes at the most: a search from front to back is fast enough. */
const Op *op_find(const char *domain, const char *name) {
  for (int i = 0; i < op_table_length; i++)
    if (strcmp(op_table[i]->name, name) == 0 && strcmp(domain_of(op_table[i]), domain) == 0)
      return op_table[i];
  return NULL;
}

const char *op_role_name(OpRole role) {
  switch (role) {
#define X(name, text)                                                                                        \
  case ROLE_##name:                                                                                          \
    return text;
    OP_ROLES(X)
#undef X
  }
  return "";
}

static bool has_float_output(const Node *node) {
  for (int i = 0; i < node->output_count; i++)
    if (node->outputs[i] != NULL && element_is_float(node->outputs[i]->type)) return true;
  return false;
}

OpRole op_role(const Node *node, const char **reason) {
  const char *ignored, **text = reason != NULL ? reason : &ignored;
  *text = node->op->role_reason;
  if (!has_float_output(node)) return ROLE_INDEX;
  return node->op->role_of != NULL ? node->op->role_of(node, text) : node->op->role;
}

static Status fail_at(const Node *node, Error *err, const char *format, va_list args) {
  char text[1024];
  vsnprintf(text, sizeof text, format, args);
  return fail(err, BAD_INPUT, "node '%s' (%s): %s", node->name, node->type, text);
}

Status infer_fail(const Infer *infer, const char *format, ...) {
  va_list args;
  va_start(args, format);
  Status status = fail_at(infer->node, infer->err, format, args);
  va_end(args);
  return status;
}

Status run_fail(Run *run, const char *format, ...) {
  va_list args;
  va_start(args, format);
  Status status = fail_at(run->node, run->err, format, args);
  va_end(args);
  return status;
}

Status run_set_shape(Run *run, int i, const Shape *shape) {
  return run->memory->set_shape(run->memory->context, i, shape, run->err);
}

void *run_scratch(Run *run, size_t bytes) {
  return run->memory->scratch(run->memory->context, bytes, run->err);
}

Status run_body(Run *run, const Graph *body, const Tensor *const *inputs, const Tensor **outputs) {
  if (run->memory->body == NULL) return run_fail(run, "its body needs a whole graph to run in");
  return run->memory->body(run->memory->context, body, inputs, outputs, run->err);
}
