#include "quantize/adaround.h"

#include "operators/product.h"

#include <math.h>

/* The rectified sigmoid: stretched beyond 0 and 1, so that it reaches them. */
#define STRETCH 1.2f
#define BELOW 0.1f

#define RATE 0.1f
#define WARM_UP 0.1f    /* part of the iterations without the term that decides */
#define BETA_FIRST 8.0f /* its exponent: at first it acts only near 0 and 1 */
#define BETA_LAST 2.0f
#define DECISION 0.5f /* its weight */

typedef struct Learning {
  const AdaptiveRows *rows;
  int64_t count;
  float *base, *variable; /* of each weight */
  float *error, *slope;   /* w - q, H (w - q) */
  float *mean, *square;   /* of gradients */
} Learning;

static float sigmoid(float x) {
  return 1 / (1 + expf(-x));
}

static float rectified(float s) {
  float h = STRETCH * s - BELOW;
  return h < 0 ? 0 : h > 1 ? 1 : h;
}

/* Between the code that is there and the other one next to the weight; the variable leans to the former. */
static void begin(Learning *l) {
  const AdaptiveRows *rows = l->rows;
  for (int64_t i = 0; i < l->count; i++) {
    float wanted = rows->wanted[i], code = rows->codes[i];
    float base = fminf(fmaxf(floorf(wanted), -rows->limit), rows->limit - 1);
    if (code < base) base = code;
    if (code > base + 1) base = code - 1;
    float h = 0.5f * fminf(fmaxf(wanted - base, 0), 1) + 0.5f * (code - base);
    float s = (fminf(fmaxf(h, 0.02f), 0.98f) + BELOW) / STRETCH;
    l->base[i] = base;
    l->variable[i] = logf(s / (1 - s));
    l->mean[i] = l->square[i] = 0;
  }
}

static void find_slopes(Learning *l) {
  const AdaptiveRows *rows = l->rows;
  for (int64_t i = 0; i < l->count; i++)
    l->error[i] = l->base[i] + rectified(sigmoid(l->variable[i])) - rows->wanted[i];
  Matrix errors = {l->error, rows->depth, false}, metric = {rows->metric, rows->depth, false};
  product_f32(rows->rows, rows->depth, rows->depth, 1, errors, metric, 0, l->slope, rows->depth);
}

/* d/dh of 1 - |2h - 1|^beta */
static float decision(float h, float beta) {
  float x = 2 * h - 1, size = fabsf(x);
  if (!(size > 0)) return 0;
  return -2 * beta * powf(size, beta - 1) * (x < 0 ? -1.0f : 1.0f);
}

/* One step of Adam (Kingma and Ba 2015). */
static void step(Learning *l, int iteration, float weight, float beta) {
  const float keep = 0.9f, keep_square = 0.99f;
  float scale = 1 / (1 - powf(keep, (float)iteration + 1));
  float scale_square = 1 / (1 - powf(keep_square, (float)iteration + 1));
  for (int64_t i = 0; i < l->count; i++) {
    float s = sigmoid(l->variable[i]), h = STRETCH * s - BELOW, gradient = 0;
    if (h > 0 && h < 1) {
      gradient = 2 * l->slope[i];
      if (weight > 0) gradient += weight * decision(h, beta);
      gradient *= STRETCH * s * (1 - s);
    }
    l->mean[i] = keep * l->mean[i] + (1 - keep) * gradient;
    l->square[i] = keep_square * l->square[i] + (1 - keep_square) * gradient * gradient;
    l->variable[i] -= RATE * l->mean[i] * scale / (sqrtf(l->square[i] * scale_square) + 1e-8f);
  }
}

void adaround_rows(const AdaptiveRows *rows, int iterations, float *room) {
  Learning l = {.rows = rows, .count = rows->rows * rows->depth};
  float **arrays[] = {&l.base, &l.variable, &l.error, &l.slope, &l.mean, &l.square};
  for (int a = 0; a < ADAROUND_ROOM; a++) *arrays[a] = room + a * l.count;
  begin(&l);
  for (int i = 0; i < iterations; i++) {
    float part = (float)i / (float)iterations, left = (1 - part) / (1 - WARM_UP);
    float beta = BETA_LAST + (BETA_FIRST - BETA_LAST) * fminf(left, 1);
    find_slopes(&l);
    step(&l, i, part < WARM_UP ? 0 : DECISION, beta);
  }
  for (int64_t i = 0; i < l.count; i++)
    rows->codes[i] = l.base[i] + (rectified(sigmoid(l.variable[i])) >= 0.5f ? 1 : 0);
}
