/* What `edgec quantize --bits mixed` tells: lines of the summary, the front as a table, JSON. */
#include "cmd/mixed_job.h"

#include "cmd/comparison_report.h"
#include "cmd/progress.h"
#include "cmd/summary_line.h"
#include "cmd/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NAMES_MOST 3 /* layers that a row of the table names */

static int64_t bytes_in8(const MixedJob *job) {
  int64_t bytes = 0;
  for (int l = 0; l < job->mixed->table.layers; l++) bytes += job->mixed->layers[l].weights;
  return bytes;
}

static double share(const MixedJob *job, int64_t bytes) {
  return 100.0 * (double)bytes / (double)bytes_in8(job);
}

static const char *candidate_of(const Mixed *mixed, const MixedPlan *plan, int layer) {
  return mixed->candidates[plan->choice[layer]].name;
}

static int layers_as(const Mixed *mixed, const MixedPlan *plan, int candidate) {
  int count = 0;
  for (int l = 0; l < mixed->table.layers; l++) count += plan->choice[l] == candidate;
  return count;
}

/* ---- the summary ---- */

/* "5 layers in 4 bits, 2 in 4 with groups of 32, 3 in 8" */
static void list_counts(const Mixed *mixed, const MixedPlan *plan, Text *words) {
  bool is_first = true;
  for (int k = mixed->candidate_count - 1; k >= 0; k--) {
    const MixedCandidate *candidate = &mixed->candidates[k];
    int count = layers_as(mixed, plan, k);
    if (count == 0) continue;
    text_add(words, "%s%d%s", is_first ? "" : ", ", count, is_first ? count == 1 ? " layer" : " layers" : "");
    if (candidate->weight_bits == 32)
      text_add(words, " in float");
    else
      text_add(words, " in %d bits", candidate->weight_bits);
    if (candidate->activations == ACTIVATIONS_16BIT) text_add(words, " with results of 16");
    if (candidate->group > 0) text_add(words, " with groups of %d", candidate->group);
    is_first = false;
  }
}

static void plan_line(const MixedJob *job, Text *text) {
  char bytes[TEXT_NUMBER_ROOM];
  const MixedPlan *plan = &job->mixed->chosen.plan;
  Text words = {0};
  list_counts(job->mixed, plan, &words);
  summary_line(text, "mixed", "chosen", "%s: weights of %s bytes, %.1f%% of those in 8 bits",
               words.failed ? "?" : words.bytes, text_count(bytes, plan->bytes), share(job, plan->bytes));
  text_free(&words);
}

static void search_line(const MixedJob *job, Text *text) {
  char samples[SUMMARY_COUNT_ROOM], seconds[TEXT_NUMBER_ROOM];
  const Mixed *mixed = job->mixed;
  summary_line(text, "", "", "by %lld runs of %s, %s", (long long)mixed->runs,
               summary_samples(samples, mixed->measured_samples), text_seconds(seconds, job->seconds));
  if (job->tries > 1)
    summary_line(text, "", "", "the file of an earlier plan missed the goal: this is the %s",
                 job->tries == 2   ? "second"
                 : job->tries == 3 ? "third"
                 : job->tries == 4 ? "fourth"
                                   : "fifth");
  if (mixed->is_cut_short)
    summary_line(text, "", "TIME LIMIT",
                 "reached: the plan is the best so far, and another machine may find another one");
}

void mixed_lines(const MixedJob *job, Text *text) {
  if (job->mixed == NULL) return;
  plan_line(job, text);
  search_line(job, text);
}

/* ---- the table ---- */

static bool is_tried(const Mixed *mixed, int candidate) {
  return mixed->candidates[candidate].level <= mixed->level;
}

static void sqnr_cell(Table *table, bool is_known, double noise) {
  double sqnr = damage_sqnr(noise);
  if (!is_known)
    table_cell(table, "%s", "");
  else if (isinf(sqnr))
    table_cell(table, "%s", "exact");
  else
    table_cell(table, "%.1f", sqnr);
}

