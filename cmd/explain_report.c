/* What `edgec explain` found: a table to read in a review, and JSON. */
#include "cmd/explain_job.h"
#include "cmd/summary_line.h"
#include "cmd/table.h"
#include "cmd/version.h"

#include <stdio.h>
#include <stdlib.h>

static void head_line(const ExplainSide *side, const char *label, Text *text) {
  char bytes[TEXT_NUMBER_ROOM];
  Text words = {0};
  runnable_words(&side->model, &words);
  summary_line(text, label, summary_file(side->model.path), "%s, %s",
               text_bytes(bytes, (double)runnable_bytes(&side->model)), words.failed ? "?" : words.bytes);
  text_free(&words);
}

/* How much a number changed: a factor of scales, a difference of counts. */
static void difference_cell(const Change *change, Table *table) {
  double before, after;
  int64_t from, to;
  char count[TEXT_NUMBER_ROOM];
  if (!change->is_number || !text_to_double(change->before, &before) ||
      !text_to_double(change->after, &after)) {
    table_cell(table, "%s", "");
  } else if (text_to_int(change->before, &from) && text_to_int(change->after, &to)) {
    table_cell(table, "%s%s", to > from ? "+" : "-", text_count(count, to > from ? to - from : from - to));
  } else {
    table_cell(table, "x%.4g", after / before);
  }
}

static void change_row(const ExplainJob *job, size_t i, Table *table) {
  const Change *change = &job->changes[i];
  bool repeats = i > 0 && job->changes[i - 1].layer == change->layer;
  table_cell(table, "%s", repeats ? "" : change->layer[0] == '\0' ? "(model)" : change->layer);
  table_cell(table, "%s", change->what);
  table_cell(table, "%s", change->before[0] == '\0' ? "-" : change->before);
  table_cell(table, "%s", change->after[0] == '\0' ? "-" : change->after);
  difference_cell(change, table);
}

static void count_line(const ExplainJob *job, Text *text) {
  text_add(text, "\nlayers: %d changed, %d added, %d removed, %d the same\n", job->changed, job->added,
           job->removed, job->unchanged);
}

void explain_table(const ExplainJob *job, Text *text) {
  static const TableColumn columns[] = {{"layer", TABLE_LEFT},
                                        {"what", TABLE_LEFT},
                                        {"before", TABLE_LEFT},
                                        {"after", TABLE_LEFT},
                                        {"change", TABLE_RIGHT}};
  head_line(&job->sides[0], "before", text);
  head_line(&job->sides[1], "after", text);
  if (job->is_same_file || job->count == 0) {
    text_add(text, "\n%s\n",
             job->is_same_file ? "the same file, byte for byte" : "nothing that is compared here differs");
    return;
  }
  Table table;
  table_begin(&table, columns, 5);
  for (size_t i = 0; i < job->count; i++) change_row(job, i, &table);
  text_add(text, "\n");
  table_print(&table, text);
  text->failed |= table.failed;
  table_free(&table);
  count_line(job, text);
}

static void value_json(const Change *change, const char *key, const char *value, Json *json) {
  double number;
  int64_t integer;
  if (value[0] == '\0')
    json_null(json, key);
  else if (change->is_number && text_to_int(value, &integer))
    json_int(json, key, integer);
  else if (change->is_number && text_to_double(value, &number))
    json_double(json, key, number);
  else
    json_string(json, key, value);
}

static void change_json(const Change *change, Json *json) {
  json_object_begin(json, NULL);
  if (change->layer[0] != '\0') json_string(json, "layer", change->layer);
  json_string(json, "what", change->what);
  value_json(change, "before", change->before, json);
  value_json(change, "after", change->after, json);
  json_object_end(json);
}

static void side_json(const ExplainSide *side, const char *key, Json *json) {
  json_object_begin(json, key);
  runnable_json(&side->model, json);
  json_object_end(json);
}

void explain_json(const ExplainJob *job, Text *text) {
  Json json;
  json_begin(&json, text);
  json_object_begin(&json, NULL);
  json_string(&json, "edgec", EDGEC_VERSION);
  side_json(&job->sides[0], "before", &json);
  side_json(&job->sides[1], "after", &json);
  json_bool(&json, "same_file", job->is_same_file);
  json_int(&json, "layers_changed", job->changed);
  json_int(&json, "layers_added", job->added);
  json_int(&json, "layers_removed", job->removed);
  json_int(&json, "layers_same", job->unchanged);
  json_array_begin(&json, "changes");
  for (size_t i = 0; i < job->count; i++) change_json(&job->changes[i], &json);
  json_array_end(&json);
  json_object_end(&json);
  json_end(&json);
}
