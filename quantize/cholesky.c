#include "quantize/cholesky.h"

#include <math.h>

/* Four sums side by side, so that one addition need not wait for the other. */
static double dot(const double *a, const double *b, int64_t count) {
  double sums[4] = {0};
  int64_t i = 0;
  for (; i + 4 <= count; i += 4)
    for (int k = 0; k < 4; k++) sums[k] += a[i + k] * b[i + k];
  for (; i < count; i++) sums[0] += a[i] * b[i];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

bool cholesky(double *a, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    double *row = a + i * n;
    for (int64_t j = 0; j < i; j++) row[j] = (row[j] - dot(row, a + j * n, j)) / a[j * n + j];
    double rest = row[i] - dot(row, row, i);
    if (!(rest > 0)) return false;
    row[i] = sqrt(rest);
  }
  return true;
}