/* The layers of more than 4 bits, by name where they are few. */
static void finer_cell(Table *table, const Mixed *mixed, const MixedPlan *plan) {
  Text names = {0};
  int count = 0;
  for (int l = 0; l < mixed->table.layers; l++) {
    if (mixed->candidates[plan->choice[l]].weight_bits == 4) continue;
    if (count++ < NAMES_MOST) text_add(&names, "%s%s", count > 1 ? " " : "", mixed->layers[l].name);
  }
  if (count == mixed->table.layers)
    table_cell(table, "%s", "all");
  else if (count <= NAMES_MOST)
    table_cell(table, "%s", count == 0 ? "none" : names.bytes);
  else
    table_cell(table, "%d of %d", count, mixed->table.layers);
  text_free(&names);
}

static void point_row(const MixedJob *job, const MixedPoint *point, const char *mark, Table *table) {
  char bytes[TEXT_NUMBER_ROOM];
  const Mixed *mixed = job->mixed;
  table_cell(table, "%s", mark);
  table_cell(table, "%s", text_count(bytes, point->plan.bytes));
  table_cell(table, "%.1f%%", share(job, point->plan.bytes));
  table_cell(table, "%s", point->file_bytes > 0 ? text_count(bytes, point->file_bytes) : "");
  sqnr_cell(table, true, point->predicted);
  sqnr_cell(table, point->is_measured, point->measured.noise);
  if (mixed->is_classifier && point->is_measured)
    table_cell(table, "%.1f%%", 100.0 * (double)point->measured.agreeing / (double)mixed->measured_samples);
  else if (mixed->is_classifier)
    table_cell(table, "%s", "");
  for (int k = mixed->candidate_count - 1; k >= 0; k--)
    if (is_tried(mixed, k)) table_cell(table, "%d", layers_as(mixed, &point->plan, k));
  finer_cell(table, mixed, &point->plan);
}

static bool is_chosen(const Mixed *mixed, const MixedPoint *point) {
  return memcmp(point->plan.choice, mixed->chosen.plan.choice, (size_t)mixed->table.layers) == 0;
}

static int choose_columns(const Mixed *mixed, TableColumn *columns) {
  int count = 0;
  columns[count++] = (TableColumn){"", TABLE_LEFT};
  columns[count++] = (TableColumn){"weights", TABLE_RIGHT};
  columns[count++] = (TableColumn){"of int8", TABLE_RIGHT};
  columns[count++] = (TableColumn){"file", TABLE_RIGHT};
  columns[count++] = (TableColumn){"predicted dB", TABLE_RIGHT};
  columns[count++] = (TableColumn){"measured dB", TABLE_RIGHT};
  if (mixed->is_classifier) columns[count++] = (TableColumn){"agree", TABLE_RIGHT};
  for (int k = mixed->candidate_count - 1; k >= 0; k--)
    if (is_tried(mixed, k)) columns[count++] = (TableColumn){mixed->candidates[k].name, TABLE_RIGHT};
  columns[count++] = (TableColumn){"finer than 4 bits", TABLE_LEFT};
  return count;
}

void mixed_table(const MixedJob *job, Text *text) {
  const Mixed *mixed = job->mixed;
  TableColumn columns[TABLE_MAX_COLUMNS];
  Table table;
  char samples[SUMMARY_COUNT_ROOM];
  if (mixed == NULL) return;
  table_begin(&table, columns, choose_columns(mixed, columns));
  bool is_shown = false;
  for (int p = 0; p < mixed->point_count; p++) {
    if (is_chosen(mixed, &mixed->points[p])) continue;
    if (!is_shown && mixed->points[p].plan.bytes <= mixed->chosen.plan.bytes) {
      point_row(job, &mixed->chosen, "->", &table);
      is_shown = true;
    }
    point_row(job, &mixed->points[p], "", &table);
  }
  if (!is_shown) point_row(job, &mixed->chosen, "->", &table);
  text_add(text, "\nWhat each size costs, simulated on %s (layers by the bits of their weights):\n\n",
           summary_samples(samples, mixed->measured_samples));
  table_print(&table, text);
  text->failed |= table.failed;
  table_free(&table);
}

