/* Graph to GraphProto. Messages are built in an arena and point to the graph's texts and elements. */
#include "formats/onnx/onnx_parts.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw_data is little-endian and written as it is");

typedef struct Exporter {
  Arena *arena;
  const Graph *graph;
  Error *err;
} Exporter;

/* A message of type Onnx__Name, initialized; returns NULL from the calling function where memory ran out. */
#define NEW_MESSAGE(exporter, variable, Type, init)                                                          \
  Type *variable = arena_new((exporter)->arena, 1, sizeof *(variable), (exporter)->err);                     \
  if ((variable) == NULL) return NULL;                                                                       \
  init(variable)

/* protobuf-c has no const; nothing that is packed is written to. */
static char *plain_text(const char *text) {
  return (char *)(uintptr_t)text;
}

static ProtobufCBinaryData bytes_of(const void *data, size_t length) {
  return (ProtobufCBinaryData){.len = length, .data = (uint8_t *)(uintptr_t)data};
}

/* ---- tensors ---- */

/* Strings that are as many as a list says. */
static ProtobufCBinaryData *export_texts(const Exporter *exporter, const char *const *texts, size_t count) {
  ProtobufCBinaryData *list = arena_new(exporter->arena, count, sizeof *list, exporter->err);
  for (size_t i = 0; list != NULL && i < count; i++) list[i] = bytes_of(texts[i], strlen(texts[i]));
  return list;
}

static bool pack_elements(const Exporter *exporter, const Tensor *tensor, Onnx__TensorProto *message) {
  size_t bytes = onnx_packed_bytes(tensor->type, (size_t)tensor_elements(tensor));
  uint8_t *packed = arena_new(exporter->arena, bytes, 1, exporter->err);
  if (packed == NULL) return false;
  onnx_pack(tensor, packed);
  message->raw_data = bytes_of(packed, bytes);
  return true;
}

static Onnx__TensorProto *export_tensor(const Exporter *exporter, const char *name, const Tensor *tensor) {
  NEW_MESSAGE(exporter, message, Onnx__TensorProto, onnx__tensor_proto__init);
  message->name = plain_text(name);
  message->n_dims = (size_t)tensor->shape.rank;
  message->dims = (int64_t *)(uintptr_t)tensor->shape.dims;
  message->has_data_type = 1;
  message->data_type = (int32_t)tensor->type;
  if (tensor->type == ELEMENT_STRING) {
    message->n_string_data = (size_t)tensor_elements(tensor);
    message->string_data = export_texts(exporter, tensor->data, message->n_string_data);
    return message->string_data == NULL ? NULL : message;
  }
  message->has_raw_data = 1;
  message->raw_data = bytes_of(tensor->data, tensor_bytes(tensor));
  return onnx_is_packed(tensor->type) && !pack_elements(exporter, tensor, message) ? NULL : message;
}

/* ---- types ---- */

static Onnx__TensorShapeProto__Dimension *export_dim(const Exporter *exporter, Dim dim) {
  NEW_MESSAGE(exporter, message, Onnx__TensorShapeProto__Dimension,
              onnx__tensor_shape_proto__dimension__init);
  if (dim_is_known(dim)) {
    message->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    message->dim_value = dim;
  } else if (dim != DIM_UNKNOWN && DIM_SYMBOL(dim) < exporter->graph->symbol_count) {
    message->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    message->dim_param = plain_text(graph_symbol_name(exporter->graph, dim));
  }
  return message;
}

static Onnx__TensorShapeProto *export_shape(const Exporter *exporter, const Shape *shape) {
  NEW_MESSAGE(exporter, message, Onnx__TensorShapeProto, onnx__tensor_shape_proto__init);
  message->n_dim = (size_t)shape->rank;
  message->dim = arena_new(exporter->arena, message->n_dim, sizeof *message->dim, exporter->err);
  if (message->dim == NULL) return NULL;
  for (int i = 0; i < shape->rank; i++) {
    message->dim[i] = export_dim(exporter, shape->dims[i]);
    if (message->dim[i] == NULL) return NULL;
  }
  return message;
}

