#include "cmd/output_arrays.h"

#include "cmd/overwrite.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SAMPLES 64
#define BLOCK_BYTES ((int64_t)8 << 20) /* of the outputs of a block */

/* ---- names ---- */

/* What is no letter, digit, '-', '_' or '.' could mean something to a file system. */
static char *file_part(Arena *arena, const char *name, Error *err) {
  char *part = arena_text(arena, name, err);
  for (char *c = part; c != NULL && *c != '\0'; c++)
    if (!isalnum((unsigned char)*c) && strchr("-_.", *c) == NULL) *c = '_';
  return part;
}

static bool is_taken(const OutputArrays *arrays, int count, const char *path) {
  for (int i = 0; i < count; i++)
    if (strcmp(arrays->arrays[i].path, path) == 0) return true;
  return false;
}

static const char *array_path(OutputArrays *arrays, int i, const char *path, Error *err) {
  Arena *arena = &arrays->arena;
  if (arrays->count == 1) return path;
  char *name = file_part(arena, subject_output_name(arrays->subject, i), err);
  size_t stem = text_ends_with(path, ".npy") ? strlen(path) - strlen(".npy") : strlen(path);
  if (name == NULL) return NULL;
  const char *made = arena_format(arena, err, "%.*s.%s.npy", (int)stem, path, name);
  if (made != NULL && is_taken(arrays, i, made))
    made = arena_format(arena, err, "%.*s.%s.%d.npy", (int)stem, path, name, i);
  return made;
}

Status output_arrays_plan(OutputArrays *arrays, Subject *subject, const char *path, bool forced, Error *err) {
  *arrays = (OutputArrays){.subject = subject, .count = subject_output_count(subject)};
  arrays->arrays = arena_new(&arrays->arena, (size_t)arrays->count, sizeof *arrays->arrays, err);
  if (arrays->arrays == NULL) return err->status;
  for (int i = 0; i < arrays->count; i++) {
    OutputArray *array = &arrays->arrays[i];
    array->path = array_path(arrays, i, path, err);
    if (array->path == NULL) return err->status;
    array->is_integer = subject_output_is_integer(subject, i);
    TRY(overwrite_check(array->path, OUTPUT_NPY, forced, err));
  }
  return OK;
}

void output_arrays_free(OutputArrays *arrays) {
  for (int i = 0; arrays->arrays != NULL && i < arrays->count; i++) npy_abandon(arrays->arrays[i].writer);
  arena_free(&arrays->arena);
  *arrays = (OutputArrays){0};
}

int output_array_dims(const OutputArrays *arrays, int i, int64_t *dims) {
  const Shape *shape = &arrays->arrays[i].shape;
  int rank = 0, first = shape->rank > 0 && shape->dims[0] == 1 ? 1 : 0;
  dims[rank++] = arrays->samples;
  for (int d = first; d < shape->rank; d++) dims[rank++] = shape->dims[d];
  return rank;
}

/* ---- a block of samples ---- */

/* One output of one sample. */
typedef struct Slot {
  void *values; /* float or int64_t; malloc'ed */
  size_t capacity, count;
  Shape shape;
} Slot;

typedef struct Block {
  OutputArrays *arrays;
  Slot *slots; /* by sample, then output */
  int64_t samples, first;
} Block;

static size_t element_size(const OutputArray *array) {
  return array->is_integer ? sizeof(int64_t) : sizeof(float);
}

static Status keep(Slot *slot, const void *values, int64_t count, size_t size, Error *err) {
  slot->count = (size_t)count;
  if (slot->count > slot->capacity) {
    free(slot->values);
    slot->values = malloc(slot->count * size);
    slot->capacity = slot->values == NULL ? 0 : slot->count;
    if (slot->values == NULL) return fail_memory(err);
  }
  if (slot->count > 0) memcpy(slot->values, values, slot->count * size);
  return OK;
}

