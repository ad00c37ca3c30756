#include "cmd/explain_job.h"

#include "formats/edge/edge_steps.h"

#include <stdlib.h>
#include <string.h>

/* ---- collecting ---- */

typedef struct Collector {
  ExplainJob *job;
  const char *layer;
  Error *err;
} Collector;

static Status add(const Collector *c, const char *what, const char *before, const char *after,
                  bool is_number) {
  ExplainJob *job = c->job;
  if (before == NULL || after == NULL) return c->err->status;
  TRY(array_grow(&job->changes, job->count, &job->capacity, sizeof *job->changes, c->err));
  job->changes[job->count++] = (Change){c->layer, what, before, after, is_number};
  return OK;
}

static Status compare_texts(const Collector *c, const char *what, const char *before, const char *after) {
  return strcmp(before, after) == 0 ? OK : add(c, what, before, after, false);
}

static Status compare_counts(const Collector *c, const char *what, int64_t before, int64_t after) {
  Arena *arena = &c->job->arena;
  if (before == after) return OK;
  return add(c, what, arena_format(arena, c->err, "%lld", (long long)before),
             arena_format(arena, c->err, "%lld", (long long)after), true);
}

static const char *scale_text(const Collector *c, double scale) {
  return scale == 0 ? "" : arena_format(&c->job->arena, c->err, "%.9g", scale);
}

static Status compare_scales(const Collector *c, double before, double after) {
  if (!(before < after || before > after)) return OK;
  return add(c, "scale", scale_text(c, before), scale_text(c, after), true);
}

/* ---- the whole ---- */

/* The value of a key in "key=value" lines, in the arena; "" where it is not there. */
static const char *metadata_value(const Collector *c, const char *metadata, const char *key, size_t length) {
  for (const char *line = metadata; *line != '\0';) {
    size_t size = strcspn(line, "\n");
    if (size > length && strncmp(line, key, length) == 0 && line[length] == '=')
      return arena_text_of(&c->job->arena, line + length + 1, size - length - 1, c->err);
    line += size + (line[size] == '\n');
  }
  return "";
}

#define METADATA_MOST 64 /* lines that are compared */

/* Keys of `from`; where `only_new` those that `before` does not have. */
static Status compare_keys(const Collector *c, const char *from, const char *before, const char *after,
                           bool only_new) {
  int lines = 0;
  for (const char *line = from; *line != '\0' && lines < METADATA_MOST; lines++) {
    size_t size = strcspn(line, "\n"), key = strcspn(line, "=\n");
    const char *old = metadata_value(c, before, line, key), *new = metadata_value(c, after, line, key);
    if (old == NULL || new == NULL) return c->err->status;
    const char *name = arena_text_of(&c->job->arena, line, key, c->err);
    if (name == NULL) return c->err->status;
    if (!only_new || old[0] == '\0') TRY(compare_texts(c, name, old, new));
    line += size + (line[size] == '\n');
  }
  return OK;
}

static Status compare_metadata(const Collector *c) {
  const ExplainSide *sides = c->job->sides;
  if (!sides[0].model.is_edge) return OK;
  const char *before = edge_file_metadata(&sides[0].model.file),
             *after = edge_file_metadata(&sides[1].model.file);
  TRY(compare_keys(c, before, before, after, false));
  return compare_keys(c, after, before, after, true);
}

static Status compare_wholes(const Collector *c) {
  const ExplainSide *a = &c->job->sides[0], *b = &c->job->sides[1];
  TRY(compare_counts(c, "file bytes", runnable_bytes(&a->model), runnable_bytes(&b->model)));
  TRY(compare_counts(c, "constant bytes", a->constants, b->constants));
  TRY(compare_counts(c, "multiply-accumulates", a->macs, b->macs));
  if (!a->model.is_edge) return OK;
  const EdgeModel *before = &a->model.file.model, *after = &b->model.file.model;
  TRY(compare_counts(c, "arena bytes", (int64_t)edge_arena_bytes(before), (int64_t)edge_arena_bytes(after)));
  TRY(compare_counts(c, "instructions", before->instruction_count, after->instruction_count));
  TRY(compare_texts(c, "integer-only", edge_is_integer_only(before) ? "yes" : "no",
                    edge_is_integer_only(after) ? "yes" : "no"));
  return compare_metadata(c);
}

/* ---- layers ---- */

