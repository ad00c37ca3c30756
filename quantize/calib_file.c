#include "quantize/calib_file.h"

#include "quantize/range.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void calib_free(CalibFile *file) {
  arena_free(&file->arena);
  *file = (CalibFile){0};
}

void calib_expand(const CalibTensor *tensor, Histogram *seen, uint64_t *counts) {
  *seen = tensor->seen;
  seen->counts = counts;
  memset(counts, 0, HISTOGRAM_BINS * sizeof *counts);
  for (int i = 0; i < tensor->bin_count; i++) counts[tensor->bins[i].number] = tensor->bins[i].count;
  if (tensor->weighted == NULL) return;
  seen->weighted = counts + HISTOGRAM_BINS;
  memset(seen->weighted, 0, HISTOGRAM_BINS * sizeof *counts);
  for (int i = 0; i < tensor->bin_count; i++)
    seen->weighted[tensor->weighted[i].number] = tensor->weighted[i].count;
}

/* Bins that hold something: `filled` of them. */
static const CalibBin *compress(const uint64_t *counts, int filled, Arena *arena, Error *err) {
  CalibBin *bins = arena_new(arena, (size_t)filled, sizeof *bins, err);
  int count = 0;
  for (int i = 0; bins != NULL && i < HISTOGRAM_BINS && count < filled; i++)
    if (counts[i] > 0) bins[count++] = (CalibBin){i, counts[i]};
  return bins;
}

Status calib_compress(CalibTensor *tensor, const Histogram *seen, Arena *arena, Error *err) {
  int filled = 0;
  for (int i = 0; i < HISTOGRAM_BINS; i++) filled += seen->counts[i] > 0;
  tensor->bins = compress(seen->counts, filled, arena, err);
  tensor->weighted =
      seen->weighted != NULL && filled > 0 ? compress(seen->weighted, filled, arena, err) : NULL;
  if (tensor->bins == NULL || (seen->weighted != NULL && filled > 0 && tensor->weighted == NULL))
    return err->status;
  tensor->bin_count = filled;
  tensor->seen = *seen;
  tensor->seen.counts = tensor->seen.weighted = NULL;
  tensor->seen.low += 0.0f; /* which of two zeros came first does not matter */
  tensor->seen.high += 0.0f;
  return OK;
}

Status calib_from(CalibFile *file, const Graph *graph, const Calibration *calibration,
                  const CalibSource *source, Error *err) {
  *file = (CalibFile){.source = *source};
  file->source.setup = arena_text(&file->arena, source->setup, err);
  file->tensors = arena_new(&file->arena, (size_t)graph->value_count, sizeof *file->tensors, err);
  if (file->source.setup == NULL || file->tensors == NULL) return err->status;
  for (int v = 0; v < graph->value_count && v < calibration->value_count; v++) {
    const Histogram *histogram = &calibration->histograms[v];
    if (histogram->counts == NULL) continue;
    CalibTensor *tensor = &file->tensors[file->count++];
    tensor->name = arena_text(&file->arena, graph->values[v]->name, err);
    if (tensor->name == NULL) return err->status;
    TRY(calib_compress(tensor, histogram, &file->arena, err));
  }
  return OK;
}

/* ---- does it fit? ---- */

Status calib_check_whole(const CalibFile *file, Error *err) {
  const CalibSource *source = &file->source;
  if (source->from == 0 && source->to == source->total) return OK;
  return fail(err, BAD_INPUT,
              "%s: has seen only samples %lld..%lld of 0..%lld; merge it with the other shards first",
              file->path, (long long)source->from, (long long)source->to - 1, (long long)source->total - 1);
}

Status calib_check_model(const CalibFile *file, const char *model, uint32_t crc, int64_t bytes, Error *err) {
  const CalibSource *source = &file->source;
  if (source->model_crc == crc && source->model_bytes == bytes) return OK;
  return fail(
      err, BAD_INPUT,
      "%s: is of another model (%lld bytes, CRC-32 %08x) than %s (%lld bytes, CRC-32 %08x); calibrate "
      "this one",
      file->path, (long long)source->model_bytes, source->model_crc, model, (long long)bytes, crc);
}

/* ---- to a graph's calibration ---- */

static int by_name(const void *a, const void *b) {
  const CalibTensor *const *left = a, *const *right = b;
  return strcmp((*left)->name, (*right)->name);
}

