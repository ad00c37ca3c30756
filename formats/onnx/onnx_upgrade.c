/* Nodes that passes made are meant by newer opsets than those that the model came with; a file has one opset.
 * The changes are those that the operators' specifications list between versions. */
#include "formats/onnx/onnx.h"
#include "formats/onnx/onnx_parts.h"
#include "operators/op.h"

#include <string.h>

/* An attribute that became an input in opset `since`. */
static const struct {
  const char *type, *attribute;
  int since, input;
} moved[] = {{"Reshape", "shape", 5, 1},
             {"Slice", "starts", 10, 1},
             {"Slice", "ends", 10, 2},
             {"Slice", "axes", 10, 3},
             {"TopK", "k", 10, 1},
             {"Clip", "min", 11, 1},
             {"Clip", "max", 11, 2},
             {"Pad", "pads", 11, 1},
             {"Pad", "value", 11, 2},
             {"Dropout", "ratio", 12, 1},
             {"Squeeze", "axes", 13, 1},
             {"Unsqueeze", "axes", 13, 1},
             {"ReduceSum", "axes", 13, 1},
             {"Split", "split", 13, 1},
             {"ReduceMean", "axes", 18, 1},
             {"ReduceMax", "axes", 18, 1},
             {"ReduceMin", "axes", 18, 1},
             {"ReduceProd", "axes", 18, 1},
             {"ReduceL1", "axes", 18, 1},
             {"ReduceL2", "axes", 18, 1},
             {"ReduceLogSum", "axes", 18, 1},
             {"ReduceLogSumExp", "axes", 18, 1},
             {"ReduceSumSquare", "axes", 18, 1}};
enum { MOVED = sizeof moved / sizeof *moved, MOST_INPUTS = 4 };

typedef struct Upgrade {
  Graph *graph;
  int64_t from, to;
  Error *err;
} Upgrade;

static bool lies_between(const Upgrade *up, int since) {
  return up->from < since && since <= up->to;
}

/* ---- attributes that became inputs ---- */

/* What the attribute says, as the tensor that the input takes. */
static Tensor *tensor_of(const Upgrade *up, const Node *node, const Attribute *attribute) {
  Arena *arena = &up->graph->arena;
  if (attribute->kind == ATTRIBUTE_FLOAT) {
    ElementType type = node->inputs[0]->type != ELEMENT_NONE ? node->inputs[0]->type : ELEMENT_FLOAT32;
    if (strcmp(node->type, "Dropout") == 0) type = ELEMENT_FLOAT32;
    Tensor *tensor = tensor_new(arena, type, &SHAPE_SCALAR, up->err);
    if (tensor != NULL) tensor_set(tensor, 0, attribute->f);
    return tensor;
  }
  bool is_list = attribute->kind == ATTRIBUTE_INTS;
  int64_t count = is_list ? (int64_t)attribute->count : 1;
  Tensor *tensor = tensor_new(arena, ELEMENT_INT64, &SHAPE(count), up->err);
  for (int64_t i = 0; tensor != NULL && i < count; i++)
    tensor_set_integer(tensor, i, is_list ? attribute->ints[i] : attribute->i);
  return tensor;
}

static Status set_input(const Upgrade *up, Node *node, int input, Value *value) {
  if (input >= node->input_count) {
    Value **inputs = arena_new(&up->graph->arena, MOST_INPUTS + 1, sizeof *inputs, up->err);
    if (inputs == NULL) return up->err->status;
    memcpy(inputs, node->inputs, (size_t)node->input_count * sizeof *inputs);
    node->inputs = inputs;
    node->input_count = input + 1;
  }
  node->inputs[input] = value;
  return OK;
}

/* Attributes may be shared with another graph: from here on they are the node's own. */
static Status drop_attribute(const Upgrade *up, Node *node, const char *name) {
  Attribute *own = arena_new(&up->graph->arena, (size_t)node->attribute_count, sizeof *own, up->err);
  if (own == NULL) return up->err->status;
  int kept = 0;
  for (int i = 0; i < node->attribute_count; i++)
    if (strcmp(node->attributes[i].name, name) != 0) own[kept++] = node->attributes[i];
  node->attributes = own;
  node->attribute_count = kept;
  return OK;
}

