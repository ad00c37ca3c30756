/* shared by the family: the transform. */
#include "operators/signal/fourier.h"

#include "operators/reals.h"

#include <math.h>

Status fourier_begin(Fourier *fourier, Run *run, int64_t length, bool inverse) {
  if (length < 1 || length > FOURIER_MAX_LENGTH)
    return run_fail(run, "a transform of length %lld is not within 1..%lld", (long long)length,
                    (long long)FOURIER_MAX_LENGTH);
  *fourier = (Fourier){length, inverse, reals_new(run, 2 * length)};
  if (fourier->turns == NULL) return run->err->status;
  double full = 2 * acos(-1.0) * (inverse ? 1 : -1);
  for (int64_t i = 0; i < length; i++) {
    fourier->turns[2 * i] = cos(full * (double)i / (double)length);
    fourier->turns[2 * i + 1] = sin(full * (double)i / (double)length);
  }
  return OK;
}

/* `sign` -1 turns the other way. */
static void sum_turned(const Fourier *fourier, const double *line, int64_t k, double sign, double *real,
                       double *imaginary) {
  double re = 0, im = 0;
  for (int64_t i = 0, at = 0; i < fourier->length; i++, at = (at + k) % fourier->length) {
    double cosine = fourier->turns[2 * at], sine = sign * fourier->turns[2 * at + 1];
    re += line[2 * i] * cosine - line[2 * i + 1] * sine;
    im += line[2 * i] * sine + line[2 * i + 1] * cosine;
  }
  double scale = fourier->inverse ? 1 / (double)fourier->length : 1;
  *real = re * scale;
  *imaginary = im * scale;
}

void fourier_bin(const Fourier *fourier, const double *line, int64_t k, double *real, double *imaginary) {
  sum_turned(fourier, line, k, 1, real, imaginary);
}

void fourier_back(const Fourier *fourier, const double *bins, int64_t k, double *real, double *imaginary) {
  sum_turned(fourier, bins, k, -1, real, imaginary);
}
