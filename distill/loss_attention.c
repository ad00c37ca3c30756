/* Attention transfer: where a value is large, whatever in which of its channels. */
#include "distill/loss.h"

#include <math.h>

/* Divides by the length, which is returned; a map of zeros stays one, with length 0. */
static double normalize(double *map, int64_t places) {
  double squares = 0;
  for (int64_t i = 0; i < places; i++) squares += map[i] * map[i];
  double length = sqrt(squares);
  for (int64_t i = 0; i < places && length > 0; i++) map[i] /= length;
  return length;
}

static void sum_squares(const AttentionForm *form, const float *x, double *map) {
  for (int64_t i = 0; i < form->places; i++) map[i] = 0;
  for (int64_t c = 0; c < form->channels; c++)
    for (int64_t p = 0; p < form->positions; p++) {
      double element = (double)x[c * form->channel_stride + p * form->position_stride];
      map[form->place_of[p]] += element * element;
    }
}

/* From the gradient of each place of the map to that of the elements: 2 * x times it. */
static void spread(const LossRows *rows, int64_t row, const double *slopes) {
  const AttentionForm *form = rows->attention;
  const float *x = rows->output + row * rows->count;
  float *gradient = rows->gradient + row * rows->count;
  for (int64_t c = 0; c < form->channels; c++)
    for (int64_t p = 0; p < form->positions; p++) {
      int64_t at = c * form->channel_stride + p * form->position_stride;
      gradient[at] += (float)(rows->weight * 2 * (double)x[at] * slopes[form->place_of[p]] * rows->scale);
    }
}

/* q = map / |map| and t alike: the loss is |q - t|^2, its gradient by the map
   2 / |map| * (q - t - q * <q, q - t>). */
static double of_row(const LossRows *rows, int64_t row) {
  const AttentionForm *form = rows->attention;
  double *map = rows->scratch, *difference = map + form->places, loss = 0, along = 0;
  const float *target = rows->target + row * form->places;
  sum_squares(form, rows->output + row * rows->count, map);
  double length = normalize(map, form->places);
  for (int64_t i = 0; i < form->places; i++) difference[i] = (double)target[i];
  normalize(difference, form->places);
  for (int64_t i = 0; i < form->places; i++) {
    difference[i] = map[i] - difference[i];
    loss += difference[i] * difference[i];
    along += map[i] * difference[i];
  }
  if (rows->gradient == NULL || length == 0) return loss;
  for (int64_t i = 0; i < form->places; i++) difference[i] = 2 / length * (difference[i] - map[i] * along);
  spread(rows, row, difference);
  return loss;
}

double loss_attention(const LossRows *rows) {
  double loss = 0;
  for (int64_t row = 0; row < rows->rows; row++) loss += of_row(rows, row);
  return rows->weight * loss;
}
