/* GraphProto to Graph: first everything that has a name, then the nodes that connect it. */
#include "base/spill.h"
#include "formats/onnx/onnx_parts.h"

#include <stdlib.h>
#include <string.h>

/* ---- values ---- */

static Status declare(Importer *importer, Value *value) {
  if (value == NULL) return SYSTEM;
  return name_table_add(&importer->values, value->name, value, importer->err);
}

/* The tensor that the twin has of the same initializer, or NULL. Both list initializers first. */
static const Tensor *tensor_of_twin(const Importer *importer, const char *name, size_t position) {
  const Graph *twin = importer->source == NULL ? NULL : importer->source->twin;
  if (twin == NULL || importer->source->slim->spans[position].bytes == NULL) return NULL;
  if (position >= (size_t)twin->value_count || strcmp(twin->values[position]->name, name) != 0) return NULL;
  return twin->values[position]->constant;
}

/* Keeps what reading has touched small. */
static void release_read(Importer *importer, size_t position) {
  const ImportSource *source = importer->source;
  if (source == NULL || !source->is_mapped) return;
  importer->unreleased += source->slim->spans[position].size;
  if (importer->unreleased < ONNX_RELEASE_BYTES) return;
  importer->unreleased = 0;
  arena_release(&importer->graph->arena);
  spill_release(source->slim->file, source->slim->file_bytes);
}

static Status declare_initializer(Importer *importer, const Onnx__TensorProto *message, size_t position) {
  Graph *graph = importer->graph;
  const char *name = onnx_text(message->name);
  if (name[0] == '\0') return fail(importer->err, BAD_INPUT, "an initializer has no name");
  if (name_table_find(&importer->values, name) != NULL)
    return fail(importer->err, BAD_INPUT, "initializer '%s' is given twice", name);
  const Tensor *shared = tensor_of_twin(importer, name, position);
  if (shared != NULL) return declare(importer, graph_add_constant(graph, name, shared, importer->err));
  const char *what = arena_format(&graph->arena, importer->err, "initializer '%s'", name);
  if (what == NULL) return SYSTEM;
  Tensor *tensor;
  TRY(onnx_import_tensor(message, what, &graph->arena, &tensor, importer->err));
  release_read(importer, position);
  return declare(importer, graph_add_constant(graph, name, tensor, importer->err));
}

/* Before IR 4 every initializer is also listed as an input; it is a constant all the same. */
static Status declare_input(Importer *importer, const Onnx__ValueInfoProto *message) {
  const char *name = onnx_text(message->name);
  if (name[0] == '\0') return fail(importer->err, BAD_INPUT, "an input of the graph has no name");
  const Value *known = name_table_find(&importer->values, name);
  if (known != NULL && known->constant != NULL) return OK;
  if (known != NULL) return fail(importer->err, BAD_INPUT, "input '%s' of the graph is given twice", name);
  Value *value = graph_add_input(importer->graph, name, ELEMENT_NONE, NULL, importer->err);
  TRY(declare(importer, value));
  TRY(onnx_import_type(importer, message->type, value));
  if (value->type == ELEMENT_NONE && importer->outer == NULL)
    return fail(importer->err, BAD_INPUT, "input '%s' of the graph has no element type", name);
  return OK;
}

static Status declare_outputs(Importer *importer, const Onnx__NodeProto *message) {
  if (message->n_output > ONNX_MAX_PORTS || message->n_input > ONNX_MAX_PORTS)
    return fail(importer->err, BAD_INPUT, "node '%s' (%s) has more than %d inputs or outputs",
                onnx_text(message->name), onnx_text(message->op_type), ONNX_MAX_PORTS);
  for (size_t i = 0; i < message->n_output; i++) {
    const char *name = onnx_text(message->output[i]);
    if (name[0] == '\0') continue;
    const Value *known = name_table_find(&importer->values, name);
    if (known != NULL)
      return fail(importer->err, BAD_INPUT, "node '%s' (%s): output '%s' is also %s",
                  onnx_text(message->name), onnx_text(message->op_type), name,
                  known->constant != NULL ? "an initializer"
                  : known->is_input       ? "an input of the graph"
                                          : "another output of a node");
    TRY(declare(importer, graph_add_value(importer->graph, name, importer->err)));
  }
  return OK;
}

/* What the file says of values between nodes. Sequences and the like are left to inference. */
static Status note_type(Importer *importer, const Onnx__ValueInfoProto *message) {
  Value *value = name_table_find(&importer->values, onnx_text(message->name));
  if (value == NULL || value->is_input || value->constant != NULL || message->type == NULL) return OK;
  if (message->type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE) return OK;
  return onnx_import_type(importer, message->type, value);
}

static Status declare_all(Importer *importer) {
  const Onnx__GraphProto *message = importer->message;
  if (message->n_sparse_initializer > 0)
    return fail(importer->err, UNSUPPORTED, "the graph has sparse initializers; store them dense");
  for (size_t i = 0; i < message->n_initializer; i++)
    TRY(declare_initializer(importer, message->initializer[i], i));
  for (size_t i = 0; i < message->n_input; i++) TRY(declare_input(importer, message->input[i]));
  for (size_t i = 0; i < message->n_node; i++) TRY(declare_outputs(importer, message->node[i]));
  for (size_t i = 0; i < message->n_value_info; i++) TRY(note_type(importer, message->value_info[i]));
  return OK;
}

