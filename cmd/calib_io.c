#include "cmd/calib_io.h"

#include <string.h>
#include <zlib.h>

Status calib_open(CalibFile *file, const char *path, Error *err) {
  MappedFile mapped;
  *file = (CalibFile){0};
  TRY(file_map(path, &mapped, err));
  Status status = calib_parse(file, path, mapped.bytes, mapped.size, err);
  file_unmap(&mapped);
  return status;
}

Status calib_save(const CalibFile *file, const char *path, int64_t *bytes, Error *err) {
  Text text = {0};
  calib_write(file, &text);
  Status status = text_status(&text, err);
  if (status == OK) status = file_write(path, text.bytes, text.length, err);
  *bytes = (int64_t)text.length;
  text_free(&text);
  return status;
}

/* ---- what it is of ---- */

static bool is_repeated(const Inputs *inputs, int i) {
  for (int j = 0; j < i; j++)
    if (strcmp(inputs->inputs[i].path, inputs->inputs[j].path) == 0) return true;
  return false;
}

/* CRC-32 and size of the inputs' files, one behind the other, each once. */
static Status digest_data(const Inputs *inputs, uint32_t *crc, int64_t *bytes, Error *err) {
  *crc = 0;
  *bytes = 0;
  for (int i = 0; i < inputs->count; i++) {
    MappedFile file;
    if (is_repeated(inputs, i)) continue;
    TRY(file_map(inputs->inputs[i].path, &file, err));
    *crc = (uint32_t)crc32_z(*crc, file.bytes, file.size);
    *bytes += (int64_t)file.size;
    file_unmap(&file);
  }
  return OK;
}

static void add_numbers(Text *text, const char *name, const double *numbers, int count) {
  text_add(text, ", %s", name);
  for (int i = 0; i < count; i++) text_add(text, "%c%.17g", i == 0 ? ' ' : ',', numbers[i]);
  if (count == 0) text_add(text, " none");
}

static void describe_setup(const Inputs *inputs, Text *text) {
  const Preprocess *preprocess = &inputs->preprocess;
  text_add(text, "scale %.17g", preprocess->scale);
  add_numbers(text, "mean", preprocess->mean, preprocess->mean_count);
  add_numbers(text, "std", preprocess->std, preprocess->std_count);
  text_add(text, ", layout %s", options_string(inputs->options, "layout"));
  for (int i = 0; i < inputs->count; i++) {
    text_add(text, ", input %d ", i);
    shape_print(text, &inputs->forms[i].shape, NULL);
  }
}

Status calib_source_of(CalibSource *source, const Model *model, const Inputs *inputs, Arena *arena,
                       Error *err) {
  Text setup = {0};
  *source = (CalibSource){.model_crc = model->file_crc, .model_bytes = model->file_bytes};
  TRY(digest_data(inputs, &source->data_crc, &source->data_bytes, err));
  describe_setup(inputs, &setup);
  Status status = text_status(&setup, err);
  if (status == OK) source->setup = arena_text(arena, setup.bytes, err);
  if (status == OK && source->setup == NULL) status = err->status;
  text_free(&setup);
  return status;
}

Status calib_line_up(CalibFile *parts, int count, Arena *arena, Error *err) {
  CalibSource whole = parts[0].source;
  Text setup = {0};
  text_add(&setup, "%s", whole.setup);
  for (int p = 1; p < count; p++) {
    const CalibSource *part = &parts[p].source;
    whole.data_crc = (uint32_t)crc32_combine(whole.data_crc, part->data_crc, (z_off_t)part->data_bytes);
    whole.data_bytes += part->data_bytes;
    whole.total += part->total;
    text_add(&setup, "; %s", part->setup);
  }
  Status status = text_status(&setup, err);
  if (status == OK) whole.setup = arena_text(arena, setup.bytes, err);
  if (status == OK && whole.setup == NULL) status = err->status;
  text_free(&setup);
  int64_t from = 0;
  for (int p = 0; p < count && status == OK; p++) {
    int64_t to = from + parts[p].source.total;
    parts[p].source = whole;
    parts[p].source.from = from;
    parts[p].source.to = from = to;
  }
  return status;
}

static Status check_setup(const CalibFile *file, const Inputs *inputs, Error *err) {
  Text setup = {0};
  describe_setup(inputs, &setup);
  Status status = text_status(&setup, err);
  if (status == OK && strcmp(setup.bytes, file->source.setup) != 0)
    status = fail(err, BAD_INPUT, "%s: has seen the same data otherwise prepared: '%s', not '%s'", file->path,
                  file->source.setup, setup.bytes);
  text_free(&setup);
  return status;
}

Status calib_is_of_data(const CalibFile *file, const Inputs *inputs, bool *is_same, Error *err) {
  uint32_t crc;
  int64_t bytes;
  TRY(digest_data(inputs, &crc, &bytes, err));
  *is_same = crc == file->source.data_crc && bytes == file->source.data_bytes;
  return *is_same ? check_setup(file, inputs, err) : OK;
}
