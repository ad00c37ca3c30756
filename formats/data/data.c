#include "formats/data/data.h"

#include "formats/data/array_header.h"
#include "formats/data/convert.h"
#include "formats/data/npz.h"

#include <stdlib.h>
#include <string.h>

struct DataSource {
  Arena arena; /* of names */
  DataFile file;
  DataStream stream;
  ArrayHeader header;
  DataForm form;
  int64_t position; /* sample that is read next */
  uint8_t *raw;     /* STREAM_WINDOW bytes before conversion */
};

static const struct {
  const char *name;
  size_t size;
  bool is_integer;
} types[] = {[DATA_U8] = {"uint8", 1, true},     [DATA_I8] = {"int8", 1, true},
             [DATA_U16] = {"uint16", 2, true},   [DATA_I16] = {"int16", 2, true},
             [DATA_U32] = {"uint32", 4, true},   [DATA_I32] = {"int32", 4, true},
             [DATA_U64] = {"uint64", 8, true},   [DATA_I64] = {"int64", 8, true},
             [DATA_BOOL] = {"bool", 1, true},    [DATA_F16] = {"float16", 2, false},
             [DATA_F32] = {"float32", 4, false}, [DATA_F64] = {"float64", 8, false}};

const char *data_type_name(DataType type) {
  return types[type].name;
}

bool data_is_integer(DataType type) {
  return types[type].is_integer;
}

size_t data_type_size(DataType type) {
  return types[type].size;
}

/* ---- which array of an .npz ---- */

static bool is_one_of(const char *name, const char *const *names) {
  for (; *names != NULL; names++)
    if (strcmp(name, *names) == 0) return true;
  return false;
}

static const NpzEntry *entry_of(const NpzEntry *entries, int count, const char *name) {
  for (int i = 0; i < count; i++)
    if (entries[i].is_array && strcmp(entries[i].name, name) == 0) return &entries[i];
  return NULL;
}

static const NpzEntry *usual_entry(const NpzEntry *entries, int count) {
  static const char *const usual[] = {"x", "images", "data", "input", "arr_0", NULL};
  static const char *const labels[] = {"y", "labels", "label", "targets", NULL};
  for (int i = 0; usual[i] != NULL; i++) {
    const NpzEntry *entry = entry_of(entries, count, usual[i]);
    if (entry != NULL) return entry;
  }
  const NpzEntry *only = NULL;
  for (int i = 0; i < count; i++) {
    if (!entries[i].is_array || is_one_of(entries[i].name, labels)) continue;
    if (only != NULL) return NULL;
    only = &entries[i];
  }
  return only;
}

static Status fail_key(const char *path, const char *key, const NpzEntry *entries, int count, Error *err) {
  Text list = {0};
  for (int i = 0; i < count; i++)
    if (entries[i].is_array) text_add(&list, "%s%s", list.length > 0 ? ", " : "", entries[i].name);
  const char *names = list.length > 0 ? list.bytes : "no arrays at all";
  Status status = key != NULL
                      ? fail(err, BAD_INPUT, "%s: has no array '%s'; it holds: %s", path, key, names)
                      : fail(err, BAD_INPUT, "%s: say which array to take, as in %s:KEY; it holds: %s", path,
                             path, names);
  text_free(&list);
  return status;
}

static Status choose_entry(const char *path, const char *key, const NpzEntry *entries, int count,
                           const NpzEntry **chosen, Error *err) {
  *chosen = key != NULL ? entry_of(entries, count, key) : usual_entry(entries, count);
  if (*chosen == NULL) return fail_key(path, key, entries, count, err);
  int behind = count - (int)(*chosen - entries) - 1;
  if (entry_of(*chosen + 1, behind, (*chosen)->name) != NULL)
    return fail(err, BAD_INPUT, "%s: holds two arrays of the name '%s'", path, (*chosen)->name);
  return OK;
}

/* ---- opening ---- */

static Status open_npz(DataSource *source, const char *key, Error *err) {
  NpzEntry *entries;
  const NpzEntry *entry;
  StreamPart part;
  int count;
  TRY(npz_read_directory(&source->file, &source->arena, &entries, &count, err));
  TRY(choose_entry(source->file.name, key, entries, count, &entry, err));
  char *name = arena_format(&source->arena, err, "%s: array '%s'", source->file.name, entry->name);
  if (name == NULL) return SYSTEM;
  TRY(npz_locate(&source->file, entry, name, &part, err));
  TRY(stream_open(&source->stream, &source->file, &part, err));
  return npy_read_header(&source->stream, &source->header, err);
}

