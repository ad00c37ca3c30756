#include "distill/optimized_weights.h"

#include <math.h>

#define LEAST_SIZE 1e-3 /* of a tensor's numbers, so that biases of zero move, too */
#define RATIO_SIZE 0.1  /* every number of a tensor feels a step of its scale: those are to be small */

/* The root mean square of the elements; of a ratio, which starts at 1, less. */
static double size_of(const Weight *weight) {
  if (weight->is_ratio) return RATIO_SIZE;
  const float *values = weight->tensor->data;
  double sum = 0;
  for (int64_t i = 0; i < weight->count; i++) sum += (double)values[i] * (double)values[i];
  return fmax(sqrt(sum / (double)weight->count), LEAST_SIZE);
}

/* 0 where an element is zero; NULL in *mask where none is. */
static Status mask_of(const Weight *weight, Arena *arena, const uint8_t **mask, Error *err) {
  const float *values = weight->tensor->data;
  int64_t zeros = 0;
  for (int64_t i = 0; i < weight->count; i++) zeros += values[i] == 0;
  *mask = NULL;
  if (zeros == 0) return OK;
  uint8_t *made = arena_new(arena, (size_t)weight->count, 1, err);
  if (made == NULL) return err->status;
  for (int64_t i = 0; i < weight->count; i++) made[i] = values[i] != 0;
  *mask = made;
  return OK;
}

OptimizedTensor *optimized_weights(const Weights *weights, const TrainOptions *options, Arena *arena,
                                   Error *err) {
  OptimizedTensor *list = arena_new(arena, (size_t)weights->count, sizeof *list, err);
  for (int i = 0; list != NULL && i < weights->count; i++) {
    const Weight *weight = &weights->list[i];
    bool is_relative = options->relative_rates && weight->projection == NULL;
    list[i] = (OptimizedTensor){.value = weight->tensor->data,
                                .count = weight->count,
                                .decays = weight->decays,
                                .rate_factor = is_relative ? size_of(weight) : 1};
    bool is_masked = options->keep_zeros && weight->decays && weight->projection == NULL;
    if (is_masked && mask_of(weight, arena, &list[i].mask, err) != OK) return NULL;
  }
  return list;
}
