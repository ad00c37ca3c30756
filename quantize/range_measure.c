/* The error that codes make, bin by bin: a bin's values are taken to lie in its middle, those of the
   outermost bins not beyond what was seen. */
#include "quantize/range.h"

#include <math.h>

/* Codes beyond the last one: half of one is rounding, a little more may be that of the scale itself. */
#define CLIPPED_FROM 0.501

RangeError range_measure(const Histogram *histogram, Affine affine, int bits) {
  double least = -ldexp(1.0, bits - 1), most = -least - 1, scale = (double)affine.scale;
  int64_t zero_bin = -histogram->first; /* exact zeros make no error, whatever the middle of their bin does */
  RangeError error = {0};
  for (int i = 0; i < HISTOGRAM_BINS; i++) {
    double count = (double)histogram->counts[i];
    double x = fmin(fmax(histogram_middle(histogram, i), (double)histogram->low), (double)histogram->high);
    if (i == zero_bin) count -= (double)histogram->zeros;
    if (count <= 0) continue;
    double code = x / scale + affine.zero_point;
    double nearest = fmin(fmax(rint(code), least), most);
    double difference = x - (nearest - affine.zero_point) * scale;
    error.signal += count * x * x;
    error.noise += count * difference * difference;
    if (code < least - CLIPPED_FROM || code > most + CLIPPED_FROM) error.clipped += count;
  }
  return error;
}

TensorDamage range_damage(const Histogram *histogram, Affine affine, int bits) {
  RangeError error = range_measure(histogram, affine, bits);
  return (TensorDamage){.clipped = error.clipped / (double)histogram->count,
                        .sqnr = error.noise > 0 ? 10 * log10(error.signal / error.noise) : INFINITY};
}

bool calibration_damage(const Calibration *calibration, const Value *value, TensorDamage *damage) {
  const QuantSpec *spec = value->spec;
  if (calibration == NULL || value->index >= calibration->value_count || spec == NULL ||
      spec->scale_count != 1)
    return false;
  const Histogram *histogram = &calibration->histograms[value->index];
  if (histogram->count == 0 || histogram->counts == NULL) return false;
  *damage = range_damage(histogram, (Affine){spec->scales[0], spec->zero_point}, spec->bits);
  return true;
}
