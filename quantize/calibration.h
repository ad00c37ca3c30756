/* calibration.h - what calibration has seen. Inside quantize/. */
#ifndef QUANTIZE_CALIBRATION_H
#define QUANTIZE_CALIBRATION_H

#include "quantize/histogram.h"
#include "quantize/quantize.h"

/* A range that somebody set by hand: it is taken as it is. */
typedef struct GivenRange {
  bool given;
  double low, high;
} GivenRange;

struct Calibration {
  int value_count;
  Histogram *histograms; /* by value index; count 0 where nothing was observed */
  uint64_t *counts;      /* of those that have bins */
  GivenRange *given;     /* by value index; NULL: none */
  int64_t samples;
};

/* Room for `value_count` values; those of `binned` get bins. To be freed by calibration_release() also where
   it fails. */
Status calibration_reserve(Calibration *calibration, const bool *binned, int value_count, Error *err);
void calibration_release(Calibration *calibration);

#endif
