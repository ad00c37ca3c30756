/* Shards of one calibration become the whole. Histograms do not depend on the order of what they have seen
   (histogram.h), so the result is, byte for byte, what one run over all samples would have written. */
#include "quantize/calib_file.h"

#include <stdlib.h>
#include <string.h>

static int by_samples(const void *a, const void *b) {
  const CalibFile *const *left = a, *const *right = b;
  int64_t l = (*left)->source.from, r = (*right)->source.from;
  return (l > r) - (l < r);
}

/* ---- do they belong together? ---- */

static Status foreign(const CalibFile *a, const CalibFile *b, const char *what, Error *err) {
  return fail(err, BAD_INPUT, "%s and %s are no shards of one calibration: %s", a->path, b->path, what);
}

static Status check_source(const CalibFile *first, const CalibFile *other, Error *err) {
  const CalibSource *a = &first->source, *b = &other->source;
  if (a->model_crc != b->model_crc || a->model_bytes != b->model_bytes)
    return foreign(first, other, "they are of different models", err);
  if (a->data_crc != b->data_crc || a->data_bytes != b->data_bytes)
    return foreign(first, other, "they are of different data", err);
  if (strcmp(a->setup, b->setup) != 0) return foreign(first, other, "their 'setup' lines differ", err);
  if (a->total != b->total)
    return foreign(first, other, "they are parts of different numbers of samples", err);
  return OK;
}

static Status check_tensors(const CalibFile *first, const CalibFile *other, Error *err) {
  if (first->count != other->count) return foreign(first, other, "they have different tensors", err);
  for (int t = 0; t < first->count; t++)
    if (strcmp(first->tensors[t].name, other->tensors[t].name) != 0)
      return foreign(first, other, "they have different tensors", err);
  return OK;
}

/* `seen_to`: the samples before it have been seen, the last of them by `before` (NULL: none). */
static Status check_next(const CalibFile *before, int64_t seen_to, const CalibFile *file, Error *err) {
  const CalibSource *source = &file->source;
  if (source->from > seen_to)
    return fail(err, BAD_INPUT, "a shard is missing: no file has seen samples %lld..%lld of 0..%lld",
                (long long)seen_to, (long long)source->from - 1, (long long)source->total - 1);
  if (source->from < seen_to)
    return fail(err, BAD_INPUT, "%s and %s overlap: both have seen sample %lld", before->path, file->path,
                (long long)source->from);
  return OK;
}

static Status check_shards(const CalibFile *const *files, int count, Error *err) {
  int64_t seen_to = 0, total = files[0]->source.total;
  for (int f = 1; f < count; f++) {
    TRY(check_source(files[0], files[f], err));
    TRY(check_tensors(files[0], files[f], err));
  }
  for (int f = 0; f < count; f++) {
    TRY(check_next(f == 0 ? NULL : files[f - 1], seen_to, files[f], err));
    seen_to = files[f]->source.to;
  }
  if (seen_to == total) return OK;
  return fail(err, BAD_INPUT, "a shard is missing: no file has seen samples %lld..%lld of 0..%lld",
              (long long)seen_to, (long long)total - 1, (long long)total - 1);
}

/* ---- adding up ---- */

static Status merge_range(CalibTensor *into, const CalibFile *file, const CalibTensor *from, Error *err) {
  if (!from->range.given) return OK;
  if (into->range.given && (into->range.low != from->range.low || into->range.high != from->range.high))
    return fail(err, BAD_INPUT, "%s: tensor '%s': another shard sets another range", file->path, from->name);
  into->range = from->range;
  return OK;
}

/* Room for the tensor of one shard beside the sum. */
typedef struct Room {
  uint64_t sum[2 * HISTOGRAM_BINS], counts[2 * HISTOGRAM_BINS];
} Room;

/* Has any shard weighted counts of the tensor? */
static bool is_weighted(const CalibFile *const *files, int count, int t) {
  for (int f = 0; f < count; f++)
    if (files[f]->tensors[t].weighted != NULL) return true;
  return false;
}

static Status merge_tensor(CalibFile *into, const CalibFile *const *files, int count, int t, Room *room,
                           Error *err) {
  CalibTensor *tensor = &into->tensors[t];
  Histogram sum, seen;
  memset(room->sum, 0, sizeof room->sum);
  histogram_init(&sum, room->sum);
  if (is_weighted(files, count, t)) sum.weighted = room->sum + HISTOGRAM_BINS;
  tensor->name = files[0]->tensors[t].name;
  for (int f = 0; f < count; f++) {
    const CalibTensor *from = &files[f]->tensors[t];
    TRY(merge_range(tensor, files[f], from, err));
    if (from->seen.count > INT64_MAX - sum.count)
      return fail(err, BAD_INPUT, "%s: tensor '%s': too many values", files[f]->path, from->name);
    calib_expand(from, &seen, room->counts);
    if (seen.count > 0 && (seen.weighted != NULL) != (sum.weighted != NULL))
      return foreign(files[0], files[f], "only one has lines of weighted counts", err);
    histogram_merge(&sum, &seen);
  }
  return calib_compress(tensor, &sum, &into->arena, err);
}

static Status merge_sorted(CalibFile *into, const CalibFile *const *files, int count, Room *room,
                           Error *err) {
  TRY(check_shards(files, count, err));
  into->source = files[0]->source;
  into->source.to = into->source.total;
  into->tensors = arena_new(&into->arena, (size_t)files[0]->count, sizeof *into->tensors, err);
  if (into->tensors == NULL) return err->status;
  into->count = files[0]->count;
  for (int t = 0; t < into->count; t++) TRY(merge_tensor(into, files, count, t, room, err));
  return OK;
}

Status calib_merge(CalibFile *into, const CalibFile *files, int count, Error *err) {
  *into = (CalibFile){0};
  const CalibFile **sorted = malloc((size_t)count * sizeof *sorted);
  Room *room = malloc(sizeof *room);
  Status status = sorted == NULL || room == NULL ? fail_memory(err) : OK;
  for (int f = 0; status == OK && f < count; f++) sorted[f] = &files[f];
  if (status == OK) {
    qsort(sorted, (size_t)count, sizeof *sorted, by_samples);
    status = merge_sorted(into, sorted, count, room, err);
  }
  free(sorted);
  free(room);
  return status;
}