static Status move_attribute(const Upgrade *up, Node *node, const char *name, int input) {
  const Attribute *attribute = node_attribute(node, name);
  if (attribute == NULL || node_input(node, input) != NULL) return OK;
  Tensor *tensor = tensor_of(up, node, attribute);
  const char *base =
      tensor == NULL ? NULL
                     : arena_format(&up->graph->arena, up->err, "%.200s_%s", node->outputs[0]->name, name);
  const char *free_name = base == NULL ? NULL : graph_unused_name(up->graph, base, up->err);
  Value *value = free_name == NULL ? NULL : graph_add_constant(up->graph, free_name, tensor, up->err);
  if (value == NULL) return up->err->status;
  TRY(drop_attribute(up, node, name));
  return set_input(up, node, input, value);
}

/* True where the node's type is in the list. */
static bool is_moved_type(const Upgrade *up, const Node *node) {
  for (int i = 0; i < MOVED; i++)
    if (strcmp(node->type, moved[i].type) == 0 && lies_between(up, moved[i].since)) return true;
  return false;
}

/* ---- what means something else ---- */

static Status refuse(const Upgrade *up, const Node *node) {
  return fail(up->err, UNSUPPORTED,
              "node '%s' (%s) of opset %lld means something else in opset %lld, and cannot be raised to it",
              node->name, node->type, (long long)up->from, (long long)up->to);
}

static bool is_softmax(const Node *node) {
  return node_is(node, "Softmax") || node_is(node, "LogSoftmax") || node_is(node, "Hardmax");
}

/* Before opset 13 the axes from `axis` on were one; that is the same for the last axis only. */
static Status raise_softmax(const Upgrade *up, Node *node) {
  const Value *x = node->inputs[0];
  int axis;
  if (!lies_between(up, 13)) return OK;
  if (!x->has_shape || !axis_normalize(node_int(node, "axis", 1), x->shape.rank, &axis) ||
      axis != x->shape.rank - 1)
    return refuse(up, node);
  return node_set_int(up->graph, node, "axis", axis, up->err);
}

/* With one output it has always normalized by the statistics that it is given; what opset 14 changed is how
   training is asked for. `spatial` could only be 1 here. */
static Status raise_batch_normalization(const Upgrade *up, Node *node) {
  for (int o = 1; o < node->output_count; o++)
    if (node->outputs[o] != NULL && lies_between(up, 14)) return refuse(up, node);
  return lies_between(up, 9) ? drop_attribute(up, node, "spatial") : OK;
}

static const OpVersion *version_of(const Op *op, int64_t opset) {
  for (int i = 0; i < OP_MAX_VERSIONS && op->versions[i].infer != NULL; i++)
    if (op->versions[i].since <= opset) return &op->versions[i];
  return NULL;
}

/* The rows know: versions that mean different things have different functions. */
static bool means_the_same(const Upgrade *up, const Node *node) {
  const Op *op = op_find("", node->type);
  if (node_is(node, "Upsample") && lies_between(up, 10)) return false; /* there is none any more */
  if (op == NULL) return false;
  const OpVersion *old = version_of(op, up->from), *new = version_of(op, up->to);
  return old != NULL && new != NULL && old->run == new->run && old->infer == new->infer;
}

/* ---- the attributes of opset 1 to 6 ---- */

/* Without the attributes of the old opsets that are listed. */
static Status drop_old(const Upgrade *up, Node *node, const char *const *names, int count) {
  for (int i = 0; i < count; i++) TRY(drop_attribute(up, node, names[i]));
  return OK;
}

/* Whether B lies on the last dims of A, as it does in numpy's way. */
static bool lies_last(const Node *node) {
  const Value *a = node_input(node, 0), *b = node_input(node, 1);
  if (node_int(node, "broadcast", 0) == 0 || node_attribute(node, "axis") == NULL) return true;
  return a != NULL && b != NULL && a->has_shape && b->has_shape &&
         node_int(node, "axis", 0) + b->shape.rank == a->shape.rank;
}

