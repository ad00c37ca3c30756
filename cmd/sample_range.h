/* sample_range.h - which samples of the data a command takes: --samples, --skip. */
#ifndef CMD_SAMPLE_RANGE_H
#define CMD_SAMPLE_RANGE_H

#include "cmd/inputs.h"

/* --samples, --skip */
extern const OptionRow sample_range_rows[];

typedef struct SampleRange {
  int64_t from, count;
} SampleRange;

/* Of opened inputs: all samples but the skipped ones, and at most --samples. BAD_USAGE where none is left. */
Status sample_range(const Options *options, const Inputs *inputs, SampleRange *range, Error *err);

#endif
