/* AttributeProto to Attribute; bodies of control flow become graphs of their own. */
#include "formats/onnx/onnx_parts.h"

#include <string.h>

/* One attribute and where it is. */
typedef struct Place {
  Importer *importer;
  const Node *node;
  const Onnx__AttributeProto *message;
} Place;

static Status place_fail(const Place *place, Status status, const char *what) {
  return fail(place->importer->err, status, "node '%s' (%s): attribute '%s' %s", place->node->name,
              place->node->type, onnx_text(place->message->name), what);
}

/* Files of the first IR versions leave the type out; then the field that is there tells. */
static int kind_of(const Onnx__AttributeProto *message) {
  if (message->has_type && message->type != ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED)
    return (int)message->type;
  if (message->has_f) return ATTRIBUTE_FLOAT;
  if (message->has_i) return ATTRIBUTE_INT;
  if (message->has_s) return ATTRIBUTE_STRING;
  if (message->t != NULL) return ATTRIBUTE_TENSOR;
  if (message->g != NULL) return ATTRIBUTE_GRAPH;
  if (message->n_floats > 0) return ATTRIBUTE_FLOATS;
  if (message->n_ints > 0) return ATTRIBUTE_INTS;
  if (message->n_strings > 0) return ATTRIBUTE_STRINGS;
  return 0;
}

static Status import_text(const Place *place, const ProtobufCBinaryData *bytes, const char **text) {
  if (bytes->len > 0 && memchr(bytes->data, '\0', bytes->len) != NULL)
    return place_fail(place, BAD_INPUT, "has a zero byte in its text");
  *text = arena_text_of(&place->importer->graph->arena, (const char *)bytes->data, bytes->len,
                        place->importer->err);
  return *text == NULL ? SYSTEM : OK;
}

static Status import_strings(const Place *place, Attribute *attribute) {
  const Onnx__AttributeProto *message = place->message;
  const char **texts =
      arena_new(&place->importer->graph->arena, message->n_strings, sizeof *texts, place->importer->err);
  if (texts == NULL) return SYSTEM;
  for (size_t i = 0; i < message->n_strings; i++) TRY(import_text(place, &message->strings[i], &texts[i]));
  attribute->strings = texts;
  attribute->count = message->n_strings;
  return OK;
}

/* A copy of a list of numbers in the graph's arena; NULL where memory ran out. */
static const void *copy_list(const Place *place, const void *list, size_t count, size_t size) {
  void *copy = arena_new(&place->importer->graph->arena, count, size, place->importer->err);
  if (copy != NULL && count > 0) memcpy(copy, list, count * size);
  return copy;
}

static Status import_tensor(const Place *place, Attribute *attribute) {
  Importer *importer = place->importer;
  if (place->message->t == NULL) return place_fail(place, BAD_INPUT, "has no tensor");
  const char *what = arena_format(&importer->graph->arena, importer->err, "node '%s' (%s): attribute '%s'",
                                  place->node->name, place->node->type, attribute->name);
  if (what == NULL) return SYSTEM;
  Tensor *tensor;
  TRY(onnx_import_tensor(place->message->t, what, &importer->graph->arena, &tensor, importer->err));
  attribute->tensor = tensor;
  return OK;
}

static Status import_body(const Place *place, Attribute *attribute) {
  Importer *importer = place->importer;
  if (place->message->g == NULL) return place_fail(place, BAD_INPUT, "has no graph");
  Graph *body = graph_new(importer->err);
  if (body == NULL) return SYSTEM;
  attribute->graph = body; /* freed with the graph from here on */
  body->outer = importer->graph;
  body->ir_version = importer->graph->ir_version;
  body->producer = importer->graph->producer;
  Status status = onnx_import_graph(place->message->g, importer, NULL, body, importer->err);
  if (status == OK) return OK;
  return fail_within(importer->err, "node '%s' (%s): attribute '%s'", place->node->name, place->node->type,
                     attribute->name);
}

static Status import_content(const Place *place, Attribute *attribute) {
  const Onnx__AttributeProto *message = place->message;
  switch (attribute->kind) {
  case ATTRIBUTE_FLOAT:
    attribute->f = (double)message->f;
    return OK;
  case ATTRIBUTE_INT:
    attribute->i = message->i;
    return OK;
  case ATTRIBUTE_STRING:
    return import_text(place, &message->s, &attribute->s);
  case ATTRIBUTE_TENSOR:
    return import_tensor(place, attribute);
  case ATTRIBUTE_GRAPH:
    return import_body(place, attribute);
  case ATTRIBUTE_FLOATS:
    attribute->count = message->n_floats;
    attribute->floats = copy_list(place, message->floats, message->n_floats, sizeof(float));
    return attribute->floats == NULL ? SYSTEM : OK;
  case ATTRIBUTE_INTS:
    attribute->count = message->n_ints;
    attribute->ints = copy_list(place, message->ints, message->n_ints, sizeof(int64_t));
    return attribute->ints == NULL ? SYSTEM : OK;
  case ATTRIBUTE_STRINGS:
    return import_strings(place, attribute);
  default:
    return OK;
  }
}

static Status import_attribute(const Place *place, Attribute *attribute) {
  const Onnx__AttributeProto *message = place->message;
  Importer *importer = place->importer;
  if (onnx_text(message->name)[0] == '\0')
    return fail(importer->err, BAD_INPUT, "node '%s' (%s) has an attribute without a name", place->node->name,
                place->node->type);
  if (onnx_text(message->ref_attr_name)[0] != '\0')
    return place_fail(place, BAD_INPUT, "refers to an attribute of a function, outside of one");
  if (node_attribute(place->node, message->name) != NULL)
    return place_fail(place, BAD_INPUT, "is given twice");
  attribute->name = arena_text(&importer->graph->arena, message->name, importer->err);
  if (attribute->name == NULL) return SYSTEM;
  int kind = kind_of(message);
  if (kind == 0) return place_fail(place, BAD_INPUT, "has neither a type nor a value");
  attribute->kind = kind <= ATTRIBUTE_STRINGS ? (AttributeKind)kind : ATTRIBUTE_OTHER;
  return import_content(place, attribute);
}

Status onnx_import_attributes(Importer *importer, const Onnx__NodeProto *message, Node *node) {
  if (message->n_attribute > ONNX_MAX_ATTRIBUTES)
    return fail(importer->err, BAD_INPUT, "node '%s' (%s) has %zu attributes", node->name, node->type,
                message->n_attribute);
  node->attributes =
      arena_new(&importer->graph->arena, message->n_attribute, sizeof(Attribute), importer->err);
  if (node->attributes == NULL) return SYSTEM;
  for (size_t i = 0; i < message->n_attribute; i++) {
    Place place = {.importer = importer, .node = node, .message = message->attribute[i]};
    Attribute attribute = {0};
    Status status = import_attribute(&place, &attribute);
    node->attributes[node->attribute_count++] = attribute; /* also a failed one: its body is to be freed */
    if (status != OK) return status;
  }
  return OK;
}
