/* What `edgec info` says of an ONNX model. */
#include "cmd/info.h"
#include "cmd/info_onnx.h"
#include "cmd/summary_line.h"
#include "cmd/table.h"
#include "cmd/version.h"

#include <string.h>

/* ---- text ---- */

static void opset_words(const Graph *graph, Text *text) {
  text_add(text, "IR %lld", (long long)graph->ir_version);
  for (int i = 0; i < graph->opset_count; i++)
    text_add(text, ", opset %lld%s%s", (long long)graph->opsets[i].version,
             graph->opsets[i].domain[0] != '\0' ? " of " : "", graph->opsets[i].domain);
  if (graph->producer[0] != '\0') text_add(text, ", made by %s", graph->producer);
}

static void port_lines(const OnnxFacts *facts, const char *label, Value *const *values, const Shape *shapes,
                       int count, int columns, Text *text) {
  for (int i = 0; i < count; i++) {
    char name[SUMMARY_NAME_ROOM];
    Text words = {0};
    if (values[i]->has_shape)
      shape_print(&words, &shapes[i], facts->model.graph);
    else
      text_add(&words, "of unknown shape");
    summary_line(text, i == 0 ? label : "", summary_name(name, values[i]->name, columns), "%s %s",
                 element_name(values[i]->type), words.failed ? "?" : words.bytes);
    text_free(&words);
  }
}

static void all_port_lines(const OnnxFacts *facts, Text *text) {
  const Graph *graph = facts->model.graph;
  int columns = 0;
  for (int i = 0; i < graph->input_count; i++)
    columns = summary_name_columns(columns, graph->inputs[i]->name);
  for (int i = 0; i < graph->output_count; i++)
    columns = summary_name_columns(columns, graph->outputs[i]->name);
  port_lines(facts, "inputs", graph->inputs, facts->inputs, graph->input_count, columns, text);
  port_lines(facts, "outputs", graph->outputs, facts->outputs, graph->output_count, columns, text);
}

static void head_lines(const OnnxFacts *facts, Text *text) {
  char size[TEXT_NUMBER_ROOM], parameters[TEXT_NUMBER_ROOM], macs[SUMMARY_COUNT_ROOM];
  const Model *model = &facts->model;
  const Graph *graph = model->graph;
  Text words = {0};
  opset_words(graph, &words);
  summary_line(text, "model", summary_file(model->path), "ONNX, %s; %s",
               text_bytes(size, (double)model->file_bytes), words.bytes);
  summary_line(text, "size", "", "%d node%s, %s parameters%s%s%s", model->node_count,
               model->node_count == 1 ? "" : "s", text_count(parameters, model->parameters),
               facts->macs_known ? ", " : "", facts->macs_known ? summary_macs(macs, model->macs) : "",
               facts->macs_known ? " a sample" : "; MAC depend on dimensions that are open: give --shape");
  all_port_lines(facts, text);
  text_free(&words);
}

/* A number with thousands, or nothing for none. */
static void count_cell(Table *table, int64_t count) {
  char number[TEXT_NUMBER_ROOM];
  table_cell(table, "%s", count == 0 ? "" : text_count(number, count));
}

/* "linear", or "linear 5, float 1". */
static void role_words(const OperatorFacts *operator, Text * text) {
  for (int role = 0; role < ROLE_KINDS; role++) {
    if (operator->by_role[role] == 0) continue;
    text_add(text, "%s%s", text->length > 0 ? ", " : "", role_text(role));
    if (operator->by_role[role] != operator->nodes) text_add(text, " %d", operator->by_role[role]);
  }
}

/* Why a node stays in float; "" for others. */
static const char *reason_of(const NodeFacts *node) {
  return node->role == ROLE_FLOAT ? summary_reason(node->reason) : "";
}

/* Each operator and reason once. */
static void float_lines(const OnnxFacts *facts, Text *text) {
  bool first = true;
  for (int i = 0; i < facts->node_count; i++) {
    const NodeFacts *node = &facts->nodes[i];
    bool is_new = node->role == ROLE_FLOAT;
    for (int j = 0; j < i && is_new; j++)
      is_new = facts->nodes[j].role != ROLE_FLOAT || strcmp(facts->nodes[j].type, node->type) != 0 ||
               strcmp(reason_of(&facts->nodes[j]), reason_of(node)) != 0;
    if (!is_new) continue;
    if (first) text_add(text, "\n");
    summary_line(text, first ? "in float" : "", node->type, "%s", reason_of(node));
    first = false;
  }
}

static void operator_table(const OnnxFacts *facts, Text *text) {
  static const TableColumn columns[] = {{"operator", TABLE_LEFT},
                                        {"nodes", TABLE_RIGHT},
                                        {"parameters", TABLE_RIGHT},
                                        {"MAC", TABLE_RIGHT},
                                        {"role in integers", TABLE_LEFT}};
  Table table;
  table_begin(&table, columns, 5);
  for (int i = 0; i < facts->operator_count; i++) {
    Text words = {0};
    role_words(&facts->operators[i], &words);
    table_cell(&table, "%s", facts->operators[i].name);
    table_cell(&table, "%d", facts->operators[i].nodes);
    count_cell(&table, facts->operators[i].parameters);
    count_cell(&table, facts->operators[i].macs);
    table_cell(&table, "%s", words.bytes);
    text_free(&words);
  }
  text_add(text, "\n");
  table_print(&table, text);
  text->failed |= table.failed;
  table_free(&table);
}