static Status fail_magic(const char *path, const uint8_t magic[4], Error *err) {
  const char *what = "no kind of data that edgec reads";
  if (memcmp(magic, "\x89PNG", 4) == 0 || memcmp(magic, "\xff\xd8\xff", 3) == 0)
    what = "a picture; put the pictures into one array";
  else if (memcmp(magic, "\x89HDF", 4) == 0)
    what = "an HDF5 file; convert it with NumPy";
  else if (magic[0] == 0x80 && magic[1] >= 2 && magic[1] <= 5)
    what = "a Python pickle, which edgec never loads";
  return fail(err, BAD_INPUT, "%s: is %s (known: .npy, .npz, idx, and .npy or idx in gzip)", path, what);
}

static Status open_array(DataSource *source, StreamCoding coding, const char *key, Error *err) {
  const DataFile *file = &source->file;
  StreamPart part = {.name = file->name, .coded_size = file->size, .coding = coding};
  if (coding == STREAM_STORED) {
    part.size_known = true;
    part.size = file->size;
  }
  uint8_t magic[4];
  TRY(stream_open(&source->stream, file, &part, err));
  TRY(stream_read(&source->stream, magic, sizeof magic, err));
  if (!npy_is_magic(magic) && !idx_is_magic(magic)) return fail_magic(file->name, magic, err);
  if (key != NULL)
    return fail(err, BAD_INPUT, "%s: is a single array, it has none of the name '%s'", file->name, key);
  TRY(stream_seek(&source->stream, 0, err));
  return npy_is_magic(magic) ? npy_read_header(&source->stream, &source->header, err)
                             : idx_read_header(&source->stream, &source->header, err);
}

static Status take_form(DataSource *source, Error *err) {
  const ArrayHeader *header = &source->header;
  DataForm *form = &source->form;
  const char *name = source->stream.part.name;
  *form = (DataForm){.type = header->type, .samples = 1, .elements = 1};
  if (header->rank > 0) {
    form->samples = header->dims[0];
    form->rank = header->rank - 1;
  }
  for (int i = 0; i < form->rank; i++) {
    form->dims[i] = header->dims[i + 1];
    if (__builtin_mul_overflow(form->elements, form->dims[i], &form->elements) ||
        form->elements > ARRAY_MAX_SAMPLE_ELEMENTS)
      return fail(err, BAD_INPUT, "%s: one sample has more than %lld elements", name,
                  (long long)ARRAY_MAX_SAMPLE_ELEMENTS);
  }
  if (form->samples == 0) return fail(err, BAD_INPUT, "%s: holds no samples", name);
  if (form->elements == 0) return fail(err, BAD_INPUT, "%s: its samples have no elements", name);
  return OK;
}

/* The header must not promise more than there is, nor leave something over. */
static Status check_size(const DataSource *source, Error *err) {
  const DataForm *form = &source->form;
  const DataStream *stream = &source->stream;
  uint64_t bytes = (uint64_t)form->elements * data_type_size(form->type), limit = stream_size_limit(stream);
  bool overflow = __builtin_mul_overflow(bytes, (uint64_t)form->samples, &bytes);
  uint64_t there = limit - source->header.offset;
  if (overflow || bytes > there)
    return fail(err, BAD_INPUT,
                "%s: is cut off or its header lies: %lld samples of %lld elements (%s) are promised, but "
                "%s%llu bytes "
                "follow",
                stream->part.name, (long long)form->samples, (long long)form->elements,
                data_type_name(form->type), stream->part.size_known ? "" : "at most ",
                (unsigned long long)there);
  if (stream->part.size_known && bytes < there)
    return fail(err, BAD_INPUT,
                "%s: %llu bytes are left over behind the %lld samples that the header promises",
                stream->part.name, (unsigned long long)(there - bytes), (long long)form->samples);
  return OK;
}

static Status open_source(DataSource *source, const char *key, Error *err) {
  uint8_t magic[4];
  TRY(data_file_read_at(&source->file, 0, magic, sizeof magic, err));
  if (npz_is_magic(magic))
    TRY(open_npz(source, key, err));
  else
    TRY(open_array(source, magic[0] == 0x1f && magic[1] == 0x8b ? STREAM_GZIPPED : STREAM_STORED, key, err));
  TRY(take_form(source, err));
  TRY(check_size(source, err));
  source->raw = bytes_new(STREAM_WINDOW, err);
  return source->raw == NULL ? SYSTEM : OK;
}

static Status source_new(DataSource **source, const char *name, char **kept_name, Error *err) {
  *source = calloc(1, sizeof **source);
  if (*source == NULL) return fail_memory(err);
  *kept_name = arena_text(&(*source)->arena, name, err);
  return *kept_name == NULL ? SYSTEM : OK;
}

