/*
 * The range that loses the least information: the Kullback-Leibler divergence from the clipped distribution
 * (what lies outside goes to the outermost bins) to the same in LEVELS levels, each spread evenly over those
 * of its bins that hold anything. After S. Migacz, "8-bit inference with TensorRT", GTC 2017; here with a
 * limit on either side, which are moved in turn. Exact zeros are left out: they have a code of their own in
 * any range.
 *
 * Sums over the bins before each one make the divergence of a range a matter of LEVELS steps.
 */
#include "quantize/range.h"

#include <math.h>
#include <stdlib.h>

#define LEVELS 256         /* as many as int8 has codes */
#define MOST_OUTSIDE 0.001 /* share of the values that may be cut off at an end */
#define STRIDE 4           /* bins between two ranges that are tried */
#define ROUNDS 3           /* of moving either side; it rests after two as a rule */

typedef struct Search {
  double count[HISTOGRAM_BINS + 1];  /* of values in the bins before */
  double self[HISTOGRAM_BINS + 1];   /* of c ln c */
  double filled[HISTOGRAM_BINS + 1]; /* of bins that hold something */
  int64_t zero;                      /* number of the bin that begins at 0; counts[0] is bin 0 */
} Search;

/* Bins from..to-1. They may begin before the first and end behind the last one of the histogram. */
typedef struct Span {
  int64_t from, to;
} Span;

static double self_information(double count) {
  return count > 0 ? count * log(count) : 0;
}

static void sum_up(Search *search, const Histogram *histogram) {
  search->zero = -histogram->first;
  for (int i = 0; i < HISTOGRAM_BINS; i++) {
    double count = (double)histogram->counts[i];
    if (i == search->zero) count -= (double)histogram->zeros;
    search->count[i + 1] = search->count[i] + count;
    search->self[i + 1] = search->self[i] + self_information(count);
    search->filled[i + 1] = search->filled[i] + (count > 0);
  }
}

static int clamped(int64_t bin) {
  return bin < 0 ? 0 : bin > HISTOGRAM_BINS ? HISTOGRAM_BINS : (int)bin;
}

static double between(const double *sums, int64_t from, int64_t to) {
  return sums[clamped(to)] - sums[clamped(from)];
}

/* How much more the clipped distribution's outermost bin tells with `outside` added to it. */
static double with_outside(const Search *search, int64_t bin, double outside) {
  double count = between(search->count, bin, bin + 1);
  return self_information(count + outside) - self_information(count);
}

/* Infinite where values would be clipped to a bin that has none: the span up to the next filled bin is as
   good. And where a large part would be clipped: the outermost bin would then hold most, in both
   distributions, and little would seem lost. */
static double divergence(const Search *search, Span span) {
  double all = search->count[HISTOGRAM_BINS], inside = between(search->count, span.from, span.to);
  double below = between(search->count, 0, span.from), above = all - below - inside;
  if (fmax(below, above) > MOST_OUTSIDE * all) return INFINITY;
  if ((below > 0 && between(search->filled, span.from, span.from + 1) == 0) || inside <= 0 ||
      (above > 0 && between(search->filled, span.to - 1, span.to) == 0))
    return INFINITY;
  double clipped = between(search->self, span.from, span.to) + with_outside(search, span.from, below) +
                   with_outside(search, span.to - 1, above);
  double levels = 0;
  int64_t width = span.to - span.from, levels_used = width < LEVELS ? width : LEVELS;
  for (int64_t l = 0; l < levels_used; l++) {
    int64_t from = span.from + l * width / levels_used, to = span.from + (l + 1) * width / levels_used;
    double count = between(search->count, from, to);
    double held = count + (l == 0 ? below : 0) + (l == levels_used - 1 ? above : 0);
    if (count > 0) levels += held * log(count / between(search->filled, from, to));
  }
  return (clipped - levels) / all - log(all) + log(inside);
}

static bool is_filled(const Search *search, int64_t bin) {
  return between(search->filled, bin, bin + 1) > 0;
}

/* Tries shorter spans on one side, the other being kept; true where one is better. */
static bool shorten(const Search *search, bool low_side, Span all, Span *best, double *least) {
  Span span = *best;
  bool found = false;
  int64_t last = low_side ? all.from - STRIDE : all.to + STRIDE;
  int64_t end = low_side ? search->zero : search->zero + 1; /* 0 stays inside */
  for (int64_t bin = low_side ? all.from : all.to; low_side ? bin <= end : bin >= end;
       bin += low_side ? 1 : -1) {
    if (!is_filled(search, low_side ? bin : bin - 1) || llabs(bin - last) < STRIDE) continue;
    if (low_side)
      span.from = bin;
    else
      span.to = bin;
    last = bin;
    double value = divergence(search, span);
    if (value >= *least) continue;
    *least = value;
    *best = span;
    found = true;
  }
  return found;
}

static Range range_of(const Histogram *histogram, Span span) {
  Range all = range_of_all(histogram);
  double low = ldexp((double)(span.from + histogram->first), histogram->exponent);
  double high = ldexp((double)(span.to + histogram->first), histogram->exponent);
  return (Range){fmin(fmax(low, all.low), 0), fmax(fmin(high, all.high), 0)};
}

Range range_by_entropy(const Histogram *histogram) {
  Search search = {0};
  sum_up(&search, histogram);
  int last = HISTOGRAM_BINS - 1;
  while (last > 0 && histogram->counts[last] == 0) last--;
  Span all = {search.zero < 0 ? search.zero : 0, search.zero > last + 1 ? search.zero : last + 1}, best = all;
  /* Few distinct values, or such as lie far from 0 and close to one another: nothing to cut off. */
  if (all.to - all.from < LEVELS || all.to - all.from > 2 * HISTOGRAM_BINS ||
      search.count[HISTOGRAM_BINS] <= 0)
    return range_of_all(histogram);
  double least = divergence(&search, all);
  for (int round = 0; round < ROUNDS; round++) {
    bool moved = histogram->high > 0 && shorten(&search, false, all, &best, &least);
    if (histogram->low < 0) moved |= shorten(&search, true, all, &best, &least);
    if (!moved) break;
  }
  return range_of(histogram, best);
}