static Status sort_tensors(const CalibFile *file, const CalibTensor ***sorted, Arena *arena, Error *err) {
  *sorted = arena_new(arena, (size_t)file->count, sizeof **sorted, err);
  if (*sorted == NULL) return err->status;
  for (int t = 0; t < file->count; t++) (*sorted)[t] = &file->tensors[t];
  qsort(*sorted, (size_t)file->count, sizeof **sorted, by_name);
  for (int t = 1; t < file->count; t++)
    if (strcmp((*sorted)[t]->name, (*sorted)[t - 1]->name) == 0)
      return fail(err, BAD_INPUT, "%s: tensor '%s' is there twice", file->path, (*sorted)[t]->name);
  return OK;
}

static bool is_float_tensor(const Value *value) {
  return value->constant == NULL && value->type == ELEMENT_FLOAT32;
}

/* found[v] becomes the tensor of value v. */
static Status match(const CalibFile *file, const Graph *graph, const CalibTensor **found, Arena *arena,
                    Error *err) {
  const CalibTensor **sorted;
  TRY(sort_tensors(file, &sorted, arena, err));
  int matched = 0;
  for (int v = 0; v < graph->value_count; v++) {
    const CalibTensor wanted = {.name = graph->values[v]->name}, *key = &wanted;
    if (!is_float_tensor(graph->values[v])) continue;
    const CalibTensor **at = bsearch(&key, sorted, (size_t)file->count, sizeof *sorted, by_name);
    if (at == NULL)
      return fail(err, BAD_INPUT, "%s: the model's tensor '%s' is not in it; calibrate again with this edgec",
                  file->path, wanted.name);
    found[v] = *at;
    matched++;
  }
  for (int t = 0; matched < file->count && t < file->count; t++) {
    const Value *value = graph_find_value(graph, file->tensors[t].name);
    if (value == NULL || !is_float_tensor(value))
      return fail(err, BAD_INPUT, "%s: the model has no tensor '%s'; calibrate again with this edgec",
                  file->path, file->tensors[t].name);
  }
  return OK;
}

static Status fill(Calibration *calibration, const CalibFile *file, const Graph *graph, Arena *arena,
                   Error *err) {
  size_t values = (size_t)graph->value_count;
  const CalibTensor **found = arena_new(arena, values, sizeof *found, err);
  Bins *bins = arena_new(arena, values, sizeof *bins, err);
  if (found == NULL || bins == NULL) return err->status;
  TRY(match(file, graph, found, arena, err));
  for (size_t v = 0; v < values; v++)
    if (found[v] != NULL && found[v]->seen.count > 0)
      bins[v] = found[v]->weighted != NULL ? BINS_WEIGHTED : BINS_COUNTED;
  TRY(calibration_reserve(calibration, bins, graph->value_count, err));
  calibration->given = calloc(values + 1, sizeof *calibration->given);
  if (calibration->given == NULL) return fail_memory(err);
  for (size_t v = 0; v < values; v++) {
    if (found[v] == NULL) continue;
    calibration->given[v] = found[v]->range;
    if (bins[v] == BINS_NONE) continue;
    uint64_t *counts = calibration->histograms[v].counts;
    calib_expand(found[v], &calibration->histograms[v], counts);
  }
  calibration->samples = file->source.total;
  return OK;
}

Status calibration_from_file(Calibration **calibration, const CalibFile *file, const Graph *graph,
                             Error *err) {
  Arena arena = {0};
  *calibration = NULL;
  Calibration *made = calloc(1, sizeof *made);
  if (made == NULL) return fail_memory(err);
  Status status = fill(made, file, graph, &arena, err);
  if (status == OK)
    *calibration = made;
  else
    calibration_free(made);
  arena_free(&arena);
  return status;
}

/* ---- what codes would do ---- */

bool calib_damage(const CalibTensor *tensor, const QuantizeOptions *options, GivenRange *range,
                  TensorDamage *damage) {
  uint64_t counts[2 * HISTOGRAM_BINS];
  Histogram seen;
  if (tensor->seen.count == 0) return false;
  calib_expand(tensor, &seen, counts);
  Range chosen = {fmin(tensor->range.low, 0), fmax(tensor->range.high, 0)};
  if (!tensor->range.given) chosen = range_choose(&seen, options);
  *range = (GivenRange){tensor->range.given, chosen.low, chosen.high};
  *damage = range_damage(&seen, affine_of(chosen, 8), 8);
  return true;
}
