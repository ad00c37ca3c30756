#include "distill/train_set.h"

#include "base/random.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK 64 /* samples read at a time */

static Status take_input(TrainSet *set, int i, Error *err) {
  const Tensor *form = &set->forms[i];
  if (form->shape.rank < 1 || form->shape.dims[0] != 1)
    return fail(err, BAD_INPUT, "training needs inputs whose first axis is the batch, and input %d has none",
                i);
  return sample_rows_new(&set->inputs[i], set->count, tensor_bytes(form), "the samples", err);
}

static Status read_all(TrainSet *set, const SampleReader *reader, SampleProgress progress, void *context,
                       Error *err) {
  TRY(reader->seek(reader->context, 0, err));
  void **buffers = calloc((size_t)set->input_count + 1, sizeof *buffers);
  if (buffers == NULL) return fail_memory(err);
  Status status = OK;
  for (int64_t at = 0; at < set->count && status == OK; at += BLOCK) {
    int64_t count = set->count - at < BLOCK ? set->count - at : BLOCK;
    for (int i = 0; i < set->input_count; i++) buffers[i] = sample_rows_at(&set->inputs[i], at);
    status = reader->read(reader->context, count, buffers, err);
    if (progress != NULL) progress(context, at + count, set->count);
  }
  free(buffers);
  return status;
}

Status train_set_load(TrainSet *set, const SampleReader *reader, const int64_t *labels,
                      SampleProgress progress, void *progress_context, Error *err) {
  *set = (TrainSet){
      .count = reader->count, .input_count = reader->input_count, .forms = reader->forms, .labels = labels};
  set->inputs = calloc((size_t)set->input_count + 1, sizeof *set->inputs);
  set->rows = calloc((size_t)set->count + 1, sizeof *set->rows);
  if (set->inputs == NULL || set->rows == NULL) return fail_memory(err);
  for (int64_t i = 0; i < set->count; i++) set->rows[i] = i;
  for (int i = 0; i < set->input_count; i++) TRY(take_input(set, i, err));
  return read_all(set, reader, progress, progress_context, err);
}

Status train_set_take_targets(TrainSet *set, int outputs, Error *err) {
  set->targets = calloc((size_t)outputs + 1, sizeof *set->targets);
  if (set->targets == NULL) return fail_memory(err);
  set->target_count = outputs;
  return OK;
}

Status train_set_split(TrainSet *set, int64_t count, uint64_t seed, TrainSet *part, Error *err) {
  Random random = {.state = seed};
  *part = *set;
  part->is_part = true;
  part->rows = calloc((size_t)count, sizeof *part->rows);
  if (part->rows == NULL) return fail_memory(err);
  for (int64_t i = 0; i < set->count; i++) { /* what is drawn comes to stand first */
    int64_t other = i + (int64_t)random_below(&random, (uint64_t)(set->count - i)), row = set->rows[i];
    set->rows[i] = set->rows[other];
    set->rows[other] = row;
  }
  memcpy(part->rows, set->rows, (size_t)count * sizeof *part->rows);
  memmove(set->rows, set->rows + count, (size_t)(set->count - count) * sizeof *set->rows);
  part->count = count;
  set->count -= count;
  return OK;
}

static void free_samples(TrainSet *set) {
  for (int i = 0; set->inputs != NULL && i < set->input_count; i++) sample_rows_free(&set->inputs[i]);
  for (int i = 0; i < set->target_count; i++) sample_rows_free(&set->targets[i]);
  free(set->inputs);
  free(set->targets);
}

void train_set_free(TrainSet *set) {
  if (!set->is_part) free_samples(set);
  free(set->rows);
  *set = (TrainSet){0};
}
