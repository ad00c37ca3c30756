/* Finds a node's row and version, and decodes its attributes into the row's struct. */
#include "operators/op.h"

#include <string.h>

static Status bad_attribute(const Node *node, const char *name, const char *why, Error *err) {
  return fail(err, BAD_INPUT, "node '%s' (%s): attribute '%s' %s", node->name, node->type, name, why);
}

static bool is_within(const AttributeRow *row, int64_t value) {
  return (row->least == 0 && row->most == 0) || (value >= row->least && value <= row->most);
}

/* Kind of ONNX attribute that a field is made from. */
static AttributeKind kind_of(AttributeField field) {
  static const AttributeKind kinds[] = {
      [FIELD_INT] = ATTRIBUTE_INT,         [FIELD_FLOAT] = ATTRIBUTE_FLOAT,   [FIELD_BOOL] = ATTRIBUTE_INT,
      [FIELD_CHOICE] = ATTRIBUTE_STRING,   [FIELD_STRING] = ATTRIBUTE_STRING, [FIELD_INTS] = ATTRIBUTE_INTS,
      [FIELD_FLOATS] = ATTRIBUTE_FLOATS,   [FIELD_TENSOR] = ATTRIBUTE_TENSOR, [FIELD_GRAPH] = ATTRIBUTE_GRAPH,
      [FIELD_STRINGS] = ATTRIBUTE_STRINGS, [FIELD_TYPE] = ATTRIBUTE_INT};
  return kinds[field];
}

static Status store_choice(const Node *node, const AttributeRow *row, const char *text, int *choice,
                           Error *err) {
  for (int i = 0; row->choices[i] != NULL; i++)
    if (strcmp(row->choices[i], text) == 0) {
      *choice = i;
      return OK;
    }
  return bad_attribute(node, row->name, "has a value that the operator does not know", err);
}

static Status store_ints(const Node *node, const AttributeRow *row, const Attribute *from, Ints *ints,
                         Error *err) {
  if (from->count > INT32_MAX) return bad_attribute(node, row->name, "is too long", err);
  for (size_t i = 0; i < from->count; i++)
    if (!is_within(row, from->ints[i]))
      return bad_attribute(node, row->name, "is outside its legal range", err);
  *ints = (Ints){.given = true, .count = (int)from->count, .values = from->ints};
  return OK;
}

/* An element type's number; up to opset 5 its name in ONNX. 0, which is no type, for an unknown name. */
static int64_t type_of(const Attribute *from) {
  static const struct {
    const char *name;
    ElementType type;
  } names[] = {{"FLOAT", ELEMENT_FLOAT32},  {"UINT8", ELEMENT_UINT8},   {"INT8", ELEMENT_INT8},
               {"UINT16", ELEMENT_UINT16},  {"INT16", ELEMENT_INT16},   {"INT32", ELEMENT_INT32},
               {"INT64", ELEMENT_INT64},    {"BOOL", ELEMENT_BOOL},     {"FLOAT16", ELEMENT_FLOAT16},
               {"DOUBLE", ELEMENT_FLOAT64}, {"UINT32", ELEMENT_UINT32}, {"UINT64", ELEMENT_UINT64},
               {"STRING", ELEMENT_STRING}};
  if (from->kind == ATTRIBUTE_INT) return from->i;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(names[i].name, from->s) == 0) return (int64_t)names[i].type;
  return ELEMENT_NONE;
}

static Status store(const Node *node, const AttributeRow *row, const Attribute *from, void *field,
                    Error *err) {
  switch (row->field) {
  case FIELD_INT:
    if (!is_within(row, from->i)) return bad_attribute(node, row->name, "is outside its legal range", err);
    *(int64_t *)field = from->i;
    break;
  case FIELD_IGNORED:
    break;
  case FIELD_TYPE:
    *(int64_t *)field = type_of(from);
    break;
  case FIELD_FLOAT:
    *(float *)field = (float)from->f;
    break;
  case FIELD_BOOL:
    *(bool *)field = from->i != 0;
    break;
  case FIELD_CHOICE:
    return store_choice(node, row, from->s, field, err);
  case FIELD_STRING:
    *(const char **)field = from->s;
    break;
  case FIELD_INTS:
    return store_ints(node, row, from, field, err);
  case FIELD_FLOATS:
    *(Floats *)field = (Floats){true, (int)from->count, from->floats};
    break;
  case FIELD_TENSOR:
    *(const Tensor **)field = from->tensor;
    break;
  case FIELD_GRAPH:
    *(Graph **)field = from->graph;
    break;
  case FIELD_STRINGS:
    *(Strings *)field = (Strings){true, (int)from->count, from->strings};
    break;
  }
  return OK;
}