static Onnx__TypeProto *export_type(const Exporter *exporter, const Value *value) {
  if (!element_in(value->type, ELEMENTS_ANY)) {
    fail(exporter->err, UNSUPPORTED, "value '%s' is %s; edgec writes tensors", value->name,
         element_name(value->type));
    return NULL;
  }
  NEW_MESSAGE(exporter, message, Onnx__TypeProto, onnx__type_proto__init);
  NEW_MESSAGE(exporter, tensor, Onnx__TypeProto__Tensor, onnx__type_proto__tensor__init);
  message->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
  message->tensor_type = tensor;
  tensor->has_elem_type = 1;
  tensor->elem_type = (int32_t)value->type;
  if (value->has_shape) {
    tensor->shape = export_shape(exporter, &value->shape);
    if (tensor->shape == NULL) return NULL;
  }
  return message;
}

static Onnx__ValueInfoProto *export_value(const Exporter *exporter, const Value *value) {
  NEW_MESSAGE(exporter, message, Onnx__ValueInfoProto, onnx__value_info_proto__init);
  message->name = plain_text(value->name);
  if (value->type == ELEMENT_NONE) return message;
  message->type = export_type(exporter, value);
  return message->type == NULL ? NULL : message;
}

/* The values of a list of inputs or outputs. */
static Onnx__ValueInfoProto **export_values(const Exporter *exporter, Value *const *values, int count) {
  Onnx__ValueInfoProto **list = arena_new(exporter->arena, (size_t)count, sizeof *list, exporter->err);
  for (int i = 0; list != NULL && i < count; i++) {
    list[i] = export_value(exporter, values[i]);
    if (list[i] == NULL) return NULL;
  }
  return list;
}

/* ---- nodes ---- */

/* Fills the field that the attribute's kind says. */
static Status export_content(const Exporter *exporter, const Attribute *from, Onnx__AttributeProto *message) {
  switch (from->kind) {
  case ATTRIBUTE_FLOAT:
    message->has_f = 1;
    message->f = (float)from->f;
    return OK;
  case ATTRIBUTE_INT:
    message->has_i = 1;
    message->i = from->i;
    return OK;
  case ATTRIBUTE_STRING:
    message->has_s = 1;
    message->s = bytes_of(from->s, strlen(from->s));
    return OK;
  case ATTRIBUTE_TENSOR:
    message->t = export_tensor(exporter, "", from->tensor);
    return message->t == NULL ? exporter->err->status : OK;
  case ATTRIBUTE_GRAPH:
    message->g = onnx_export_graph(from->graph, exporter->arena, exporter->err);
    return message->g == NULL ? exporter->err->status : OK;
  case ATTRIBUTE_FLOATS:
    message->n_floats = from->count;
    message->floats = (float *)(uintptr_t)from->floats;
    return OK;
  case ATTRIBUTE_INTS:
    message->n_ints = from->count;
    message->ints = (int64_t *)(uintptr_t)from->ints;
    return OK;
  case ATTRIBUTE_STRINGS:
    message->n_strings = from->count;
    message->strings = export_texts(exporter, from->strings, from->count);
    return message->strings == NULL ? exporter->err->status : OK;
  default:
    return fail(exporter->err, UNSUPPORTED, "attribute '%s' is of a kind that edgec does not write",
                from->name);
  }
}

static Onnx__AttributeProto *export_attribute(const Exporter *exporter, const Attribute *from) {
  NEW_MESSAGE(exporter, message, Onnx__AttributeProto, onnx__attribute_proto__init);
  message->name = plain_text(from->name);
  message->has_type = 1;
  message->type = (Onnx__AttributeProto__AttributeType)from->kind;
  return export_content(exporter, from, message) == OK ? message : NULL;
}

