/* calibration.h - what calibration has seen. Inside quantize/. */
#ifndef QUANTIZE_CALIBRATION_H
#define QUANTIZE_CALIBRATION_H

#include "quantize/histogram.h"
#include "quantize/quantize.h"

struct Calibration {
  int value_count;
  Histogram *histograms; /* by value index; count 0 where nothing was observed */
  uint64_t *counts;      /* of those that have bins */
  int64_t samples;
};

#endif