static void store_default(const AttributeRow *row, void *field) {
  if (row->field == FIELD_INT) *(int64_t *)field = row->otherwise;
  if (row->field == FIELD_FLOAT) *(float *)field = row->otherwise_float;
  if (row->field == FIELD_BOOL) *(bool *)field = row->otherwise != 0;
  if (row->field == FIELD_CHOICE) *(int *)field = (int)row->otherwise;
}

static bool has_right_kind(const AttributeRow *row, const Attribute *from) {
  if (row->field == FIELD_IGNORED) return true;
  return from->kind == kind_of(row->field) || (row->field == FIELD_TYPE && from->kind == ATTRIBUTE_STRING);
}

static Status decode_row(const Node *node, const AttributeRow *row, void *params, Error *err) {
  void *field = (char *)params + row->offset;
  const Attribute *from = node_attribute(node, row->name);
  if (from != NULL) {
    if (!has_right_kind(row, from)) return bad_attribute(node, row->name, "has the wrong type", err);
    return store(node, row, from, field, err);
  }
  if (row->required) return bad_attribute(node, row->name, "is required and missing", err);
  store_default(row, field);
  return OK;
}

static int64_t opset_of(const Graph *graph, const Node *node) {
  return node->opset != 0 ? node->opset : graph_opset(graph, node->domain);
}

static bool is_known_attribute(const Op *op, const char *name) {
  for (const AttributeRow *row = op->attributes; row != NULL && row->name != NULL; row++)
    if (strcmp(row->name, name) == 0) return true;
  return false;
}

/* Up to opset 5 operators could have a hint that changes no result. */
static bool is_hint(const char *name, int64_t opset) {
  return opset < 6 && strcmp(name, "consumed_inputs") == 0;
}

static Status decode(Graph *graph, Node *node, const Op *op, Error *err) {
  int64_t opset = opset_of(graph, node);
  for (int i = 0; i < node->attribute_count; i++)
    if (!is_known_attribute(op, node->attributes[i].name) && !is_hint(node->attributes[i].name, opset))
      return bad_attribute(node, node->attributes[i].name, "is unknown to this operator", err);
  void *params = arena_new(&graph->arena, 1, op->params_bytes, err);
  if (params == NULL) return err->status;
  for (const AttributeRow *row = op->attributes; row != NULL && row->name != NULL; row++)
    TRY(decode_row(node, row, params, err));
  if (op->check != NULL) TRY(op->check(node, params, err));
  node->params = params;
  return OK;
}

static Status check_port(const Node *node, const Port *port, int i, Error *err) {
  bool is_present = i < node->input_count && node->inputs[i] != NULL;
  if (port->kind != PORT_REQUIRED || is_present) return OK;
  return fail(err, BAD_INPUT, "node '%s' (%s): input %d ('%s') is missing", node->name, node->type, i,
              port->name);
}

static Status check_inputs(const Node *node, const Op *op, Error *err) {
  int count = 0;
  bool is_variadic = false, needs_one = false;
  for (; count < OP_MAX_PORTS && op->inputs[count].name != NULL; count++) {
    TRY(check_port(node, &op->inputs[count], count, err));
    is_variadic = port_is_variadic(op->inputs[count].kind);
    needs_one = op->inputs[count].kind == PORT_VARIADIC;
  }
  if (is_variadic) {
    for (int i = count - 1; i < node->input_count; i++)
      if (node->inputs[i] == NULL)
        return fail(err, BAD_INPUT, "node '%s' (%s): input %d is missing", node->name, node->type, i);
    if (!needs_one || node->input_count >= count) return OK;
    return fail(err, BAD_INPUT, "node '%s' (%s): has no inputs", node->name, node->type);
  }
  if (node->input_count <= count) return OK;
  return fail(err, BAD_INPUT, "node '%s' (%s): has %d inputs, at most %d are known", node->name, node->type,
              node->input_count, count);
}

