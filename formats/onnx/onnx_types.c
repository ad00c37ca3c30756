/* TypeProto: element types and shapes of inputs, outputs and values between. */
#include "formats/onnx/onnx_parts.h"

#include <inttypes.h>

static Status import_dim(const Importer *importer, const Onnx__TensorShapeProto__Dimension *message,
                         const char *name, Dim *dim) {
  *dim = DIM_UNKNOWN;
  if (message->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE) {
    if (message->dim_value < -1) /* -1 is how some exporters write "unknown" */
      return fail(importer->err, BAD_INPUT, "value '%s' has a dimension of %" PRId64, name,
                  message->dim_value);
    *dim = message->dim_value;
    return OK;
  }
  if (message->value_case != ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM) return OK;
  Graph *graph = importer->graph;
  /* A body's symbols would need names of their own; its dimensions are inferred when it runs. */
  if (graph->outer != NULL || onnx_text(message->dim_param)[0] == '\0') return OK;
  if (graph->symbol_count >= ONNX_MAX_SYMBOLS) return OK;
  int symbol = graph_symbol(graph, message->dim_param, importer->err);
  if (symbol < 0) return SYSTEM;
  *dim = DIM_SYMBOL(symbol);
  return OK;
}

static Status import_shape(const Importer *importer, const Onnx__TensorShapeProto *message, const char *name,
                           Shape *shape) {
  if (message->n_dim > GRAPH_MAX_RANK)
    return fail(importer->err, UNSUPPORTED, "value '%s' has %zu dimensions; edgec supports %d", name,
                message->n_dim, GRAPH_MAX_RANK);
  shape->rank = (int)message->n_dim;
  for (int i = 0; i < shape->rank; i++) TRY(import_dim(importer, message->dim[i], name, &shape->dims[i]));
  if (shape_is_known(shape) && shape_elements(shape) < 0)
    return fail(importer->err, BAD_INPUT, "value '%s' has a shape too large for any memory", name);
  return OK;
}

static const char *kind_name(const Onnx__TypeProto *type) {
  switch (type->value_case) {
  case ONNX__TYPE_PROTO__VALUE_MAP_TYPE:
    return "a map";
  case ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE:
    return "a sparse tensor";
  default:
    return "of an unknown kind";
  }
}

Status onnx_import_type(const Importer *importer, const Onnx__TypeProto *type, Value *value) {
  char buffer[ONNX_TYPE_ROOM];
  if (type == NULL || type->value_case == ONNX__TYPE_PROTO__VALUE__NOT_SET) return OK;
  if (type->value_case == ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE ||
      type->value_case == ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE) {
    bool is_sequence = type->value_case == ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE;
    value->type = is_sequence ? ELEMENT_SEQUENCE : ELEMENT_OPTIONAL; /* items bring their types */
    return OK;
  }
  if (type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || type->tensor_type == NULL)
    return fail(importer->err, UNSUPPORTED,
                "value '%s' is %s; edgec supports tensors, sequences and optionals", value->name,
                kind_name(type));
  const Onnx__TypeProto__Tensor *tensor = type->tensor_type;
  if (tensor->has_elem_type && tensor->elem_type != 0) {
    value->type = onnx_element_type(tensor->elem_type);
    if (value->type == ELEMENT_NONE)
      return fail(importer->err, UNSUPPORTED, "value '%s' has elements of %s, which edgec does not support",
                  value->name, onnx_type_name(tensor->elem_type, buffer));
  }
  if (tensor->shape == NULL) return OK;
  TRY(import_shape(importer, tensor->shape, value->name, &value->shape));
  value->has_shape = true;
  return OK;
}
