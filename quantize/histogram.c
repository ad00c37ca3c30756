#include "quantize/histogram.h"

#include "base/wide.h"

#include <math.h>
#include <string.h>

void histogram_init(Histogram *histogram, uint64_t *counts) {
  *histogram = (Histogram){.low = INFINITY, .high = -INFINITY, .counts = counts};
}

static int64_t bin_of(float value, int exponent) {
  return (int64_t)floor(ldexp((double)value, -exponent));
}

/* The smallest exponent at which the range fits; never so small that bins are finer than the floats. */
static int exponent_for(float low, float high) {
  float largest = fmaxf(fabsf(low), fabsf(high));
  int exponent = largest > 0 ? ilogbf(largest) - 40 : -160;
  if (high > low) {
    int from_range = ilogb((double)high - (double)low) - ilogb(HISTOGRAM_BINS);
    exponent = from_range > exponent ? from_range : exponent;
  }
  while (bin_of(high, exponent) - bin_of(low, exponent) >= HISTOGRAM_BINS) exponent++;
  return exponent;
}

/* Adds counts whose bins begin at `from` to such that are `shift` powers of two wider and begin at `first`.
 */
static void add_shifted(uint64_t *into, int64_t first, const uint64_t *counts, int64_t from, int shift) {
  for (int i = 0; i < HISTOGRAM_BINS; i++)
    if (counts[i] != 0) /* arithmetic shift: floor */
      into[((from + i) >> (shift > 62 ? 62 : shift)) - first] += counts[i];
}

/* Moves the counts to where they are with `exponent` and counts[0] being bin `first`. */
static void move_bins(Histogram *histogram, int exponent, int64_t first) {
  int shift = exponent - histogram->exponent;
  uint64_t *const all[] = {histogram->counts, histogram->weighted};
  for (int k = 0; k < 2; k++) {
    uint64_t moved[HISTOGRAM_BINS] = {0};
    if (all[k] == NULL) continue;
    add_shifted(moved, first, all[k], histogram->first, shift);
    memcpy(all[k], moved, sizeof moved);
  }
  histogram->exponent = exponent;
  histogram->first = first;
}

/* Makes the bins cover low..high, which contain what was seen so far. */
static void cover(Histogram *histogram, float low, float high) {
  int exponent = exponent_for(low, high);
  if (histogram->count > 0 && exponent < histogram->exponent) exponent = histogram->exponent;
  int64_t first = bin_of(low, exponent);
  if (histogram->count == 0) {
    histogram->exponent = exponent;
    histogram->first = first;
  } else if (exponent != histogram->exponent || first != histogram->first) {
    move_bins(histogram, exponent, first);
  }
}

#define CHUNK 32768 /* values that are looked at and then counted: they stay in the cache */
#define BLOCK 512   /* values whose bins are computed ahead */
#define TABLES 4    /* neighbouring values are counted apart: zeros in a row would wait for one another */
#define FEW 4096    /* values for which that is not worth it */

/* What a chunk of values is like. */
typedef struct Look {
  float low, high;
  int64_t zeros;
} Look;

/* The bits of a float as an integer that is ordered as the floats are, NaNs outside of the infinities. Its
   own inverse. Integers have a smallest one in whatever order they are looked at, so loops become vectors. */
static inline int32_t ordered(int32_t bits) {
  return bits ^ ((bits >> 31) & INT32_MAX);
}

