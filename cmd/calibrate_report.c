/* What a user sees of `edgec calibrate`: what 8 bits would cost each tensor by itself, the worst first. */
#include "cmd/calibrate_job.h"
#include "cmd/summary_line.h"
#include "cmd/table.h"
#include "cmd/version.h"

#include <math.h>
#include <stdlib.h>

#define WORST 10 /* tensors that are listed; all with --verbose */

typedef struct Row {
  const CalibTensor *tensor;
  GivenRange range;
  TensorDamage damage;
} Row;

static int worst_first(const void *a, const void *b) {
  const Row *left = a, *right = b;
  if (left->damage.sqnr != right->damage.sqnr) return left->damage.sqnr < right->damage.sqnr ? -1 : 1;
  return (left->tensor > right->tensor) - (left->tensor < right->tensor);
}

/* Tensors of which something was seen; their number. NULL where memory ran out. */
static Row *rows_of(const CalibrateJob *job, int *count) {
  Row *rows = calloc((size_t)job->result.count + 1, sizeof *rows);
  *count = 0;
  for (int t = 0; rows != NULL && t < job->result.count; t++) {
    Row *row = &rows[*count];
    row->tensor = &job->result.tensors[t];
    *count += calib_damage(row->tensor, &job->settings, &row->range, &row->damage);
  }
  if (rows != NULL) qsort(rows, (size_t)*count, sizeof *rows, worst_first);
  return rows;
}

/* ---- for people ---- */

static void add_row(const Row *row, Table *table) {
  const Histogram *seen = &row->tensor->seen;
  table_cell(table, "%s", row->tensor->name);
  table_cell(table, "%.4g..%.4g", (double)seen->low, (double)seen->high);
  table_cell(table, "%.4g..%.4g%s", row->range.low, row->range.high, row->range.given ? " (given)" : "");
  table_cell(table, "%.3f%%", row->damage.clipped * 100);
  if (isinf(row->damage.sqnr))
    table_cell(table, "exact");
  else
    table_cell(table, "%.1f dB", row->damage.sqnr);
}

static void list_rows(const CalibrateJob *job, const Row *rows, int count, Text *text) {
  static const TableColumn columns[] = {{"tensor", TABLE_LEFT},
                                        {"seen", TABLE_RIGHT},
                                        {"range", TABLE_RIGHT},
                                        {"clipped", TABLE_RIGHT},
                                        {"SQNR", TABLE_RIGHT}};
  Table table;
  Error err;
  bool all = options_flag(job->options, "verbose");
  table_begin(&table, columns, sizeof columns / sizeof columns[0]);
  for (int i = 0; i < count && (all || i < WORST); i++) add_row(&rows[i], &table);
  if (table_status(&table, &err) == OK) {
    text_add(text, "\nin 8 bits by %s, the worst first%s:\n", calibration_method_name(job->settings.method),
             all || count <= WORST ? "" : " (--verbose lists all)");
    table_print(&table, text);
  } else {
    text->failed = true;
  }
  table_free(&table);
}

static void work_line(const CalibrateJob *job, Text *text) {
  char samples[SUMMARY_COUNT_ROOM], seconds[TEXT_NUMBER_ROOM];
  const CalibSource *source = &job->result.source;
  if (job->is_merge)
    summary_line(text, "merge", summary_samples(samples, source->total), "of %d shards, %d tensors",
                 job->shard_count, job->result.count);
  else
    summary_line(text, "calibrate", summary_samples(samples, source->to - source->from), "%s, %d tensors, %s",
                 summary_file(job->model.path), job->result.count, text_seconds(seconds, job->seconds));
  if (source->to - source->from < source->total)
    summary_line(text, "", "", "a shard: samples %lld..%lld of 0..%lld", (long long)source->from,
                 (long long)source->to - 1, (long long)source->total - 1);
}

void calibrate_summary(const CalibrateJob *job, Text *text) {
  char size[TEXT_NUMBER_ROOM];
  int count;
  Row *rows = rows_of(job, &count);
  work_line(job, text);
  summary_line(text, "write", summary_file(job->output), "%s", text_bytes(size, (double)job->output_bytes));
  if (rows != NULL)
    list_rows(job, rows, count, text);
  else
    text->failed = true;
  free(rows);
}

/* ---- for programs ---- */

static void row_json(const Row *row, Json *json) {
  const Histogram *seen = &row->tensor->seen;
  json_object_begin(json, NULL);
  json_string(json, "name", row->tensor->name);
  json_int(json, "values", seen->count);
  json_int(json, "zeros", seen->zeros);
  json_float(json, "lowest", seen->low);
  json_float(json, "highest", seen->high);
  json_bool(json, "given", row->range.given);
  json_double(json, "low", row->range.low);
  json_double(json, "high", row->range.high);
  json_double(json, "clipped", row->damage.clipped);
  json_double(json, "sqnr", row->damage.sqnr);
  json_object_end(json);
}

void calibrate_json(const CalibrateJob *job, Text *text) {
  Json json;
  int count;
  Row *rows = rows_of(job, &count);
  json_begin(&json, text);
  json_object_begin(&json, NULL);
  json_string(&json, "edgec", EDGEC_VERSION);
  options_to_json(job->options, &json, "options");
  json_int(&json, "from", job->result.source.from);
  json_int(&json, "to", job->result.source.to);
  json_int(&json, "total", job->result.source.total);
  json_array_begin(&json, "tensors");
  for (int i = 0; rows != NULL && i < count; i++) row_json(&rows[i], &json);
  json_array_end(&json);
  json_object_begin(&json, "output");
  json_string(&json, "path", job->output);
  json_int(&json, "bytes", job->output_bytes);
  json_object_end(&json);
  json_object_end(&json);
  json_end(&json);
  if (rows == NULL) text->failed = true;
  free(rows);
}