static void node_row(const OnnxFacts *facts, const NodeFacts *node, Table *table) {
  Text shape = {0};
  if (node->has_shape) shape_print(&shape, &node->shape, facts->model.graph);
  table_cell(table, "%s", node->name);
  table_cell(table, "%s", node->type);
  table_cell(table, "%s", node->has_shape ? shape.bytes : "?");
  count_cell(table, node->parameters);
  count_cell(table, node->macs);
  table_cell(table, "%s%s%s", role_text(node->role), node->role == ROLE_FLOAT ? ": " : "", reason_of(node));
  text_free(&shape);
}

static void node_table(const OnnxFacts *facts, Text *text) {
  static const TableColumn columns[] = {{"node", TABLE_LEFT},   {"operator", TABLE_LEFT},
                                        {"output", TABLE_LEFT}, {"parameters", TABLE_RIGHT},
                                        {"MAC", TABLE_RIGHT},   {"role in integers", TABLE_LEFT}};
  Table table;
  table_begin(&table, columns, 6);
  for (int i = 0; i < facts->node_count; i++) node_row(facts, &facts->nodes[i], &table);
  text_add(text, "\n");
  table_print(&table, text);
  text->failed |= table.failed;
  table_free(&table);
}

/* ---- JSON ---- */

/* Known dimensions are numbers, symbols are names, unknown ones null. */
static void shape_json(const Graph *graph, const Shape *shape, const char *key, Json *json) {
  json_array_begin(json, key);
  for (int d = 0; d < shape->rank; d++) {
    if (dim_is_known(shape->dims[d]))
      json_int(json, NULL, shape->dims[d]);
    else
      json_string(json, NULL,
                  shape->dims[d] == DIM_UNKNOWN ? NULL : graph_symbol_name(graph, shape->dims[d]));
  }
  json_array_end(json);
}

static void ports_json(const Graph *graph, const char *key, Value *const *values, const Shape *shapes,
                       int count, Json *json) {
  json_array_begin(json, key);
  for (int i = 0; i < count; i++) {
    json_object_begin(json, NULL);
    json_string(json, "name", values[i]->name);
    json_string(json, "type", element_name(values[i]->type));
    if (values[i]->has_shape) shape_json(graph, &shapes[i], "shape", json);
    json_object_end(json);
  }
  json_array_end(json);
}

static void model_json(const OnnxFacts *facts, Json *json) {
  const Model *model = &facts->model;
  json_string(json, "path", model->path);
  json_string(json, "format", "onnx");
  json_int(json, "bytes", model->file_bytes);
  json_int(json, "ir_version", model->graph->ir_version);
  json_object_begin(json, "opsets");
  for (int i = 0; i < model->graph->opset_count; i++)
    json_int(json, model->graph->opsets[i].domain[0] != '\0' ? model->graph->opsets[i].domain : "ai.onnx",
             model->graph->opsets[i].version);
  json_object_end(json);
  json_string(json, "producer", model->graph->producer);
  json_int(json, "parameters", model->parameters);
  if (facts->macs_known)
    json_int(json, "macs", model->macs);
  else
    json_null(json, "macs");
}

static void operators_json(const OnnxFacts *facts, Json *json) {
  json_array_begin(json, "operators");
  for (int i = 0; i < facts->operator_count; i++) {
    const OperatorFacts *operator= & facts->operators[i];
    json_object_begin(json, NULL);
    json_string(json, "operator", operator->name);
    json_int(json, "nodes", operator->nodes);
    json_int(json, "parameters", operator->parameters);
    json_int(json, "macs", operator->macs);
    json_object_begin(json, "roles");
    for (int role = 0; role < ROLE_KINDS; role++)
      if (operator->by_role[role]> 0) json_int(json, role_text(role), operator->by_role[role]);
    json_object_end(json);
    json_object_end(json);
  }
  json_array_end(json);
}

static void nodes_json(const OnnxFacts *facts, Json *json) {
  json_array_begin(json, "nodes");
  for (int i = 0; i < facts->node_count; i++) {
    const NodeFacts *node = &facts->nodes[i];
    json_object_begin(json, NULL);
    json_string(json, "name", node->name);
    json_string(json, "operator", node->type);
    if (node->has_shape) shape_json(facts->model.graph, &node->shape, "shape", json);
    json_int(json, "parameters", node->parameters);
    json_int(json, "macs", node->macs);
    json_string(json, "role", role_text(node->role));
    if (node->role == ROLE_FLOAT) json_string(json, "reason", node->reason);
    json_object_end(json);
  }
  json_array_end(json);
}

static void facts_json(const OnnxFacts *facts, Text *text) {
  const Graph *graph = facts->model.graph;
  Json json;
  json_begin(&json, text);
  json_object_begin(&json, NULL);
  json_string(&json, "edgec", EDGEC_VERSION);
  model_json(facts, &json);
  ports_json(graph, "inputs", graph->inputs, facts->inputs, graph->input_count, &json);
  ports_json(graph, "outputs", graph->outputs, facts->outputs, graph->output_count, &json);
  operators_json(facts, &json);
  nodes_json(facts, &json);
  json_object_end(&json);
  json_end(&json);
}

Status info_onnx(const Options *options, const char *path, Text *text, Error *err) {
  OnnxFacts facts;
  Status status = onnx_facts(&facts, options, path, err);
  if (status == OK && options_flag(options, "json")) {
    facts_json(&facts, text);
  } else if (status == OK) {
    head_lines(&facts, text);
    model_pass_line(&facts.model, text);
    operator_table(&facts, text);
    float_lines(&facts, text);
    if (options_flag(options, "layers")) node_table(&facts, text);
  }
  onnx_facts_free(&facts);
  return status;
}
