/* What `edgec info` says of an .edge file. */
#include "cmd/info.h"
#include "cmd/runnable.h"
#include "cmd/summary_line.h"
#include "cmd/table.h"
#include "cmd/version.h"
#include "formats/edge/edge_steps.h"

#include <stdio.h>
#include <string.h>

/* All instructions of an opcode. */
typedef struct OpcodeFacts {
  const char *name, *brief;
  int count;
  int64_t constant_bytes, macs;
} OpcodeFacts;

#define OPCODE_KINDS 64 /* more than there are numbers */

typedef struct EdgeFacts {
  Runnable model;
  EdgeSizes sizes;
  int64_t macs;
  OpcodeFacts opcodes[OPCODE_KINDS]; /* by number */
  bool self_test_passed;
  Error self_test; /* why not */
} EdgeFacts;

static void look(EdgeFacts *facts) {
  EdgeStep step;
  facts->sizes = edge_sizes(&facts->model.file);
  for (EdgeWalk walk = edge_walk(&facts->model.file.model); edge_walk_next(&walk, &step);) {
    if (step.number >= OPCODE_KINDS) continue;
    OpcodeFacts *opcode = &facts->opcodes[step.number];
    opcode->name = step.opcode;
    opcode->brief = step.brief;
    opcode->count++;
    opcode->constant_bytes += step.constant_bytes;
    opcode->macs += step.macs;
    facts->macs += step.macs;
  }
  facts->self_test_passed = runnable_self_test(&facts->model, &facts->self_test) == OK;
}

static const char *type_text(const EdgeTensor *tensor) {
  switch ((EdgeType)tensor->type) {
#define X(name, number, size, text)                                                                          \
  case EDGE_##name:                                                                                          \
    return text;
    EDGE_TYPES(X)
#undef X
  }
  return "?";
}

static void shape_words(const EdgeTensor *tensor, Text *text) {
  text_add(text, "[");
  for (int d = 0; d < tensor->rank; d++) text_add(text, "%s%u", d > 0 ? "," : "", tensor->dims[d]);
  text_add(text, "]");
}

/* ---- text ---- */

static void port_line(const char *label, const char *name, int columns, const EdgeTensor *tensor,
                      Text *text) {
  char padded[SUMMARY_NAME_ROOM];
  Text words = {0};
  shape_words(tensor, &words);
  if (tensor->scale != 0)
    text_add(&words, ", scale %.6g, zero point %d", (double)tensor->scale, tensor->zero_point);
  summary_line(text, label, summary_name(padded, name, columns), "%s %s", type_text(tensor), words.bytes);
  text_free(&words);
}

static void port_lines(const EdgeModel *model, Text *text) {
  uint32_t inputs = edge_input_count(model), outputs = edge_output_count(model);
  int columns = 0;
  for (uint32_t i = 0; i < inputs; i++) columns = summary_name_columns(columns, edge_input_name(model, i));
  for (uint32_t i = 0; i < outputs; i++) columns = summary_name_columns(columns, edge_output_name(model, i));
  for (uint32_t i = 0; i < inputs; i++)
    port_line(i == 0 ? "inputs" : "", edge_input_name(model, i), columns, edge_input(model, i), text);
  for (uint32_t i = 0; i < outputs; i++)
    port_line(i == 0 ? "outputs" : "", edge_output_name(model, i), columns, edge_output(model, i), text);
}

/* " (int4 weights 5.6 KB, look-up tables 1.0 KB)": what of the constants is special. */
static void constants_words(const EdgeSizes *sizes, Text *text) {
  char bytes[TEXT_NUMBER_ROOM];
  if (sizes->int4 > 0) text_add(text, " (int4 weights %s", text_bytes(bytes, (double)sizes->int4));
  if (sizes->tables > 0)
    text_add(text, "%slook-up tables %s", sizes->int4 > 0 ? ", " : " (",
             text_bytes(bytes, (double)sizes->tables));
  if (sizes->int4 > 0 || sizes->tables > 0) text_add(text, ")");
}