/* ---- nodes ---- */

/* A value of this graph, or of one around it: then a value of that name without producer stands for it here
   and in each body between. NULL where there is none. */
static Status resolve(Importer *importer, const char *name, Value **value) {
  *value = name_table_find(&importer->values, name);
  if (*value != NULL || importer->outer == NULL) return OK;
  Value *outside;
  TRY(resolve(importer->outer, name, &outside));
  if (outside == NULL) return OK;
  *value = graph_add_value(importer->graph, name, importer->err);
  TRY(declare(importer, *value));
  (*value)->type = outside->type;
  return OK;
}

static Status read_inputs(Importer *importer, const Onnx__NodeProto *message, const char *node_name,
                          Value **inputs) {
  for (size_t i = 0; i < message->n_input; i++) {
    const char *name = onnx_text(message->input[i]);
    if (name[0] == '\0') continue;
    TRY(resolve(importer, name, &inputs[i]));
    if (inputs[i] == NULL)
      return fail(importer->err, BAD_INPUT,
                  "node '%s' (%s): input %zu '%s' is missing: no initializer, graph input or node gives it",
                  node_name, message->op_type, i, name);
  }
  return OK;
}

/* The node's name, made unique; made of its operator where it has none. */
static const char *name_node(Importer *importer, const Onnx__NodeProto *message) {
  const char *own = onnx_text(message->name);
  if (own[0] != '\0' && name_table_find(&importer->nodes, own) == NULL) return own;
  for (;;) {
    const char *name = arena_format(&importer->graph->arena, importer->err, "%s_%d",
                                    own[0] != '\0' ? own : message->op_type, importer->renamed++);
    if (name == NULL || name_table_find(&importer->nodes, name) == NULL) return name;
  }
}

/* A list of as many values as a node's inputs and outputs, all absent. */
static Value **new_ports(const Onnx__NodeProto *message, Error *err) {
  Value **ports = calloc(message->n_input + message->n_output + 1, sizeof *ports);
  if (ports == NULL) fail_memory(err);
  return ports;
}

static Status connect(Importer *importer, const Onnx__NodeProto *message, const char *name, Node **node) {
  Value **inputs = new_ports(message, importer->err);
  if (inputs == NULL) return SYSTEM;
  Value **outputs = inputs + message->n_input;
  Status status = read_inputs(importer, message, name, inputs);
  for (size_t i = 0; i < message->n_output; i++)
    outputs[i] = name_table_find(&importer->values, onnx_text(message->output[i]));
  if (status == OK) {
    *node = graph_add_node(importer->graph, name, onnx_text(message->domain), message->op_type, inputs,
                           (int)message->n_input, outputs, (int)message->n_output, importer->err);
    if (*node == NULL) status = SYSTEM;
  }
  free(inputs);
  return status;
}

static Status import_node(Importer *importer, const Onnx__NodeProto *message, size_t position) {
  if (onnx_text(message->op_type)[0] == '\0')
    return fail(importer->err, BAD_INPUT, "node '%s' (number %zu) has no operator", onnx_text(message->name),
                position);
  const char *name = name_node(importer, message);
  if (name == NULL) return SYSTEM;
  Node *node;
  TRY(connect(importer, message, name, &node));
  TRY(name_table_add(&importer->nodes, node->name, node, importer->err));
  if (node->domain[0] == '\0' && graph_opset(importer->graph, "") == 0)
    return fail(importer->err, BAD_INPUT, "node '%s' (%s): the model imports no opset for it", name,
                node->type);
  return onnx_import_attributes(importer, message, node);
}

/* ---- outputs ---- */

static Status import_output(Importer *importer, const Onnx__ValueInfoProto *message) {
  const char *name = onnx_text(message->name);
  Value *value = NULL;
  if (name[0] == '\0') return fail(importer->err, BAD_INPUT, "an output of the graph has no name");
  TRY(resolve(importer, name, &value));
  if (value == NULL)
    return fail(importer->err, BAD_INPUT, "output '%s' of the graph is missing: no node gives it", name);
  if (value->constant == NULL && !value->is_input) TRY(onnx_import_type(importer, message->type, value));
  return graph_add_output(importer->graph, value, importer->err);
}

static Status import_parts(Importer *importer) {
  const Onnx__GraphProto *message = importer->message;
  TRY(declare_all(importer));
  for (size_t i = 0; i < message->n_node; i++) TRY(import_node(importer, message->node[i], i));
  for (size_t i = 0; i < message->n_output; i++) TRY(import_output(importer, message->output[i]));
  if (message->n_output == 0 && importer->outer == NULL)
    return fail(importer->err, BAD_INPUT, "the graph has no outputs");
  return graph_refresh(importer->graph, importer->err);
}

Status onnx_import_graph(const Onnx__GraphProto *message, Importer *outer, const ImportSource *source,
                         Graph *graph, Error *err) {
  Importer importer = {.outer = outer, .graph = graph, .message = message, .source = source, .err = err};
  graph->name = arena_text(&graph->arena, onnx_text(message->name), err);
  Status status = graph->name == NULL ? SYSTEM : import_parts(&importer);
  name_table_free(&importer.values);
  name_table_free(&importer.nodes);
  return status;
}