static Status do_sample(void *context, int64_t index, int worker, const Tensor *const *inputs, Error *err) {
  Block *block = context;
  OutputArrays *arrays = block->arrays;
  TRY(subject_run(arrays->subject, worker, inputs, err));
  for (int i = 0; i < arrays->count; i++) {
    Slot *slot = &block->slots[(index - block->first) * arrays->count + i];
    const float *reals = NULL;
    const int64_t *integers = NULL;
    int64_t count;
    if (arrays->arrays[i].is_integer)
      TRY(subject_output_integers(arrays->subject, worker, i, &integers, &count, &slot->shape, err));
    else
      TRY(subject_output(arrays->subject, worker, i, &reals, &count, &slot->shape, err));
    const void *values = arrays->arrays[i].is_integer ? (const void *)integers : (const void *)reals;
    TRY(keep(slot, values, count, element_size(&arrays->arrays[i]), err));
  }
  return OK;
}

static Status begin_array(OutputArrays *arrays, int i, const Shape *shape, Error *err) {
  OutputArray *array = &arrays->arrays[i];
  int64_t dims[GRAPH_MAX_RANK + 1];
  array->shape = *shape;
  array->has_shape = true;
  int rank = output_array_dims(arrays, i, dims);
  return npy_create(&array->writer, array->path, array->is_integer, rank, dims, err);
}

static Status write_slot(OutputArrays *arrays, int i, const Slot *slot, int64_t sample, Error *err) {
  OutputArray *array = &arrays->arrays[i];
  if (!array->has_shape) TRY(begin_array(arrays, i, &slot->shape, err));
  if (!shape_equals(&array->shape, &slot->shape))
    return fail(err, BAD_INPUT,
                "output '%s' has another shape for sample %lld than for the first: one array "
                "cannot hold both",
                subject_output_name(arrays->subject, i), (long long)sample);
  return npy_append(array->writer, slot->values, slot->count, err);
}

static Status write_block(Block *block, int64_t count, Error *err) {
  for (int64_t k = 0; k < count; k++)
    for (int i = 0; i < block->arrays->count; i++)
      TRY(write_slot(block->arrays, i, &block->slots[k * block->arrays->count + i], block->first + k, err));
  return OK;
}

/* As many samples as keep every thread busy and the outputs of the block small. */
static int64_t block_samples(const OutputArrays *arrays, int workers) {
  int64_t bytes = 1;
  for (int i = 0; i < arrays->count; i++) {
    Shape shape;
    if (!subject_output_shape(arrays->subject, i, &shape)) return workers;
    bytes += shape_elements(&shape) * (int64_t)element_size(&arrays->arrays[i]);
  }
  int64_t fitting = BLOCK_BYTES / bytes;
  return fitting < workers ? workers : fitting < BLOCK_SAMPLES ? fitting : BLOCK_SAMPLES;
}

static Status run_blocks(Block *block, const SampleReader *reader, int64_t from, int64_t count, Pool *pool,
                         SampleProgress progress, void *progress_context, Error *err) {
  for (int64_t done = 0; done < count;) {
    int64_t now = count - done < block->samples ? count - done : block->samples;
    block->first = from + done;
    TRY(samples_for(reader, block->first, now, pool, do_sample, block, NULL, NULL, err));
    TRY(write_block(block, now, err));
    done += now;
    if (progress != NULL) progress(progress_context, done, count);
  }
  return OK;
}

static Status finish(OutputArrays *arrays, Error *err) {
  for (int i = 0; i < arrays->count; i++) {
    NpyWriter *writer = arrays->arrays[i].writer;
    arrays->arrays[i].writer = NULL;
    TRY(npy_finish(writer, err));
  }
  return OK;
}

Status output_arrays_write(OutputArrays *arrays, const SampleReader *reader, int64_t from, int64_t count,
                           Pool *pool, SampleProgress progress, void *progress_context, Error *err) {
  Block block = {.arrays = arrays, .samples = block_samples(arrays, pool_workers(pool))};
  arrays->samples = count;
  size_t slots = (size_t)block.samples * (size_t)arrays->count;
  block.slots = calloc(slots + 1, sizeof *block.slots);
  if (block.slots == NULL) return fail_memory(err);
  Status status = run_blocks(&block, reader, from, count, pool, progress, progress_context, err);
  for (size_t s = 0; s < slots; s++) free(block.slots[s].values);
  free(block.slots);
  return status == OK ? finish(arrays, err) : status;
}