static Status compare_layers(const Collector *c, const ExplainLayer *a, const ExplainLayer *b) {
  TRY(compare_texts(c, "operations", a->operations, b->operations));
  TRY(compare_texts(c, "type", a->type, b->type));
  TRY(compare_texts(c, "shape", a->shape, b->shape));
  TRY(compare_scales(c, a->scale, b->scale));
  if (a->scale != 0 && b->scale != 0) TRY(compare_counts(c, "zero point", a->zero_point, b->zero_point));
  TRY(compare_texts(c, "weights", a->weight_type, b->weight_type));
  TRY(compare_texts(c, "weight shape", a->weight_shape, b->weight_shape));
  TRY(compare_counts(c, "bytes", a->bytes, b->bytes));
  TRY(compare_counts(c, "MAC", a->macs, b->macs));
  if (a->bytes != b->bytes || a->constants_crc == b->constants_crc) return OK;
  return add(c, "constants", arena_format(&c->job->arena, c->err, "crc %08x", a->constants_crc),
             arena_format(&c->job->arena, c->err, "crc %08x", b->constants_crc), false);
}

/* An ONNX tensor lies in the model's own order: shapes, and what only an integer form has, are not compared.
 */
static Status compare_with_onnx(const Collector *c, const ExplainLayer *a, const ExplainLayer *b) {
  TRY(compare_texts(c, "operations", a->operations, b->operations));
  TRY(compare_texts(c, "type", a->type, b->type));
  TRY(compare_scales(c, a->scale, b->scale));
  TRY(compare_texts(c, "weights", a->weight_type, b->weight_type));
  TRY(compare_counts(c, "bytes", a->bytes, b->bytes));
  return compare_counts(c, "MAC", a->macs, b->macs);
}

static Status add_whole_layer(Collector *c, const ExplainLayer *layer, bool is_added) {
  c->layer = layer->name;
  const char *text = arena_format(&c->job->arena, c->err, "%s, %s %s, %lld bytes", layer->operations,
                                  layer->type, layer->shape, (long long)layer->bytes);
  if (is_added)
    c->job->added++;
  else
    c->job->removed++;
  return add(c, is_added ? "added" : "removed", is_added ? "" : text, is_added ? text : "", false);
}

static Status compare_pair(Collector *c, const ExplainLayer *a, const ExplainLayer *b) {
  size_t before = c->job->count;
  c->layer = b->name;
  TRY(c->job->sides[0].model.is_edge ? compare_layers(c, a, b) : compare_with_onnx(c, a, b));
  if (c->job->count > before)
    c->job->changed++;
  else
    c->job->unchanged++;
  return OK;
}

/* In the order of the second side; what it has no more stands where it was. */
static Status compare_all_layers(Collector *c) {
  const ExplainSide *a = &c->job->sides[0], *b = &c->job->sides[1];
  int next = 0; /* of the first side: before it all is told */
  for (int l = 0; l < b->count; l++) {
    int match = explain_find(a, b->layers[l].name);
    for (; next <= match; next++)
      if (explain_find(b, a->layers[next].name) < 0) TRY(add_whole_layer(c, &a->layers[next], false));
    TRY(match < 0 ? add_whole_layer(c, &b->layers[l], true)
                  : compare_pair(c, &a->layers[match], &b->layers[l]));
  }
  for (; next < a->count; next++)
    if (explain_find(b, a->layers[next].name) < 0) TRY(add_whole_layer(c, &a->layers[next], false));
  return OK;
}

/* ---- the job ---- */

static Status same_files(ExplainJob *job, Error *err) {
  MappedFile files[2];
  TRY(file_map(job->options->arguments[0], &files[0], err));
  Status status = file_map(job->options->arguments[1], &files[1], err);
  if (status == OK) {
    job->is_same_file =
        files[0].size == files[1].size && memcmp(files[0].bytes, files[1].bytes, files[0].size) == 0;
    file_unmap(&files[1]);
  }
  file_unmap(&files[0]);
  return status;
}

static Status open_sides(ExplainJob *job, Error *err) {
  const char *const *paths = job->options->arguments;
  TRY(explain_side_open(&job->sides[0], paths[0], err));
  TRY(explain_side_open(&job->sides[1], paths[1], err));
  if (!job->sides[1].model.is_edge)
    return fail(err, BAD_USAGE, "%s: the second file must be an .edge file%s", paths[1],
                job->sides[0].model.is_edge ? "; put the ONNX model first" : "");
  TRY(explain_edge_layers(&job->sides[1], err));
  return job->sides[0].model.is_edge ? explain_edge_layers(&job->sides[0], err)
                                     : explain_onnx_layers(&job->sides[0], &job->sides[1], err);
}

Status explain_job_run(ExplainJob *job, const Options *options, Error *err) {
  *job = (ExplainJob){.options = options};
  Collector collector = {.job = job, .layer = "", .err = err};
  TRY(open_sides(job, err));
  TRY(same_files(job, err));
  if (job->is_same_file) {
    job->unchanged = job->sides[1].count;
    return OK;
  }
  TRY(compare_wholes(&collector));
  return compare_all_layers(&collector);
}

void explain_job_free(ExplainJob *job) {
  explain_side_close(&job->sides[0]);
  explain_side_close(&job->sides[1]);
  free(job->changes);
  arena_free(&job->arena);
}
