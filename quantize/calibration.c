#include "quantize/calibration.h"

#include <stdlib.h>

Status calibration_reserve(Calibration *calibration, const Bins *bins, int value_count, Error *err) {
  size_t tables = 0;
  for (int v = 0; v < value_count; v++) tables += (size_t)bins[v];
  calibration->value_count = value_count;
  calibration->histograms = calloc((size_t)value_count + 1, sizeof *calibration->histograms);
  calibration->counts = calloc(tables * HISTOGRAM_BINS + 1, sizeof *calibration->counts);
  if (calibration->histograms == NULL || calibration->counts == NULL) return fail_memory(err);
  uint64_t *next = calibration->counts;
  for (int v = 0; v < value_count; v++) {
    Histogram *histogram = &calibration->histograms[v];
    histogram_init(histogram, bins[v] == BINS_NONE ? NULL : next);
    if (bins[v] == BINS_WEIGHTED) histogram->weighted = next + HISTOGRAM_BINS;
    next += (size_t)bins[v] * HISTOGRAM_BINS;
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
