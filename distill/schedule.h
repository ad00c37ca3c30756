/* schedule.h - how the learning rate changes from step to step. */
#ifndef DISTILL_SCHEDULE_H
#define DISTILL_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#define SCHEDULES(X)                                                                                         \
  X(CONSTANT, "constant", "stays")                                                                           \
  X(COSINE, "cosine", "falls along half a cosine (Loshchilov and Hutter 2017)")                              \
  X(STEP, "step", "is multiplied by a factor from time to time")                                             \
  X(ONE_CYCLE, "one-cycle",                                                                                  \
    "rises along half a cosine for a quarter of the time, or for the warm-up, and falls "                    \
    "to nothing (Smith and Topin 2018)")

typedef enum ScheduleKind {
#define X(name, text, brief) SCHEDULE_##name,
  SCHEDULES(X)
#undef X
} ScheduleKind;

typedef struct ScheduleOptions {
  ScheduleKind kind;
  double rate;        /* the largest */
  double warmup;      /* share of all steps in which the rate rises from 1/25 of it; 0..1 */
  double step_every;  /* of STEP: share of all steps */
  double step_factor; /* of STEP */
  double final;       /* of COSINE and ONE_CYCLE: share of the rate that is left at the end */
} ScheduleOptions;

/* The rate of step 0..total-1. */
double schedule_rate(const ScheduleOptions *options, int64_t step, int64_t total);

#endif
