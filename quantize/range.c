#include "quantize/range.h"

#include <float.h>
#include <math.h>

Range range_join(Range a, Range b) {
  return (Range){fmin(a.low, b.low), fmax(a.high, b.high)};
}

Affine affine_of(Range range, int bits) {
  double levels = ldexp(1.0, bits) - 1.0, least = -ldexp(1.0, bits - 1);
  double low = fmin(range.low, 0), high = fmax(range.high, 0);
  float scale = (float)((high - low) / levels);
  if (!(scale >= FLT_MIN)) return (Affine){1.0f, 0}; /* nothing but zeros */
  double zero_point = rint(least - low / (double)scale);
  return (Affine){scale, (int32_t)fmin(fmax(zero_point, least), least + levels)};
}

Range range_of_all(const Histogram *histogram) {
  return (Range){fmin((double)histogram->low, 0), fmax((double)histogram->high, 0)};
}

Range range_by_percentile(const Histogram *histogram, double percentile) {
  double cut = (double)histogram->count * (100.0 - percentile) / 200.0;
  double below = 0, above = 0;
  int first = 0, last = HISTOGRAM_BINS - 1;
  while (first < last && below + (double)histogram->counts[first] <= cut)
    below += (double)histogram->counts[first++];
  while (last > first && above + (double)histogram->counts[last] <= cut)
    above += (double)histogram->counts[last--];
  double width = ldexp(1.0, histogram->exponent);
  Range cut_range = {histogram_middle(histogram, first) - width / 2,
                     histogram_middle(histogram, last) + width / 2};
  Range all = range_of_all(histogram);
  return (Range){fmin(fmax(cut_range.low, all.low), 0), fmax(fmin(cut_range.high, all.high), 0)};
}

/* Sums over the bins before each one, of 1, x and x^2, so that the error of any range costs no loop. */
typedef struct Moments {
  double count[HISTOGRAM_BINS + 1], sum[HISTOGRAM_BINS + 1], squares[HISTOGRAM_BINS + 1];
} Moments;

static void moments_of(const Histogram *histogram, Moments *moments) {
  const uint64_t *counts = histogram_importance(histogram);
  moments->count[0] = moments->sum[0] = moments->squares[0] = 0;
  for (int i = 0; i < HISTOGRAM_BINS; i++) {
    double count = (double)counts[i], x = histogram_middle(histogram, i);
    moments->count[i + 1] = moments->count[i] + count;
    moments->sum[i + 1] = moments->sum[i] + count * x;
    moments->squares[i + 1] = moments->squares[i] + count * x * x;
  }
}

/* Sum of (x - limit)^2 over bins from..to-1. */
static double clip_error(const Moments *m, int from, int to, double limit) {
  if (from >= to) return 0;
  double count = m->count[to] - m->count[from], sum = m->sum[to] - m->sum[from];
  return m->squares[to] - m->squares[from] - 2 * limit * sum + limit * limit * count;
}

/* Number, among those that there are, of the bin that holds x, moved by `offset`; 0..HISTOGRAM_BINS. */
static int bin_at(const Histogram *histogram, double x, int offset) {
  double bin = floor(ldexp(x, -histogram->exponent)) - (double)histogram->first + offset;
  return (int)fmin(fmax(bin, 0), HISTOGRAM_BINS);
}

/* Squared error of clipping to the range and of rounding to 255 steps in it (step^2 / 12 a value, but none
   for exact zeros). */
static double range_error(const Histogram *histogram, const Moments *moments, Range range) {
  int first = bin_at(histogram, range.low, 0), last = bin_at(histogram, range.high, 1);
  double step = (range.high - range.low) / 255.0;
  double inside = moments->count[last] - moments->count[first] - (double)histogram_zero_importance(histogram);
  return clip_error(moments, 0, first, range.low) + clip_error(moments, last, HISTOGRAM_BINS, range.high) +
         fmax(inside, 0) * step * step / 12.0;
}

#define SHRINK_STEPS 64

Range range_by_mse(const Histogram *histogram) {
  Moments moments;
  moments_of(histogram, &moments);
  Range all = range_of_all(histogram), best = all;
  double least = range_error(histogram, &moments, all);
  for (int l = 0; l < (all.low < 0 ? SHRINK_STEPS : 1); l++)
    for (int h = 0; h < (all.high > 0 ? SHRINK_STEPS : 1); h++) {
      Range range = {all.low * (1 - l / (double)SHRINK_STEPS), all.high * (1 - h / (double)SHRINK_STEPS)};
      double error = range_error(histogram, &moments, range);
      if (error < least) {
        least = error;
        best = range;
      }
    }
  return best;
}

Range range_choose(const Histogram *histogram, const QuantizeOptions *options) {
  Range range = range_of_all(histogram);
  if (histogram->counts == NULL || histogram->count == 0) return range;
  switch (options->method) {
  case CALIBRATE_PERCENTILE:
    return range_by_percentile(histogram, options->percentile);
  case CALIBRATE_MSE:
    return range_by_mse(histogram);
  case CALIBRATE_ENTROPY:
    return range_by_entropy(histogram);
  case CALIBRATE_AUTO:
    (void)range_by_auto(histogram, NULL, 0, &range, NULL); /* fails only by its node */
    return range;
  default:
    return range;
  }
}
