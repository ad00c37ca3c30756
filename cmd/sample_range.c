#include "cmd/sample_range.h"

const OptionRow sample_range_rows[] = {
    {.name = "samples",
     .type = OPTION_INT,
     .metavar = "N",
     .minimum = 1,
     .maximum = 1e12,
     .group = "Data",
     .help = "take N samples only; without it all"},
    {.name = "skip",
     .type = OPTION_INT,
     .metavar = "N",
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e12,
     .group = "Data",
     .help = "leave out the first N samples, such as those that calibration has seen"},
    {0}};

Status sample_range(const Options *options, const Inputs *inputs, SampleRange *range, Error *err) {
  int64_t all = inputs->samples, skip = options_int(options, "skip");
  if (skip >= all)
    return fail(err, BAD_USAGE, "--skip %lld leaves no samples: there are %lld", (long long)skip,
                (long long)all);
  *range = (SampleRange){.from = skip, .count = all - skip};
  if (!options_was_given(options, "samples")) return OK;
  int64_t most = options_int(options, "samples");
  if (most < range->count) range->count = most;
  return OK;
}
