#include "quantize/calibration.h"

#include <stdlib.h>

Status calibration_reserve(Calibration *calibration, const bool *binned, int value_count, Error *err) {
  size_t bins = 0;
  for (int v = 0; v < value_count; v++) bins += binned[v];
  calibration->value_count = value_count;
  calibration->histograms = calloc((size_t)value_count + 1, sizeof *calibration->histograms);
  calibration->counts = calloc(bins * HISTOGRAM_BINS + 1, sizeof *calibration->counts);
  if (calibration->histograms == NULL || calibration->counts == NULL) return fail_memory(err);
  uint64_t *next = calibration->counts;
  for (int v = 0; v < value_count; v++) {
    histogram_init(&calibration->histograms[v], binned[v] ? next : NULL);
    if (binned[v]) next += HISTOGRAM_BINS;
  }
  return OK;
}

void calibration_release(Calibration *calibration) {
  free(calibration->histograms);
  free(calibration->counts);
  free(calibration->given);
}

void calibration_free(Calibration *calibration) {
  if (calibration == NULL) return;
  calibration_release(calibration);
  free(calibration);
}

int64_t calibration_samples(const Calibration *calibration) {
  return calibration->samples;
}
