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
  uint64_t *counts;      /* of those that have bins: a table each, and another where channels are weighted */
  GivenRange *given;     /* by value index; NULL: none */
  int64_t samples;
};

/* Which bins a value gets. */
typedef enum Bins { BINS_NONE, BINS_COUNTED, BINS_WEIGHTED } Bins;

/* Room for `value_count` values. To be freed by calibration_release() also where
   it fails. */
Status calibration_reserve(Calibration *calibration, const Bins *bins, int value_count, Error *err);
void calibration_release(Calibration *calibration);

#endif
