/* No method is best for every tensor: all are tried, and what each does to the values seen is measured. */
#include "quantize/range.h"

static void measure_all(const Histogram *histogram, const Range *ranges, double *errors, int count) {
  for (int i = 0; i < count; i++) errors[i] = range_measure(histogram, affine_of(ranges[i], 8), 8).noise;
}

Status range_by_auto(const Histogram *histogram, const Node *node, int input, Range *range, Error *err) {
  const Range ranges[] = {range_of_all(histogram), range_by_percentile(histogram, 99.99),
                          range_by_percentile(histogram, 99.9), range_by_mse(histogram),
                          range_by_entropy(histogram)};
  enum { CANDIDATES = sizeof ranges / sizeof ranges[0] };
  double errors[CANDIDATES];
  if (node == NULL)
    measure_all(histogram, ranges, errors, CANDIDATES);
  else
    TRY(range_errors_before(histogram, node, input, ranges, errors, CANDIDATES, err));
  int best = 0; /* of equals the first one: the widest */
  for (int i = 1; i < CANDIDATES; i++)
    if (errors[i] < errors[best]) best = i;
  *range = ranges[best];
  return OK;
}
