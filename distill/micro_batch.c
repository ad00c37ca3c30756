#include "distill/micro_batch.h"

#include <string.h>

static Status new_inputs(MicroBatch *batch, Error *err) {
  const TrainSet *set = batch->set;
  batch->tensors = arena_new(&batch->arena, (size_t)set->input_count, sizeof *batch->tensors, err);
  batch->inputs = arena_new(&batch->arena, (size_t)set->input_count, sizeof *batch->inputs, err);
  if (batch->tensors == NULL || batch->inputs == NULL) return err->status;
  for (int i = 0; i < set->input_count; i++) {
    batch->tensors[i] = set->forms[i];
    size_t most = (size_t)(batch->most > MICRO_BATCH_LEAST ? batch->most : MICRO_BATCH_LEAST);
    batch->tensors[i].data = arena_new(&batch->arena, most, set->inputs[i].row_bytes, err);
    if (batch->tensors[i].data == NULL) return err->status;
    batch->inputs[i] = &batch->tensors[i];
  }
  return OK;
}

static void *room(MicroBatch *batch, int64_t count, size_t size, Error *err) {
  return arena_new(&batch->arena, (size_t)count, size, err);
}

/* Where what a term compares with is kept; NULL: of the teacher's and of the true classes. */
static float **target_place(MicroBatch *batch, const Term *term) {
  if (term->target == TARGET_INPUT) return &batch->clean;
  return term->target == TARGET_GIVEN ? &batch->given[term->place] : NULL;
}

/* Room for what the terms compare with, unless it is a teacher's. */
static Status new_targets(MicroBatch *batch, Error *err) {
  const Goal *goal = batch->goal;
  batch->given = room(batch, batch->set->target_count, sizeof *batch->given, err);
  if (batch->given == NULL) return err->status;
  if (goal->labelled && (batch->truth = room(batch, batch->most * goal->classes, sizeof(float), err)) == NULL)
    return err->status;
  for (int t = 0; t < goal->term_count; t++) {
    float **place = target_place(batch, &goal->terms[t]);
    if (place == NULL || *place != NULL) continue;
    *place = room(batch, batch->most * goal->terms[t].count, sizeof(float), err);
    if (*place == NULL) return err->status;
  }
  return OK;
}

Status micro_batch_new(MicroBatch *batch, const TrainSet *set, const Goal *goal, int64_t most, Error *err) {
  *batch = (MicroBatch){.set = set, .goal = goal, .most = most};
  TRY(new_inputs(batch, err));
  TRY(new_targets(batch, err));
  batch->partners = room(batch, most, sizeof *batch->partners, err);
  batch->lambda = room(batch, most, sizeof *batch->lambda, err);
  batch->sample_scratch = room(batch, tensor_elements(&set->forms[0]), sizeof(float), err);
  bool complete = batch->partners != NULL && batch->lambda != NULL && batch->sample_scratch != NULL;
  return complete ? OK : err->status;
}

void micro_batch_free(MicroBatch *batch) {
  arena_free(&batch->arena);
}

static void copy_given(MicroBatch *batch, const int64_t *indices, int64_t count) {
  for (int i = 0; i < batch->set->target_count; i++) {
    if (batch->given[i] == NULL) continue;
    size_t bytes = batch->set->targets[i].row_bytes;
    for (int64_t s = 0; s < count; s++)
      memcpy((uint8_t *)batch->given[i] + (size_t)s * bytes, train_set_target(batch->set, i, indices[s]),
             bytes);
  }
}

static void copy_samples(MicroBatch *batch, const int64_t *indices, int64_t count) {
  batch->count = count;
  for (int i = 0; i < batch->set->input_count; i++) {
    size_t bytes = batch->set->inputs[i].row_bytes;
    batch->tensors[i].shape.dims[0] = count;
    for (int64_t s = 0; s < count; s++)
      memcpy((uint8_t *)batch->tensors[i].data + (size_t)s * bytes,
             train_set_sample(batch->set, i, indices[s]), bytes);
  }
  if (batch->clean != NULL) memcpy(batch->clean, batch->tensors[0].data, tensor_bytes(&batch->tensors[0]));
  copy_given(batch, indices, count);
}

void micro_batch_take(MicroBatch *batch, const int64_t *indices, int64_t count) {
  copy_samples(batch, indices, count);
  if (batch->truth != NULL) goal_truth(batch->goal, batch->set, indices, NULL, NULL, count, batch->truth);
}

/* Values that outputs are to have are mixed as the samples are. */
static void mix_given(MicroBatch *batch, int64_t s) {
  for (int i = 0; i < batch->set->target_count; i++) {
    if (batch->given[i] == NULL) continue;
    int64_t elements = (int64_t)(batch->set->targets[i].row_bytes / sizeof(float));
    augment_mix(batch->given[i] + s * elements, train_set_target(batch->set, i, batch->partners[s]), elements,
                batch->lambda[s]);
  }
}

/* Sample s of the first input; the partner that it may be mixed with is changed by nothing else. */
static void change_sample(MicroBatch *batch, const AugmentOptions *augment, int64_t s, const int64_t *all,
                          int64_t all_count, Random random) {
  const Shape *form = &batch->set->forms[0].shape;
  int64_t elements = tensor_elements(&batch->set->forms[0]);
  float *sample = (float *)batch->tensors[0].data + s * elements;
  augment_sample(augment, form, &random, sample, batch->sample_scratch);
  batch->partners[s] = all[random_below(&random, (uint64_t)all_count)];
  batch->lambda[s] = augment_mixup_weight(augment, &random);
  if (batch->lambda[s] >= 1) return;
  augment_mix(sample, train_set_sample(batch->set, 0, batch->partners[s]), elements, batch->lambda[s]);
  mix_given(batch, s);
}

void micro_batch_augment(MicroBatch *batch, const AugmentOptions *augment, const int64_t *indices,
                         int64_t count, const int64_t *all, int64_t all_count, uint64_t seed) {
  copy_samples(batch, indices, count);
  for (int64_t s = 0; s < count; s++) {
    Random stream = {.state = seed + (uint64_t)s};
    change_sample(batch, augment, s, all, all_count, (Random){.state = random_bits(&stream)});
  }
  if (batch->truth != NULL)
    goal_truth(batch->goal, batch->set, indices, batch->partners, batch->lambda, count, batch->truth);
}

void micro_batch_pad(MicroBatch *batch, int64_t rows) {
  for (int i = 0; i < batch->set->input_count; i++) {
    size_t bytes = batch->set->inputs[i].row_bytes;
    uint8_t *data = batch->tensors[i].data;
    for (int64_t s = batch->count; s < rows; s++)
      memcpy(data + (size_t)s * bytes, data + (size_t)(batch->count - 1) * bytes, bytes);
    batch->tensors[i].shape.dims[0] = rows;
  }
}

const float *micro_batch_target(const MicroBatch *batch, const Term *term, const Tensor *const *answers) {
  switch (term->target) {
  case TARGET_LABELS:
    return batch->truth;
  case TARGET_TEACHER:
    return answers[term->place]->data;
  case TARGET_INPUT:
    return batch->clean;
  case TARGET_GIVEN:
    return batch->given[term->place];
  }
  return NULL;
}

int64_t micro_batch_right(const MicroBatch *batch, const int64_t *indices, const Tensor *output) {
  int64_t right = 0;
  for (int64_t s = 0; batch->truth != NULL && s < batch->count; s++)
    right += loss_class_of((const float *)output->data + s * batch->goal->classes, batch->goal->classes) ==
             train_set_label(batch->set, indices[s]);
  return right;
}