/* ---- JSON and metadata ---- */

static void point_json(const MixedJob *job, const char *key, const MixedPoint *point, Json *json) {
  const Mixed *mixed = job->mixed;
  json_object_begin(json, key);
  json_int(json, "weight_bytes", point->plan.bytes);
  json_double(json, "share", share(job, point->plan.bytes));
  if (point->file_bytes > 0) json_int(json, "file_bytes", point->file_bytes);
  json_double(json, "predicted_sqnr_db", damage_sqnr(point->predicted));
  if (point->is_measured) json_double(json, "measured_sqnr_db", point->measured.sqnr);
  if (point->is_measured && mixed->is_classifier)
    json_double(json, "agreement",
                100.0 * (double)point->measured.agreeing / (double)mixed->measured_samples);
  json_array_begin(json, "layers");
  for (int l = 0; l < mixed->table.layers; l++) json_string(json, NULL, candidate_of(mixed, &point->plan, l));
  json_array_end(json);
  json_object_end(json);
}

static void option_json(const Mixed *mixed, int layer, int k, Json *json) {
  const MixedOption *option = mixed_option(&mixed->table, layer, k);
  if (!option->exists) return;
  json_object_begin(json, mixed->candidates[k].name);
  json_int(json, "bytes", option->bytes);
  json_double(json, "noise", option->noise);
  json_bool(json, "measured", option->is_measured);
  json_object_end(json);
}

static void layers_json(const Mixed *mixed, Json *json) {
  json_array_begin(json, "layers");
  for (int l = 0; l < mixed->table.layers; l++) {
    json_object_begin(json, NULL);
    json_string(json, "name", mixed->layers[l].name);
    json_string(json, "operator", mixed->layers[l].type);
    json_int(json, "weights", mixed->layers[l].weights);
    json_string(json, "chosen", candidate_of(mixed, &mixed->chosen.plan, l));
    json_object_begin(json, "candidates");
    for (int k = 0; k < mixed->candidate_count; k++) option_json(mixed, l, k, json);
    json_object_end(json);
    json_object_end(json);
  }
  json_array_end(json);
}

void mixed_json(const MixedJob *job, Json *json) {
  const Mixed *mixed = job->mixed;
  if (mixed == NULL) return;
  json_object_begin(json, "mixed");
  json_int(json, "samples", mixed->measured_samples);
  json_int(json, "planned_runs", job->planned_runs);
  json_int(json, "runs", mixed->runs);
  json_int(json, "files", job->tries);
  json_bool(json, "reached", mixed->is_reached);
  json_bool(json, "cut_short", mixed->is_cut_short);
  point_json(job, "int8", &mixed->home, json);
  point_json(job, "chosen", &mixed->chosen, json);
  json_array_begin(json, "front");
  for (int p = 0; p < mixed->point_count; p++) point_json(job, NULL, &mixed->points[p], json);
  json_array_end(json);
  layers_json(mixed, json);
  json_object_end(json);
}

void mixed_metadata(const MixedJob *job, Text *text) {
  const Mixed *mixed = job->mixed;
  bool is_first = true;
  if (mixed == NULL) return;
  text_add(text, "mixed=");
  for (int k = mixed->candidate_count - 1; k >= 0; k--) {
    int count = layers_as(mixed, &mixed->chosen.plan, k);
    if (count > 0) text_add(text, "%s%dx%s", is_first ? "" : " ", count, mixed->candidates[k].name);
    is_first &= count == 0;
  }
  text_add(text, "\n");
}
