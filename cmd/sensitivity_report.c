/* The result of `edgec sensitivity`: a ranking with bars, CSV and JSON. */
#include "cmd/bars.h"
#include "cmd/sensitivity_job.h"
#include "cmd/summary_line.h"
#include "cmd/table.h"
#include "cmd/version.h"

#include <math.h>
#include <stdio.h>

#define BAR_COLUMNS 24

static double agreement(const SensitivityJob *job, const Damage *damage) {
  return 100.0 * (double)damage->agreeing / (double)job->sensitivity.samples;
}

static const Damage *ranking(const SensitivityJob *job, const LayerSensitivity *layer) {
  return job->bits == 4 ? &layer->at4 : &layer->at8;
}

static bool is_default_scheme(const SensitivityJob *job) {
  return job->settings.weight_bits == 8 && job->settings.activations == ACTIVATIONS_8BIT;
}

/* ---- for people ---- */

static void head_lines(const SensitivityJob *job, Text *text) {
  char samples[SUMMARY_COUNT_ROOM], calibration[SUMMARY_COUNT_ROOM], seconds[TEXT_NUMBER_ROOM];
  text_add(text, "%s: each layer alone quantized, %s%s, calibrated on %s, %s\n",
           summary_file(job->model.path), summary_samples(samples, job->measure_samples),
           job->inputs.is_synthetic ? " made up, because NO DATA was given" : "",
           summary_samples(calibration, job->calibration_samples), text_seconds(seconds, job->seconds));
  if (job->inputs.is_synthetic)
    text_add(text, "What is measured on them says nothing about real inputs. Give --data.\n");
  else if (job->measured_on_calibration)
    text_add(text, "Measured on the calibration samples: there are too few to set some aside.\n");
  text_add(text, "\n");
}

static void sqnr_cell(Table *table, bool exists, const Damage *damage) {
  if (!exists)
    table_cell(table, "%s", "");
  else if (isinf(damage->sqnr))
    table_cell(table, "%s", "exact");
  else
    table_cell(table, "%.1f", damage->sqnr);
}

static void damage_cells(const SensitivityJob *job, bool exists, const Damage *damage, Table *table) {
  sqnr_cell(table, exists, damage);
  if (!job->sensitivity.is_classifier) return;
  if (exists)
    table_cell(table, "%.1f%%", agreement(job, damage));
  else
    table_cell(table, "%s", "");
}

static int choose_columns(const SensitivityJob *job, TableColumn *columns) {
  int count = 0;
  bool is_classifier = job->sensitivity.is_classifier;
  columns[count++] = (TableColumn){"layer", TABLE_LEFT};
  columns[count++] = (TableColumn){"operator", TABLE_LEFT};
  columns[count++] = (TableColumn){"weights", TABLE_RIGHT};
  columns[count++] = (TableColumn){"8-bit dB", TABLE_RIGHT};
  if (is_classifier) columns[count++] = (TableColumn){"agree", TABLE_RIGHT};
  columns[count++] = (TableColumn){"4-bit dB", TABLE_RIGHT};
  if (is_classifier) columns[count++] = (TableColumn){"agree", TABLE_RIGHT};
  columns[count++] = (TableColumn){job->bits == 4 ? "noise at 4 bits" : "noise at 8 bits", TABLE_LEFT};
  return count;
}

static void layer_row(const SensitivityJob *job, const LayerSensitivity *layer, double most, Table *table) {
  char bar[BAR_ROOM], number[TEXT_NUMBER_ROOM];
  double noise = ranking(job, layer)->noise;
  table_cell(table, "%s", layer->name);
  table_cell(table, "%s", layer->type);
  table_cell(table, "%s", layer->weights > 0 ? text_count(number, layer->weights) : "");
  damage_cells(job, true, &layer->at8, table);
  damage_cells(job, layer->has_at4, &layer->at4, table);
  table_cell(table, "%s", bar_text(bar, most > 0 ? noise / most : 0, BAR_COLUMNS, bars_are_utf8()));
}

static void rows(const SensitivityJob *job, Text *text) {
  const Sensitivity *s = &job->sensitivity;
  TableColumn columns[TABLE_MAX_COLUMNS];
  Table table;
  table_begin(&table, columns, choose_columns(job, columns));
  double most = s->count > 0 ? ranking(job, &s->layers[0])->noise : 0;
  for (int l = 0; l < s->count; l++) layer_row(job, &s->layers[l], most, &table);
  table_print(&table, text);
  text->failed |= table.failed;
  table_free(&table);
}