/* Hands out an opened source, or closes what was begun. */
static Status finish_open(DataSource **source, Status status) {
  if (status == OK) return OK;
  data_close(*source);
  *source = NULL;
  return status;
}

Status data_open(DataSource **source, const char *path, const char *key, Error *err) {
  char *name = NULL;
  Status status = source_new(source, path, &name, err);
  if (status == OK) status = data_file_open(&(*source)->file, name, err);
  if (status == OK) status = open_source(*source, key, err);
  return finish_open(source, status);
}

Status data_open_memory(DataSource **source, const void *bytes, size_t size, const char *name,
                        const char *key, Error *err) {
  char *kept = NULL;
  Status status = source_new(source, name, &kept, err);
  if (status == OK) {
    data_file_of_memory(&(*source)->file, bytes, size, kept);
    status = open_source(*source, key, err);
  }
  return finish_open(source, status);
}

void data_close(DataSource *source) {
  if (source == NULL) return;
  stream_close(&source->stream);
  data_file_close(&source->file);
  bytes_free(source->raw);
  arena_free(&source->arena);
  free(source);
}

const DataForm *data_form(const DataSource *source) {
  return &source->form;
}

bool data_has_array(const char *path, const char *key) {
  DataFile file;
  Arena arena = {0};
  NpzEntry *entries;
  int count;
  uint8_t magic[4];
  if (data_file_open(&file, path, NULL) != OK) return false;
  bool found = data_file_read_at(&file, 0, magic, sizeof magic, NULL) == OK && npz_is_magic(magic) &&
               npz_read_directory(&file, &arena, &entries, &count, NULL) == OK &&
               entry_of(entries, count, key) != NULL;
  arena_free(&arena);
  data_file_close(&file);
  return found;
}

/* ---- reading ---- */

Status data_seek(DataSource *source, int64_t index, Error *err) {
  const DataForm *form = &source->form;
  if (index < 0 || index > form->samples)
    return fail(err, BAD_INPUT, "%s: sample %lld is wanted, there are %lld", source->stream.part.name,
                (long long)index, (long long)form->samples);
  uint64_t bytes = (uint64_t)form->elements * data_type_size(form->type);
  TRY(stream_seek(&source->stream, source->header.offset + bytes * (uint64_t)index, err));
  source->position = index;
  return OK;
}

/* Reads up to a window of elements in the byte order of the machine. */
static Status read_raw(DataSource *source, size_t count, Error *err) {
  size_t size = data_type_size(source->form.type);
  TRY(stream_read(&source->stream, source->raw, count * size, err));
  if (source->header.big_endian) convert_swap(source->raw, count, size);
  return OK;
}

static Status fail_element(const DataSource *source, uint64_t element, const char *what, Error *err) {
  uint64_t elements = (uint64_t)source->form.elements;
  return fail(err, BAD_INPUT, "%s: sample %lld, element %llu: %s", source->stream.part.name,
              (long long)source->position + (long long)(element / elements),
              (unsigned long long)(element % elements), what);
}

/* Reads samples into exactly one of the two targets. */
static Status read_samples(DataSource *source, int64_t count, float *floats, int64_t *integers, Error *err) {
  const DataForm *form = &source->form;
  if (count < 0 || count > form->samples - source->position)
    return fail(err, BAD_INPUT, "%s: %lld samples are wanted from sample %lld on, there are %lld",
                source->stream.part.name, (long long)count, (long long)source->position,
                (long long)form->samples);
  size_t window = STREAM_WINDOW / data_type_size(form->type);
  uint64_t total = (uint64_t)count * (uint64_t)form->elements;
  for (uint64_t done = 0; done < total;) {
    size_t piece = total - done < window ? (size_t)(total - done) : window;
    TRY(read_raw(source, piece, err));
    size_t good = floats != NULL ? convert_to_f32(form->type, source->raw, piece, floats + done)
                                 : convert_to_i64(form->type, source->raw, piece, integers + done);
    if (good < piece)
      return fail_element(source, done + good,
                          floats != NULL ? "is not finite in float32" : "is no whole number of 64 bits", err);
    done += piece;
  }
  source->position += count;
  return source->position == form->samples ? stream_expect_end(&source->stream, err) : OK;
}

Status data_read_f32(DataSource *source, int64_t count, float *values, Error *err) {
  return read_samples(source, count, values, NULL, err);
}

Status data_read_i64(DataSource *source, int64_t count, int64_t *values, Error *err) {
  return read_samples(source, count, NULL, values, err);
}