static float float_of(int32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* At most CHUNK values, at least one. */
WIDE_LOOP static Look look_at(const float *values, int64_t count) {
  int32_t least = INT32_MAX, most = INT32_MIN, zeros = 0;
  for (int64_t i = 0; i < count; i++) {
    int32_t bits, key;
    memcpy(&bits, &values[i], sizeof bits);
    key = ordered(bits);
    least = key < least ? key : least;
    most = key > most ? key : most;
    zeros += (bits & INT32_MAX) == 0;
  }
  return (Look){.low = float_of(ordered(least)), .high = float_of(ordered(most)), .zeros = zeros};
}

/* floor() without the call that a baseline x86-64 makes of it. */
static int64_t floor_of(double x) {
  int64_t truncated = (int64_t)x;
  return truncated - ((double)truncated > x);
}

static void count_singly(Histogram *histogram, const float *values, int64_t count) {
  double factor = ldexp(1.0, -histogram->exponent);
  int64_t first = histogram->first;
  for (int64_t i = 0; i < count; i++) histogram->counts[floor_of((double)values[i] * factor) - first]++;
}

WIDE_LOOP static void find_bins(int32_t *restrict bins, const float *restrict values, int count, float factor,
                                int32_t first) {
  for (int i = 0; i < count; i++) {
    float x = values[i] * factor;
    int32_t truncated = (int32_t)x;
    bins[i] = truncated - ((float)truncated > x) - first;
  }
}

/* The same in two steps: the bins of a block, which becomes vector code, and their counts. */
static void count_blocks(Histogram *histogram, const float *values, int64_t count) {
  uint16_t tables[TABLES][HISTOGRAM_BINS] = {0};
  int32_t bins[BLOCK];
  float factor = ldexpf(1.0f, -histogram->exponent);
  for (int64_t from = 0; from < count; from += BLOCK) {
    int length = count - from < BLOCK ? (int)(count - from) : BLOCK, i = 0;
    find_bins(bins, values + from, length, factor, (int32_t)histogram->first);
    for (; i + TABLES <= length; i += TABLES)
      for (int t = 0; t < TABLES; t++) tables[t][bins[i + t]]++;
    for (; i < length; i++) tables[0][bins[i]]++;
  }
  for (int b = 0; b < HISTOGRAM_BINS; b++)
    histogram->counts[b] += (uint64_t)tables[0][b] + tables[1][b] + tables[2][b] + tables[3][b];
}

/* Blocks need bins within 32 bits and no wider than 1, so that the division by their width is exact in
 * float32. */
static void count_values(Histogram *histogram, const float *values, int64_t count) {
  int64_t first = histogram->first;
  if (count >= FEW && histogram->exponent <= 0 && histogram->exponent >= -100 && first > -(1 << 30) &&
      first < 1 << 30)
    count_blocks(histogram, values, count);
  else
    count_singly(histogram, values, count);
}

static bool add_chunk(Histogram *histogram, const float *values, int64_t count) {
  Look look = look_at(values, count);
  if (!isfinite(look.low) || !isfinite(look.high)) return false;
  float low = look.low < histogram->low ? look.low : histogram->low;
  float high = look.high > histogram->high ? look.high : histogram->high;
  if (histogram->counts != NULL) {
    if (histogram->count == 0 || low < histogram->low || high > histogram->high) cover(histogram, low, high);
    histogram->zeros += look.zeros;
    count_values(histogram, values, count);
  }
  histogram->low = low + 0.0f; /* a negative zero would depend on what was seen first */
  histogram->high = high + 0.0f;
  histogram->count += count;
  return true;
}

bool histogram_add(Histogram *histogram, const float *values, int64_t count) {
  for (int64_t from = 0; from < count; from += CHUNK)
    if (!add_chunk(histogram, values + from, count - from < CHUNK ? count - from : CHUNK)) return false;
  return true;
}

/* Channels of many elements: their counts first, in one go each. */
static void count_channel(Histogram *histogram, const float *values, int64_t count, uint16_t weight) {
  uint64_t counts[HISTOGRAM_BINS] = {0};
  Histogram own = *histogram;
  own.counts = counts;
  for (int64_t from = 0; from < count; from += CHUNK) {
    int64_t now = count - from < CHUNK ? count - from : CHUNK;
    histogram->weighted_zeros += (uint64_t)look_at(values + from, now).zeros * weight;
    count_values(&own, values + from, now);
  }
  for (int b = 0; b < HISTOGRAM_BINS; b++) histogram->weighted[b] += counts[b] * weight;
}

/* Channels of a few elements. */
static void count_elements(Histogram *histogram, const float *values, int64_t count, uint16_t weight) {
  double factor = ldexp(1.0, -histogram->exponent);
  for (int64_t i = 0; i < count; i++) {
    histogram->weighted[floor_of((double)values[i] * factor) - histogram->first] += weight;
    if (values[i] == 0.0f) histogram->weighted_zeros += weight;
  }
}

void histogram_add_weighted(Histogram *histogram, const float *values, const HistogramWeights *weights) {
  bool is_long = weights->inner >= HISTOGRAM_BINS;
  for (int64_t o = 0; o < weights->outer; o++)
    for (int64_t c = 0; c < weights->channels; c++, values += weights->inner)
      (is_long ? count_channel : count_elements)(histogram, values, weights->inner, weights->of[c]);
}

const uint64_t *histogram_importance(const Histogram *histogram) {
  return histogram->weighted != NULL ? histogram->weighted : histogram->counts;
}

uint64_t histogram_zero_importance(const Histogram *histogram) {
  return histogram->weighted != NULL ? histogram->weighted_zeros : (uint64_t)histogram->zeros;
}

void histogram_merge(Histogram *into, const Histogram *from) {
  if (from->count == 0) return;
  float low = fminf(into->low, from->low), high = fmaxf(into->high, from->high);
  if (into->counts != NULL) {
    cover(into, low, high);
    int shift = into->exponent - from->exponent;
    add_shifted(into->counts, into->first, from->counts, from->first, shift);
    if (into->weighted != NULL && from->weighted != NULL)
      add_shifted(into->weighted, into->first, from->weighted, from->first, shift);
  }
  into->low = low;
  into->high = high;
  into->count += from->count;
  into->zeros += from->zeros;
  into->weighted_zeros += from->weighted_zeros;
}

static bool counts_add_up(const Histogram *histogram) {
  uint64_t left = (uint64_t)histogram->count;
  for (int i = 0; i < HISTOGRAM_BINS; i++) {
    if (histogram->counts[i] > left) return false;
    left -= histogram->counts[i];
  }
  return left == 0;
}

static int last_filled(const Histogram *histogram) {
  int last = HISTOGRAM_BINS - 1;
  while (last > 0 && histogram->counts[last] == 0) last--;
  return last;
}

/* Each value counts from once to HISTOGRAM_WEIGHT_MOST times. */
static bool is_weight_of(uint64_t weighted, uint64_t count) {
  return weighted >= count && weighted / HISTOGRAM_WEIGHT_MOST <= count &&
         (weighted / HISTOGRAM_WEIGHT_MOST < count || weighted % HISTOGRAM_WEIGHT_MOST == 0);
}

static bool weights_fit(const Histogram *histogram) {
  if (histogram->count > INT64_MAX / HISTOGRAM_WEIGHT_MOST) return false;
  for (int i = 0; i < HISTOGRAM_BINS; i++)
    if (!is_weight_of(histogram->weighted[i], histogram->counts[i])) return false;
  int64_t zero = -histogram->first;
  uint64_t most = zero >= 0 && zero < HISTOGRAM_BINS ? histogram->weighted[zero] : 0;
  return histogram->weighted_zeros <= most &&
         is_weight_of(histogram->weighted_zeros, (uint64_t)histogram->zeros);
}

const char *histogram_flaw(const Histogram *histogram) {
  if (histogram->count == 0) return histogram->low > histogram->high ? NULL : "it has a range of no values";
  if (histogram->count < 0) return "its number of values is negative";
  if (!isfinite(histogram->low) || !isfinite(histogram->high) || histogram->low > histogram->high)
    return "its smallest value is above its largest one";
  int exponent = exponent_for(histogram->low, histogram->high);
  if (histogram->exponent != exponent || histogram->first != bin_of(histogram->low, exponent))
    return "its bins are not those of its range";
  int64_t zero = -histogram->first, last = bin_of(histogram->high, exponent) - histogram->first;
  if (!counts_add_up(histogram)) return "its counts do not add up to the number of its values";
  if (histogram->counts[0] == 0 || last_filled(histogram) != last)
    return "there is no count where its smallest or largest value is";
  bool can_be_zero = zero >= 0 && zero < HISTOGRAM_BINS;
  if (histogram->zeros < 0 ||
      (uint64_t)histogram->zeros > (can_be_zero ? histogram->counts[zero] : (uint64_t)0))
    return "it has more zeros than values there";
  if (histogram->weighted != NULL && !weights_fit(histogram))
    return "its weighted counts do not fit its counts";
  return NULL;
}

double histogram_middle(const Histogram *histogram, int i) {
  return ldexp((double)(histogram->first + i) + 0.5, histogram->exponent);
}
