#include "distill/schedule.h"

#include <math.h>

#define WARMUP_FROM 0.04 /* share of the rate that a warm-up begins with */
#define ONE_CYCLE_RISE 0.25

/* From `from` to `to` along half a cosine, t in 0..1. */
static double along_cosine(double from, double to, double t) {
  return to + (from - to) * 0.5 * (1 + cos(t * 3.14159265358979323846));
}

static double after_warmup(const ScheduleOptions *options, double t, double done) {
  switch (options->kind) {
  case SCHEDULE_CONSTANT:
    break;
  case SCHEDULE_COSINE:
  case SCHEDULE_ONE_CYCLE:
    return options->rate * along_cosine(1, options->final, t);
  case SCHEDULE_STEP:
    return options->rate * pow(options->step_factor, floor(done / options->step_every + 1e-9));
  }
  return options->rate;
}

double schedule_rate(const ScheduleOptions *options, int64_t step, int64_t total) {
  double done = (double)step / (double)total, rise = options->warmup;
  bool is_cycle = options->kind == SCHEDULE_ONE_CYCLE;
  if (is_cycle && rise <= 0) rise = ONE_CYCLE_RISE;
  if (done >= rise) return after_warmup(options, (done - rise) / (1 - rise), done);
  double t = done / rise;
  return options->rate * (is_cycle ? along_cosine(WARMUP_FROM, 1, t) : WARMUP_FROM + (1 - WARMUP_FROM) * t);
}