static Status check_outputs(const Node *node, const Op *op, Error *err) {
  int count = 0;
  bool is_variadic = false;
  for (; count < OP_MAX_PORTS && op->outputs[count].name != NULL; count++)
    is_variadic = port_is_variadic(op->outputs[count].kind);
  if (node->output_count >= 1 && (is_variadic || node->output_count <= count)) return OK;
  return fail(err, BAD_INPUT, "node '%s' (%s): has %d outputs, between 1 and %d are known", node->name,
              node->type, node->output_count, count);
}

static const OpVersion *version_for(const Op *op, int64_t opset) {
  for (int i = 0; i < OP_MAX_VERSIONS && op->versions[i].infer != NULL; i++)
    if (op->versions[i].since <= opset) return &op->versions[i];
  return NULL;
}

Status op_bind(Graph *graph, Node *node, Error *err) {
  const Op *op = op_find(node->domain, node->type);
  if (op == NULL)
    return fail(err, UNSUPPORTED, "node '%s': operator %s%s%s is not supported", node->name, node->domain,
                node->domain[0] != '\0' ? "." : "", node->type);
  const OpVersion *version = version_for(op, opset_of(graph, node));
  if (version == NULL)
    return fail(err, UNSUPPORTED, "node '%s': operator %s of opset %lld is not supported", node->name,
                node->type, (long long)opset_of(graph, node));
  TRY(check_inputs(node, op, err));
  TRY(check_outputs(node, op, err));
  node->op = op;
  node->version = version;
  return decode(graph, node, op, err);
}

static bool is_supported(const Graph *graph, const Node *node) {
  const Op *op = op_find(node->domain, node->type);
  return op != NULL && version_for(op, opset_of(graph, node)) != NULL;
}

/* Is this whole item in the list already? */
static bool is_listed(const Text *list, const char *item) {
  size_t length = strlen(item);
  for (const char *at = list->bytes; at != NULL && (at = strstr(at, item)) != NULL; at += length) {
    bool begins = at == list->bytes || at[-1] == ' ', ends = at[length] == '\0' || at[length] == ',';
    if (begins && ends) return true;
  }
  return false;
}

static void list_node(const Graph *graph, const Node *node, Text *missing) {
  Text item = {0};
  text_add(&item, "%s%s%s", node->domain, node->domain[0] != '\0' ? "." : "", node->type);
  if (op_find(node->domain, node->type) != NULL)
    text_add(&item, " of opset %lld", (long long)opset_of(graph, node));
  missing->failed |= item.failed;
  if (!item.failed && item.length > 0 && !is_listed(missing, item.bytes))
    text_add(missing, "%s%s", missing->length > 0 ? ", " : "", item.bytes);
  text_free(&item);
}

/* Adds the operators of `graph` and its bodies that there are no rows for, each once. */
static void list_missing(const Graph *graph, Text *missing) {
  for (int n = 0; n < graph->node_count; n++) {
    const Node *node = graph->nodes[n];
    for (int a = 0; a < node->attribute_count; a++)
      if (node->attributes[a].graph != NULL) list_missing(node->attributes[a].graph, missing);
    if (!is_supported(graph, node)) list_node(graph, node, missing);
  }
}

static Status bind_nodes(Graph *graph, Error *err) {
  for (int n = 0; n < graph->node_count; n++) {
    Node *node = graph->nodes[n];
    for (int a = 0; a < node->attribute_count; a++)
      if (node->attributes[a].graph != NULL) TRY(bind_nodes(node->attributes[a].graph, err));
    TRY(op_bind(graph, node, err));
  }
  return OK;
}

Status op_bind_graph(Graph *graph, Error *err) {
  Text missing = {0};
  list_missing(graph, &missing);
  Status status = text_status(&missing, err);
  if (status == OK && missing.length > 0)
    status = fail(err, UNSUPPORTED, "operators that edgec does not have: %s", missing.bytes);
  text_free(&missing);
  return status == OK ? bind_nodes(graph, err) : status;
}