static void flash_line(const EdgeFacts *facts, Text *text) {
  char image[TEXT_NUMBER_ROOM], weights[TEXT_NUMBER_ROOM], code[TEXT_NUMBER_ROOM], tensors[TEXT_NUMBER_ROOM],
      names[TEXT_NUMBER_ROOM];
  const EdgeSizes *sizes = &facts->sizes;
  Text special = {0};
  text_add(&special, "%s", "");
  constants_words(sizes, &special);
  summary_line(text, "flash", text_bytes(image, (double)sizes->image),
               "unpacked: constants %s%s, code %s, tensor table %s, names %s",
               text_bytes(weights, (double)sizes->weights), special.failed ? "?" : special.bytes,
               text_bytes(code, (double)sizes->code), text_bytes(tensors, (double)sizes->tensors),
               text_bytes(names, (double)sizes->names));
  text_free(&special);
}

static void provenance_lines(const EdgeFile *file, Text *text) {
  const char *line = edge_file_metadata(file);
  for (bool first = true; *line != '\0'; first = false) {
    size_t length = strcspn(line, "\n"), key = strcspn(line, "=\n");
    char what[64];
    snprintf(what, sizeof what, "%.*s", (int)(key < sizeof what ? key : sizeof what - 1), line);
    size_t from = key < length ? key + 1 : length;
    summary_line(text, first ? "made" : "", what, "%.*s", (int)(length - from), line + from);
    line += length + (line[length] == '\n');
  }
}

static void head_lines(const EdgeFacts *facts, Text *text) {
  char size[TEXT_NUMBER_ROOM], arena[TEXT_NUMBER_ROOM], macs[SUMMARY_COUNT_ROOM];
  const EdgeModel *model = &facts->model.file.model;
  summary_line(text, "model", summary_file(facts->model.path), ".edge, %s; %u instructions, %s; %s a sample",
               text_bytes(size, (double)runnable_bytes(&facts->model)), model->instruction_count,
               edge_is_integer_only(model) ? "integer-only" : "partly in float",
               summary_macs(macs, facts->macs));
  flash_line(facts, text);
  summary_line(text, "arena", text_bytes(arena, (double)edge_arena_bytes(model)), "all the memory of a run");
  port_lines(model, text);
  summary_line(text, "self-test", facts->self_test_passed ? "passed" : "FAILED", "with the %s kernels",
               edge_isa(model));
  provenance_lines(&facts->model.file, text);
}

static void count_cell(Table *table, int64_t count) {
  char number[TEXT_NUMBER_ROOM];
  table_cell(table, "%s", count == 0 ? "" : text_count(number, count));
}

static void opcode_table(const EdgeFacts *facts, Text *text) {
  static const TableColumn columns[] = {{"instruction", TABLE_LEFT},
                                        {"count", TABLE_RIGHT},
                                        {"constant bytes", TABLE_RIGHT},
                                        {"MAC", TABLE_RIGHT},
                                        {"what it does", TABLE_LEFT}};
  Table table;
  table_begin(&table, columns, 5);
  for (int i = 0; i < OPCODE_KINDS; i++) {
    const OpcodeFacts *opcode = &facts->opcodes[i];
    if (opcode->count == 0) continue;
    table_cell(&table, "%s", opcode->name);
    table_cell(&table, "%d", opcode->count);
    count_cell(&table, opcode->constant_bytes);
    count_cell(&table, opcode->macs);
    table_cell(&table, "%s", opcode->brief);
  }
  text_add(text, "\n");
  table_print(&table, text);
  text->failed |= table.failed;
  table_free(&table);
}

static void step_row(const EdgeStep *step, uint32_t number, Table *table) {
  Text shape = {0};
  shape_words(step->result, &shape);
  table_cell(table, "%u", number);
  table_cell(table, "%s", step->opcode);
  table_cell(table, "%s", step->layer);
  table_cell(table, "%s", type_text(step->result));
  table_cell(table, "%s", shape.bytes);
  if (step->result->scale != 0)
    table_cell(table, "%.4g", (double)step->result->scale);
  else
    table_cell(table, "%s", "");
  table_cell(table, "%d", step->result->zero_point);
  count_cell(table, step->constant_bytes);
  count_cell(table, step->macs);
  text_free(&shape);
}

