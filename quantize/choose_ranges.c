/* No method of choosing ranges is best for every network: others than the one asked for are tried on the
   whole of it, and judged by its outputs. */
#include "quantize/recovery.h"

typedef struct Candidate {
  CalibrationMethod method;
  double percentile;
  bool equal_channels;
} Candidate;

/* RECOVERY_RANGE_CANDIDATES of them */
static const Candidate candidates[] = {{CALIBRATE_MSE, 99.99, true},
                                       {CALIBRATE_MIN_MAX, 99.99, false},
                                       {CALIBRATE_PERCENTILE, 99.99, false},
                                       {CALIBRATE_PERCENTILE, 99.9, false},
                                       {CALIBRATE_ENTROPY, 99.99, false}};

_Static_assert(sizeof candidates / sizeof candidates[0] == RECOVERY_RANGE_CANDIDATES, "all are tried");

Status choose_ranges(Recovery *recovery, bool *is_changed, Error *err) {
  const Candidate *candidate = &candidates[recovery->variant];
  QuantizeOptions settings = *recovery->settings;
  QuantizeReport report;
  settings.method = candidate->method;
  settings.percentile = candidate->percentile;
  settings.equal_channels = candidate->equal_channels;
  *is_changed = *recovery->calibration != NULL;
  if (!*is_changed) return OK;
  return quantize_graph(recovery->graph, *recovery->calibration, &settings, &report, err);
}
