/* The result of `edgec compare`: a table to read, CSV and JSON for programs. */
#include "cmd/compare_job.h"
#include "cmd/comparison_report.h"
#include "cmd/summary_line.h"
#include "cmd/table.h"
#include "cmd/version.h"

#include <math.h>
#include <stdio.h>

static const char *kind_of(const Runnable *model) {
  if (!model->is_edge) return "onnx";
  return edge_is_integer_only(&model->file.model) ? "edge, integer-only" : "edge, partly float";
}

/* ---- for people ---- */

static void header(const CompareJob *job, Text *text) {
  char samples[SUMMARY_COUNT_ROOM];
  text_add(text, "%s%s, compared with %s\n", summary_samples(samples, job->range.count),
           job->inputs.is_synthetic ? " made up, because NO DATA was given" : "",
           job->models[job->reference].path);
  if (job->inputs.is_synthetic)
    text_add(text, "What is measured on them says nothing about real inputs. Give --data.\n");
  text_add(text, "\n");
}

static void accuracy_cells(const Comparison *comparison, bool is_reference, Table *table) {
  if (comparison->has_labels) {
    table_cell(table, "%.2f%%", comparison_top1(comparison));
    table_cell(table, "%.2f%%", comparison_top5(comparison));
  }
  if (comparison->is_classifier && is_reference) table_cell(table, "-");
  if (comparison->is_classifier && !is_reference)
    table_cell(table, "%.2f%%", comparison_agreement(comparison));
  if (is_reference)
    table_cell(table, "-");
  else if (isinf(comparison->sqnr))
    table_cell(table, "exact");
  else
    table_cell(table, "%.1f", comparison->sqnr);
}

static void size_cells(const Runnable *model, Table *table) {
  char size[TEXT_NUMBER_ROOM], arena[TEXT_NUMBER_ROOM], macs[TEXT_NUMBER_ROOM];
  table_cell(table, "%s", text_bytes(size, (double)runnable_bytes(model)));
  if (model->is_edge)
    table_cell(table, "%s", text_bytes(arena, (double)edge_arena_bytes(&model->file.model)));
  else
    table_cell(table, "-");
  table_cell(table, "%s", text_magnitude(macs, (double)runnable_macs(model)));
  table_cell(table, "%s", kind_of(model));
}

static int choose_columns(const Comparison *comparison, TableColumn *columns) {
  int count = 0;
  columns[count++] = (TableColumn){"model", TABLE_LEFT};
  if (comparison->has_labels) columns[count++] = (TableColumn){"top-1", TABLE_RIGHT};
  if (comparison->has_labels) columns[count++] = (TableColumn){"top-5", TABLE_RIGHT};
  if (comparison->is_classifier) columns[count++] = (TableColumn){"agreement", TABLE_RIGHT};
  columns[count++] = (TableColumn){"SQNR dB", TABLE_RIGHT};
  columns[count++] = (TableColumn){"size", TABLE_RIGHT};
  columns[count++] = (TableColumn){"arena", TABLE_RIGHT};
  columns[count++] = (TableColumn){"MAC", TABLE_RIGHT};
  columns[count++] = (TableColumn){"kind", TABLE_LEFT};
  return count;
}

void compare_table(const CompareJob *job, Text *text) {
  TableColumn columns[TABLE_MAX_COLUMNS];
  Table table;
  header(job, text);
  table_begin(&table, columns, choose_columns(&job->comparisons[0], columns));
  for (int i = 0; i < job->count; i++) {
    table_cell(&table, "%s", job->models[i].path);
    accuracy_cells(&job->comparisons[i], i == job->reference, &table);
    size_cells(&job->models[i], &table);
  }
  table_print(&table, text);
  text->failed |= table.failed;
  table_free(&table);
}

/* ---- for programs ---- */

/* Empty where the number does not exist or is not finite. */
static void number_cell(Table *table, bool exists, const char *format, double number) {
  char text[64];
  snprintf(text, sizeof text, format, number);
  table_cell(table, "%s", exists && isfinite(number) ? text : "");
}

static void csv_row(const CompareJob *job, int i, Table *table) {
  const Runnable *model = &job->models[i];
  const Comparison *comparison = &job->comparisons[i];
  table_cell(table, "%s", model->path);
  table_cell(table, "%s", model->is_edge ? "edge" : "onnx");
  table_cell(table, "%s", i == job->reference ? "1" : "0");
  table_cell(table, "%lld", (long long)comparison->samples);
  number_cell(table, comparison->has_labels, "%.4f", comparison_top1(comparison));
  number_cell(table, comparison->has_labels, "%.4f", comparison_top5(comparison));
  number_cell(table, comparison->is_classifier, "%.4f", comparison_agreement(comparison));
  number_cell(table, true, "%.3f", comparison->sqnr);
  number_cell(table, true, "%.9f", comparison->cosine);
  number_cell(table, true, "%.6g", comparison->largest_error);
  table_cell(table, "%lld", (long long)runnable_bytes(model));
  number_cell(table, model->is_edge, "%.0f",
              model->is_edge ? (double)edge_arena_bytes(&model->file.model) : 0);
  table_cell(table, "%lld", (long long)runnable_macs(model));
}

void compare_csv(const CompareJob *job, Text *text) {
  static const TableColumn columns[] = {
      {"model", TABLE_LEFT},         {"format", TABLE_LEFT},  {"reference", TABLE_LEFT},
      {"samples", TABLE_LEFT},       {"top1", TABLE_LEFT},    {"top5", TABLE_LEFT},
      {"agreement", TABLE_LEFT},     {"sqnr_db", TABLE_LEFT}, {"cosine", TABLE_LEFT},
      {"largest_error", TABLE_LEFT}, {"bytes", TABLE_LEFT},   {"arena_bytes", TABLE_LEFT},
      {"macs", TABLE_LEFT}};
  Table table;
  table_begin(&table, columns, (int)(sizeof columns / sizeof columns[0]));
  for (int i = 0; i < job->count; i++) csv_row(job, i, &table);
  table_csv(&table, text);
  text->failed |= table.failed;
  table_free(&table);
}

void compare_json(const CompareJob *job, Text *text) {
  Json json;
  json_begin(&json, text);
  json_object_begin(&json, NULL);
  json_string(&json, "edgec", EDGEC_VERSION);
  options_to_json(job->options, &json, "options");
  json_bool(&json, "synthetic", job->inputs.is_synthetic);
  json_string(&json, "reference", job->models[job->reference].path);
  json_array_begin(&json, "models");
  for (int i = 0; i < job->count; i++) {
    json_object_begin(&json, NULL);
    runnable_json(&job->models[i], &json);
    comparison_json(&job->comparisons[i], &json);
    json_object_end(&json);
  }
  json_array_end(&json);
  json_object_end(&json);
  json_end(&json);
}