static void step_table(const EdgeFacts *facts, Text *text) {
  static const TableColumn columns[] = {
      {"#", TABLE_RIGHT},    {"instruction", TABLE_LEFT}, {"layer", TABLE_LEFT},
      {"type", TABLE_LEFT},  {"result", TABLE_LEFT},      {"scale", TABLE_RIGHT},
      {"zero", TABLE_RIGHT}, {"constants", TABLE_RIGHT},  {"MAC", TABLE_RIGHT}};
  Table table;
  EdgeStep step;
  table_begin(&table, columns, 9);
  uint32_t number = 0;
  for (EdgeWalk walk = edge_walk(&facts->model.file.model); edge_walk_next(&walk, &step);)
    step_row(&step, number++, &table);
  text_add(text, "\n");
  table_print(&table, text);
  text->failed |= table.failed;
  table_free(&table);
}

/* ---- JSON ---- */

static void tensor_json(const EdgeTensor *tensor, Json *json) {
  int64_t dims[EDGE_MAX_RANK];
  for (int d = 0; d < tensor->rank; d++) dims[d] = tensor->dims[d];
  json_string(json, "type", type_text(tensor));
  json_ints(json, "shape", dims, tensor->rank);
  if (tensor->scale == 0) return;
  json_float(json, "scale", tensor->scale);
  json_int(json, "zero_point", tensor->zero_point);
}

static void ports_json(const EdgeModel *model, Json *json) {
  json_array_begin(json, "inputs");
  for (uint32_t i = 0; i < edge_input_count(model); i++) {
    json_object_begin(json, NULL);
    json_string(json, "name", edge_input_name(model, i));
    tensor_json(edge_input(model, i), json);
    json_object_end(json);
  }
  json_array_end(json);
  json_array_begin(json, "outputs");
  for (uint32_t i = 0; i < edge_output_count(model); i++) {
    json_object_begin(json, NULL);
    json_string(json, "name", edge_output_name(model, i));
    tensor_json(edge_output(model, i), json);
    json_object_end(json);
  }
  json_array_end(json);
}

static void flash_json(const EdgeFacts *facts, Json *json) {
  json_object_begin(json, "flash_bytes");
  json_int(json, "total", facts->sizes.image);
  json_int(json, "constants", facts->sizes.weights);
  json_int(json, "tables", facts->sizes.tables);
  json_int(json, "int4", facts->sizes.int4);
  json_int(json, "code", facts->sizes.code);
  json_int(json, "tensors", facts->sizes.tensors);
  json_int(json, "names", facts->sizes.names);
  json_object_end(json);
}

static void steps_json(const EdgeModel *model, Json *json) {
  EdgeStep step;
  json_array_begin(json, "instructions");
  for (EdgeWalk walk = edge_walk(model); edge_walk_next(&walk, &step);) {
    json_object_begin(json, NULL);
    json_string(json, "opcode", step.opcode);
    json_string(json, "layer", step.layer);
    tensor_json(step.result, json);
    json_int(json, "constant_bytes", step.constant_bytes);
    json_int(json, "macs", step.macs);
    json_object_end(json);
  }
  json_array_end(json);
}

static void facts_json(const EdgeFacts *facts, Text *text) {
  const EdgeModel *model = &facts->model.file.model;
  Json json;
  json_begin(&json, text);
  json_object_begin(&json, NULL);
  json_string(&json, "edgec", EDGEC_VERSION);
  runnable_json(&facts->model, &json);
  flash_json(facts, &json);
  json_string(&json, "self_test", facts->self_test_passed ? "passed" : "failed");
  json_string(&json, "kernels", edge_isa(model));
  json_string(&json, "metadata", edge_file_metadata(&facts->model.file));
  ports_json(model, &json);
  steps_json(model, &json);
  json_object_end(&json);
  json_end(&json);
}

static void facts_text(const EdgeFacts *facts, bool layers, Text *text) {
  head_lines(facts, text);
  opcode_table(facts, text);
  if (layers) step_table(facts, text);
}

Status info_edge(const Options *options, const char *path, Text *text, Error *err) {
  EdgeFacts facts = {0};
  Status status = runnable_open(&facts.model, path, err);
  if (status == OK) {
    look(&facts);
    if (options_flag(options, "json"))
      facts_json(&facts, text);
    else
      facts_text(&facts, options_flag(options, "layers"), text);
    if (!facts.self_test_passed) status = fail(err, facts.self_test.status, "%s", facts.self_test.text);
  }
  runnable_close(&facts.model);
  return status;
}