/* True for an operator whose operands were broadcast by attributes. */
static bool was_broadcast(const Node *node) {
  static const char *const types[] = {"Add", "Sub", "Mul",   "Div",     "Pow", "And",
                                      "Or",  "Xor", "Equal", "Greater", "Less"};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (node_is(node, types[i])) return true;
  return false;
}

static bool names_its_type(const Node *node) {
  const Attribute *to = node_attribute(node, "to");
  return node_is(node, "Cast") && to != NULL && to->kind == ATTRIBUTE_STRING;
}

/* Of a model up to opset 6: drops what opset 7 does not know; `done` says whether nothing more is to be
 * checked. */
static Status raise_old(const Upgrade *up, Node *node, bool *done) {
  static const char *const hints[] = {"consumed_inputs", "is_test"}, *const places[] = {"broadcast", "axis"};
  *done = false;
  if (!lies_between(up, 7)) return OK;
  if (names_its_type(node)) return refuse(up, node);
  TRY(drop_old(up, node, hints, 2));
  if (!was_broadcast(node) || !lies_last(node)) return OK;
  *done = true;
  return drop_old(up, node, places, 2);
}

static Status raise_node(const Upgrade *up, Node *node) {
  bool done;
  TRY(raise_old(up, node, &done));
  if (done) return OK;
  for (int i = 0; i < MOVED; i++)
    if (strcmp(node->type, moved[i].type) == 0 && lies_between(up, moved[i].since))
      TRY(move_attribute(up, node, moved[i].attribute, moved[i].input));
  if (node_is(node, "Split") && lies_between(up, 18) && node_input(node, 1) == NULL)
    return node_set_int(up->graph, node, "num_outputs", node->output_count, up->err);
  if (is_softmax(node)) return raise_softmax(up, node);
  if (node_is(node, "BatchNormalization")) return raise_batch_normalization(up, node);
  return is_moved_type(up, node) || means_the_same(up, node) ? OK : refuse(up, node);
}

/* ---- the graph ---- */

static int64_t newest(const Graph *graph, int64_t least) {
  int64_t opset = graph_opset(graph, "") > least ? graph_opset(graph, "") : least;
  for (int n = 0; n < graph->node_count; n++)
    if (graph->nodes[n]->domain[0] == '\0' && graph->nodes[n]->opset > opset) opset = graph->nodes[n]->opset;
  return opset;
}

static Status set_opset(const Upgrade *up) {
  Graph *graph = up->graph;
  Opset *own = arena_new(&graph->arena, (size_t)graph->opset_count, sizeof *own, up->err);
  if (own == NULL) return up->err->status;
  memcpy(own, graph->opsets, (size_t)graph->opset_count * sizeof *own);
  graph->opsets = own;
  for (int i = 0; i < graph->opset_count; i++)
    if (own[i].domain[0] == '\0') own[i].version = up->to;
  return OK;
}

/* Nodes of a graph and of the bodies in it. */
static Status raise_graph(const Upgrade *up) {
  Graph *graph = up->graph;
  for (int n = 0; n < graph->node_count; n++) {
    Node *node = graph->nodes[n];
    for (int a = 0; a < node->attribute_count; a++) {
      Upgrade body = *up;
      body.graph = node->attributes[a].graph;
      if (body.graph != NULL) TRY(raise_graph(&body));
    }
    Upgrade own = *up;
    if (node->domain[0] != '\0') continue;
    if (node->opset != 0) own.from = node->opset;
    if (own.from < own.to) TRY(raise_node(&own, node));
  }
  return graph_refresh(graph, up->err);
}

Status onnx_upgrade(Graph *graph, int64_t least, Error *err) {
  Upgrade up = {graph, graph_opset(graph, ""), newest(graph, least), err};
  if (up.to == up.from) return OK;
  TRY(raise_graph(&up));
  TRY(set_opset(&up));
  if (graph->ir_version < onnx_ir_for_opset(up.to)) graph->ir_version = onnx_ir_for_opset(up.to);
  return OK;
}
