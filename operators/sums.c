#include "operators/sums.h"

#include "base/wide.h"

#define LANES 8

static double total(const double lanes[LANES]) {
  double sum = 0;
  for (int l = 0; l < LANES; l++) sum += lanes[l];
  return sum;
}

WIDE_LOOP double sum_f32(const float *x, int64_t n) {
  double lanes[LANES] = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int l = 0; l < LANES; l++) lanes[l] += (double)x[i + l];
  for (int l = 0; i < n; i++, l++) lanes[l] += (double)x[i];
  return total(lanes);
}

WIDE_LOOP void sum_squares_f32(const float *x, int64_t n, double *sum, double *squares) {
  double lanes[LANES] = {0}, square_lanes[LANES] = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int l = 0; l < LANES; l++) {
      lanes[l] += (double)x[i + l];
      square_lanes[l] += (double)x[i + l] * (double)x[i + l];
    }
  for (int l = 0; i < n; i++, l++) {
    lanes[l] += (double)x[i];
    square_lanes[l] += (double)x[i] * (double)x[i];
  }
  *sum += total(lanes);
  *squares += total(square_lanes);
}

WIDE_LOOP void sum_products_f32(const float *x, const float *y, int64_t n, double *sum, double *products) {
  double lanes[LANES] = {0}, product_lanes[LANES] = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int l = 0; l < LANES; l++) {
      lanes[l] += (double)y[i + l];
      product_lanes[l] += (double)x[i + l] * (double)y[i + l];
    }
  for (int l = 0; i < n; i++, l++) {
    lanes[l] += (double)y[i];
    product_lanes[l] += (double)x[i] * (double)y[i];
  }
  *sum += total(lanes);
  *products += total(product_lanes);
}
