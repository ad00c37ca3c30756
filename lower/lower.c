/* The driver: walks the nodes in order, each by its role. */
#include "lower/lower.h"

#include "lower/roles.h"

typedef Status (*LowerFunction)(Builder *b);

/* What each role does with a node whose tensors are in codes. */
static const LowerFunction by_role[] = {
    [ROLE_LINEAR] = lower_linear,   [ROLE_SAME_SCALE] = lower_same_scale,
    [ROLE_VIEW] = lower_view,       [ROLE_TABLE] = lower_table,
    [ROLE_SUM] = lower_sum,         [ROLE_PRODUCT] = lower_product,
    [ROLE_PICK] = lower_pick,       [ROLE_AVERAGE] = lower_average,
    [ROLE_SOFTMAX] = lower_softmax, [ROLE_NORM] = lower_norm,
    [ROLE_GATHER] = lower_gather,   [ROLE_RECURRENT] = lower_float,
    [ROLE_INDEX] = lower_index,     [ROLE_FLOAT] = lower_float,
};

/* Roles that only move elements do so in whatever form they are. */
static bool takes_any_form(OpRole role) {
  return role == ROLE_SAME_SCALE || role == ROLE_VIEW || role == ROLE_GATHER || role == ROLE_INDEX;
}

/* Or, where it is internal, the output of its one user. */
static bool is_written(const Builder *b, const Value *value) {
  while (!build_has(b, value) && value->spec != NULL && value->spec->kind == QUANT_INTERNAL &&
         value->user_count == 1)
    value = value->users[0]->outputs[0];
  return build_has(b, value);
}

/* True if an earlier instruction has written all outputs already, because this node was fused into it. */
static bool is_done(const Builder *b, const Node *node) {
  for (int i = 0; i < node->output_count; i++)
    if (node->outputs[i] != NULL && !is_written(b, node->outputs[i])) return false;
  return true;
}

static Status check_value(Builder *b, const Value *value) {
  if (!value->has_shape || !shape_is_known(&value->shape))
    return build_fail(b, UNSUPPORTED, "the shape of '%s' is not known before the model runs", value->name);
  return OK;
}

static bool has_wanted_output(const Node *node) {
  for (int i = 0; i < node->output_count; i++)
    if (is_wanted(node->outputs[i])) return true;
  return false;
}

static Status lower_node(Builder *b, const Node *node) {
  if (!has_wanted_output(node) || is_done(b, node)) return OK;
  b->node = node;
  for (int i = 0; i < node->input_count; i++)
    if (node->inputs[i] != NULL) TRY(check_value(b, node->inputs[i]));
  for (int i = 0; i < node->output_count; i++)
    if (node->outputs[i] != NULL) TRY(check_value(b, node->outputs[i]));
  OpRole role = op_role(node, NULL);
  if (!takes_any_form(role) && (node->float_reason != NULL || !is_integer_node(node))) role = ROLE_FLOAT;
  TRY(by_role[role](b));
  for (int i = 0; i < node->output_count; i++)
    if (is_wanted(node->outputs[i]) && !is_written(b, node->outputs[i]))
      return build_unsupported(b, "the runtime computes only its first output");
  return b->status;
}

/* An input has the model's own order: codes where its spec says so. */
static Status lower_inputs(Builder *b, EdgeProgram *program) {
  const Graph *graph = b->graph;
  program->input_count = graph->input_count;
  program->inputs = arena_new(b->arena, (size_t)graph->input_count, sizeof *program->inputs, b->err);
  if (program->inputs == NULL) return b->status = SYSTEM;
  for (int i = 0; i < graph->input_count; i++) {
    const Value *value = graph->inputs[i];
    TRY(check_value(b, value));
    int32_t tensor = build_result(b, value, build_form(value), LAYOUT_PLAIN);
    const char *name = arena_text(b->arena, value->name, b->err);
    if (name == NULL) return b->status = SYSTEM;
    program->inputs[i] = (ProgramPort){name, tensor};
  }
  return b->status;
}

/* A constant as an output is copied to where outputs lie. */
static int32_t in_arena(Builder *b, int32_t tensor) {
  if (b->tensors[tensor].constant == NULL) return tensor;
  EdgeTensor info = b->tensors[tensor].info;
  int32_t y = build_tensor(b, (EdgeType)info.type, info.rank, info.dims, info.scale, info.zero_point);
  Loops loops = {.operands = 2};
  loops_add(&loops, info.elements, (int32_t[LOOP_OPERANDS]){1, 1});
  build_copy(b, tensor, 0, y, 0, &loops);
  return y;
}

static Status lower_outputs(Builder *b, EdgeProgram *program) {
  const Graph *graph = b->graph;
  program->output_count = graph->output_count;
  program->outputs = arena_new(b->arena, (size_t)graph->output_count, sizeof *program->outputs, b->err);
  if (program->outputs == NULL) return b->status = SYSTEM;
  for (int i = 0; i < graph->output_count; i++) {
    const Value *value = graph->outputs[i];
    Form form = value->constant != NULL ? FORM_REAL : build_form(value);
    TRY(check_value(b, value));
    int32_t tensor = in_arena(b, build_get(b, value, form, LAYOUT_PLAIN));
    const char *name = arena_text(b->arena, value->name, b->err);
    if (name == NULL) return b->status = SYSTEM;
    program->outputs[i] = (ProgramPort){name, tensor};
  }
  return b->status;
}

/* One error for everything that the runtime has no instruction for. */
static Status refuse_unsupported(Builder *b) {
  if (b->unsupported_count == 0) return b->status;
  if (text_status(&b->unsupported, b->err) != OK) return b->status = SYSTEM;
  b->node = NULL;
  return build_fail(b, UNSUPPORTED, "the runtime cannot run %d node%s: %s", b->unsupported_count,
                    b->unsupported_count == 1 ? "" : "s", b->unsupported.bytes);
}

static Status lower_nodes(Builder *b) {
  for (int i = 0; i < b->graph->node_count; i++) {
    TRY(lower_node(b, b->graph->nodes[i]));
    arena_free(&b->scratch);
    arena_release(b->arena);
    graph_release(b->graph);
  }
  b->node = NULL;
  return refuse_unsupported(b);
}

Status lower_graph(const Graph *graph, EdgeProgram *program, Error *err) {
  Builder builder;
  *program = (EdgeProgram){.arena.spill_from = graph->arena.spill_from};
  Status status = build_open(&builder, graph, &program->arena, err);
  if (status == OK) status = lower_inputs(&builder, program);
  if (status == OK) status = lower_nodes(&builder);
  if (status == OK) status = lower_outputs(&builder, program);
  if (status == OK) status = build_finish(&builder, program);
  build_close(&builder);
  if (status != OK) edge_program_free(program);
  return status;
}

void edge_program_free(EdgeProgram *program) {
  arena_free(&program->arena);
  *program = (EdgeProgram){0};
}
