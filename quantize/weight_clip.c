#include "quantize/weight_clip.h"

#include "base/wide.h"

#include <math.h>
#include <stddef.h>

#define STEPS 40 /* scales that there are to choose from */
#define STRIDE 4 /* of them are tried first; then those around the best one */
#define LEAST                                                                                                \
  0.35f /* of the largest weight; with 4 bits normal weights are best clipped at 2.2 deviations              \
         */
#define LANES 8
#define BLOCK 4096 /* summed up in float before it goes to a double */

/* Adding and taking away 1.5 * 2^23 rounds a float of up to 2^22 half to even. */
#define ROUNDER 12582912.0f

/* Largest size; lanes let compilers make vectors. */
static float largest_of(const float *values, int64_t count) {
  float lane[LANES] = {0};
  int64_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (int j = 0; j < LANES; j++) {
      float size = fabsf(values[i + j]);
      lane[j] = size > lane[j] ? size : lane[j];
    }
  for (; i < count; i++) lane[0] = fmaxf(lane[0], fabsf(values[i]));
  for (int j = 1; j < LANES; j++) lane[0] = fmaxf(lane[0], lane[j]);
  return lane[0];
}

static inline float squared_error(float real, float code_max) {
  float code = (real + ROUNDER) - ROUNDER;
  code = code < -code_max ? -code_max : code;
  code = code > code_max ? code_max : code;
  return (real - code) * (real - code);
}

/* Of one block, in squared steps. */
WIDE_LOOP static float block_error(const float *values, int64_t count, float inverse, float code_max) {
  float lane[LANES] = {0};
  int64_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (int j = 0; j < LANES; j++) lane[j] += squared_error(values[i + j] * inverse, code_max);
  for (; i < count; i++) lane[0] += squared_error(values[i] * inverse, code_max);
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

/* `importance` NULL: all errors count alike. */
static double error_of(const float *values, const float *importance, int64_t count, float scale,
                       float code_max) {
  double sum = 0;
  for (int64_t i = 0; importance != NULL && i < count; i++)
    sum += (double)(importance[i] * squared_error(values[i] / scale, code_max));
  for (int64_t i = 0; importance == NULL && i < count; i += BLOCK)
    sum += (double)block_error(values + i, count - i < BLOCK ? count - i : BLOCK, 1 / scale, code_max);
  return sum * (double)scale * (double)scale;
}

static float scale_at(float largest, float code_max, int step) {
  return largest / code_max * (1 - (1 - LEAST) * (float)step / (STEPS - 1));
}

double weight_clip_scale_of(const float *values, const float *importance, int64_t count, double code_max) {
  float most = (float)code_max, largest = largest_of(values, count);
  double least = INFINITY;
  int best = 0;
  if (!(largest > 0)) return 0;
  for (int i = 0; i < STEPS; i += STRIDE) {
    double error = error_of(values, importance, count, scale_at(largest, most, i), most);
    if (!(error < least)) continue;
    least = error;
    best = i;
  }
  for (int i = best - STRIDE + 1, middle = best; i < middle + STRIDE && i < STEPS; i++) {
    if (i < 0 || i == middle) continue;
    double error = error_of(values, importance, count, scale_at(largest, most, i), most);
    if (!(error < least)) continue;
    least = error;
    best = i;
  }
  return (double)scale_at(largest, most, best);
}

double weight_clip_scale(const float *values, int64_t count, double code_max) {
  return weight_clip_scale_of(values, NULL, count, code_max);
}