/* Names of a node's inputs or outputs; absent ones have an empty name. */
static char **export_names(const Exporter *exporter, Value *const *values, int count) {
  char **names = arena_new(exporter->arena, (size_t)count, sizeof *names, exporter->err);
  for (int i = 0; names != NULL && i < count; i++)
    names[i] = plain_text(values[i] == NULL ? "" : values[i]->name);
  return names;
}

static Onnx__NodeProto *export_node(const Exporter *exporter, const Node *node) {
  NEW_MESSAGE(exporter, message, Onnx__NodeProto, onnx__node_proto__init);
  message->name = plain_text(node->name);
  message->op_type = plain_text(node->type);
  message->domain = plain_text(node->domain);
  message->n_input = (size_t)node->input_count;
  message->input = export_names(exporter, node->inputs, node->input_count);
  message->n_output = (size_t)node->output_count;
  message->output = export_names(exporter, node->outputs, node->output_count);
  message->n_attribute = (size_t)node->attribute_count;
  message->attribute =
      arena_new(exporter->arena, message->n_attribute, sizeof *message->attribute, exporter->err);
  if (message->input == NULL || message->output == NULL || message->attribute == NULL) return NULL;
  for (int i = 0; i < node->attribute_count; i++) {
    message->attribute[i] = export_attribute(exporter, &node->attributes[i]);
    if (message->attribute[i] != NULL) continue;
    fail_within(exporter->err, "node '%s' (%s)", node->name, node->type);
    return NULL;
  }
  return message;
}

/* ---- the graph ---- */

static Status export_nodes(const Exporter *exporter, Onnx__GraphProto *message) {
  const Graph *graph = exporter->graph;
  message->n_node = (size_t)graph->node_count;
  message->node = arena_new(exporter->arena, message->n_node, sizeof *message->node, exporter->err);
  if (message->node == NULL) return exporter->err->status;
  for (int n = 0; n < graph->node_count; n++) {
    message->node[n] = export_node(exporter, graph->nodes[n]);
    if (message->node[n] == NULL) return exporter->err->status;
  }
  return OK;
}

static bool is_initializer(const Value *value) {
  return value->constant != NULL && (value->user_count > 0 || value->is_output);
}

static Status export_initializers(const Exporter *exporter, Onnx__GraphProto *message) {
  const Graph *graph = exporter->graph;
  size_t count = 0;
  for (int v = 0; v < graph->value_count; v++) count += is_initializer(graph->values[v]);
  message->initializer = arena_new(exporter->arena, count, sizeof *message->initializer, exporter->err);
  if (message->initializer == NULL) return exporter->err->status;
  for (int v = 0; v < graph->value_count; v++) {
    const Value *value = graph->values[v];
    if (!is_initializer(value)) continue;
    Onnx__TensorProto *tensor = export_tensor(exporter, value->name, value->constant);
    if (tensor == NULL) return exporter->err->status;
    message->initializer[message->n_initializer++] = tensor;
  }
  return OK;
}

Onnx__GraphProto *onnx_export_graph(const Graph *graph, Arena *arena, Error *err) {
  const Exporter exporter = {arena, graph, err};
  NEW_MESSAGE(&exporter, message, Onnx__GraphProto, onnx__graph_proto__init);
  message->name = plain_text(graph->name[0] != '\0' ? graph->name : "graph"); /* the format asks for one */
  message->n_input = (size_t)graph->input_count;
  message->input = export_values(&exporter, graph->inputs, graph->input_count);
  message->n_output = (size_t)graph->output_count;
  message->output = export_values(&exporter, graph->outputs, graph->output_count);
  if (message->input == NULL || message->output == NULL) return NULL;
  if (export_nodes(&exporter, message) != OK || export_initializers(&exporter, message) != OK) return NULL;
  return message;
}