void sensitivity_table(const SensitivityJob *job, Text *text) {
  const Sensitivity *s = &job->sensitivity;
  head_lines(job, text);
  rows(job, text);
  if (is_default_scheme(job))
    text_add(text, "\nall layers at 8 bits: ");
  else
    text_add(text, "\nall layers as %s: ", options_string(job->options, "bits"));
  if (isinf(s->all.sqnr))
    text_add(text, "exact");
  else
    text_add(text, "SQNR %.1f dB", s->all.sqnr);
  if (s->is_classifier) text_add(text, ", agreement %.1f%%", agreement(job, &s->all));
  text_add(text, "\n");
}

/* ---- for programs ---- */

/* Empty where the number is not finite or does not exist. */
static void number_cell(Table *table, bool exists, const char *format, double number) {
  char text[64];
  snprintf(text, sizeof text, format, number);
  table_cell(table, "%s", exists && isfinite(number) ? text : "");
}

static void csv_damage(const SensitivityJob *job, bool exists, const Damage *damage, Table *table) {
  number_cell(table, exists, "%.3f", damage->sqnr);
  number_cell(table, exists, "%.6g", damage->noise);
  number_cell(table, exists && job->sensitivity.is_classifier, "%.4f", agreement(job, damage));
}

void sensitivity_csv(const SensitivityJob *job, Text *text) {
  static const TableColumn columns[] = {
      {"layer", TABLE_LEFT},    {"operator", TABLE_LEFT}, {"weights", TABLE_LEFT},
      {"sqnr8_db", TABLE_LEFT}, {"noise8", TABLE_LEFT},   {"agreement8", TABLE_LEFT},
      {"sqnr4_db", TABLE_LEFT}, {"noise4", TABLE_LEFT},   {"agreement4", TABLE_LEFT}};
  Table table;
  table_begin(&table, columns, (int)(sizeof columns / sizeof columns[0]));
  for (int l = 0; l < job->sensitivity.count; l++) {
    const LayerSensitivity *layer = &job->sensitivity.layers[l];
    table_cell(&table, "%s", layer->name);
    table_cell(&table, "%s", layer->type);
    table_cell(&table, "%lld", (long long)layer->weights);
    csv_damage(job, true, &layer->at8, &table);
    csv_damage(job, layer->has_at4, &layer->at4, &table);
  }
  table_csv(&table, text);
  text->failed |= table.failed;
  table_free(&table);
}

static void damage_json(const SensitivityJob *job, const char *key, const Damage *damage, Json *json) {
  json_object_begin(json, key);
  json_double(json, "sqnr_db", damage->sqnr);
  json_double(json, "noise", damage->noise);
  if (job->sensitivity.is_classifier) json_double(json, "agreement", agreement(job, damage));
  json_object_end(json);
}

static void layer_json(const SensitivityJob *job, const LayerSensitivity *layer, Json *json) {
  json_object_begin(json, NULL);
  json_string(json, "name", layer->name);
  json_string(json, "operator", layer->type);
  json_int(json, "weights", layer->weights);
  damage_json(job, "bits8", &layer->at8, json);
  if (layer->has_at4) damage_json(job, "bits4", &layer->at4, json);
  json_object_end(json);
}

void sensitivity_json(const SensitivityJob *job, Text *text) {
  Json json;
  json_begin(&json, text);
  json_object_begin(&json, NULL);
  json_string(&json, "edgec", EDGEC_VERSION);
  options_to_json(job->options, &json, "options");
  json_string(&json, "model", job->model.path);
  json_bool(&json, "synthetic", job->inputs.is_synthetic);
  json_int(&json, "calibration_samples", job->calibration_samples);
  json_int(&json, "samples", job->measure_samples);
  damage_json(job, is_default_scheme(job) ? "all_bits8" : "all", &job->sensitivity.all, &json);
  json_array_begin(&json, "layers");
  for (int l = 0; l < job->sensitivity.count; l++) layer_json(job, &job->sensitivity.layers[l], &json);
  json_array_end(&json);
  json_object_end(&json);
  json_end(&json);
}
