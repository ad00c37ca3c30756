/*
 * histogram.h - the distribution of a tensor's values in a fixed number of bins.
 *
 * Bin i counts the values of [i * 2^e, (i+1) * 2^e), i.e. those for which floor(x / 2^e) is i. When a value
 * falls outside the bins that there are, e grows by one and neighbouring bins 2j and 2j+1 become bin j: no
 * count is ever split, so the result is the same whatever the order of the values and however they are shared
 * out over threads. (Compare the histograms that grow without limit or span both signs always.)
 */
#ifndef QUANTIZE_HISTOGRAM_H
#define QUANTIZE_HISTOGRAM_H

#include "base/base.h"

#define HISTOGRAM_BINS 2048
#define HISTOGRAM_WEIGHT_MOST 65535 /* the least weight is 1 */

typedef struct Histogram {
  float low, high;    /* smallest and largest value; low > high: nothing seen */
  int64_t count;      /* values seen */
  int64_t zeros;      /* of which exactly zero: those have no rounding error */
  int exponent;       /* e */
  int64_t first;      /* number of the bin that counts[0] is */
  uint64_t *counts;   /* HISTOGRAM_BINS, or NULL: only the range is kept */
  uint64_t *weighted; /* HISTOGRAM_BINS: every value counted as often as its channel is important; or NULL */
  uint64_t weighted_zeros; /* of which exactly zero */
} Histogram;

/* Values as [outer][channels][inner], and how often those of each channel count. */
typedef struct HistogramWeights {
  int64_t outer, channels, inner;
  const uint16_t *of; /* a channel */
} HistogramWeights;

void histogram_init(Histogram *histogram, uint64_t *counts);
/* Adds `count` values. False where one is NaN or infinite: what was added is then of no use. */
bool histogram_add(Histogram *histogram, const float *values, int64_t count);
/* The same values once more, for `weighted`, after histogram_add(). */
void histogram_add_weighted(Histogram *histogram, const float *values, const HistogramWeights *weights);
/* What the bins count for the choice of a range: `weighted` where there is such, else `counts`. */
const uint64_t *histogram_importance(const Histogram *histogram);
uint64_t histogram_zero_importance(const Histogram *histogram);
/* Adds what another one has seen. */
void histogram_merge(Histogram *into, const Histogram *from);
/* What is wrong with statistics that come from elsewhere, as a clause: counts that do not add up, bins that
   are not those of the range. NULL where nothing is: only such may be merged. Needs bins unless nothing was
   seen. */
const char *histogram_flaw(const Histogram *histogram);
/* Middle of the bin that counts[i] is. */
double histogram_middle(const Histogram *histogram, int i);

#endif
