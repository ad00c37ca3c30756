#include "quantize/weight_clip.h"

#include "quantize/rounding.h"

#include <math.h>

#define STEPS 40 /* scales that are tried */
#define LEAST                                                                                                \
  0.35 /* of the largest weight; with 4 bits normal weights are best clipped at 2.2 deviations               \
        */

static double error_of(const float *values, const float *importance, int64_t count, double scale,
                       double code_max) {
  double sum = 0;
  for (int64_t i = 0; i < count; i++) {
    double error = (double)values[i] - weight_rounded((double)values[i], scale, code_max);
    sum += importance == NULL ? error * error : (double)importance[i] * error * error;
  }
  return sum;
}

double weight_clip_scale_of(const float *values, const float *importance, int64_t count, double code_max) {
  double largest = 0, least = INFINITY, best = 0;
  for (int64_t i = 0; i < count; i++) largest = fmax(largest, fabs((double)values[i]));
  for (int i = 0; i < STEPS && largest > 0; i++) {
    double scale = largest / code_max * (1 - (1 - LEAST) * i / (STEPS - 1));
    double error = error_of(values, importance, count, scale, code_max);
    if (!(error < least)) continue;
    least = error;
    best = scale;
  }
  return best;
}

double weight_clip_scale(const float *values, int64_t count, double code_max) {
  return weight_clip_scale_of(values, NULL, count, code_max);
}
