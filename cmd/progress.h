/*
 * progress.h - a line on stderr that tells how far a long step is: bar, share, time left. Only on a terminal.
 *
 *     Progress progress;
 *     progress_begin(&progress, "calibrate", options_flag(options, "quiet"));
 *     samples_for(..., progress_update, &progress, err);
 *     progress_end(&progress);                          // the line is gone
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include "base/base.h"

#define PROGRESS_ROOM 160
#define PROGRESS_DETAIL_ROOM 64

typedef struct Progress {
  const char *what; /* the caller's, lives until the end */
  bool quiet;
  bool shown; /* stderr is a terminal and may be written to */
  bool drawn;
  double started, last;              /* seconds of a clock that only goes forward */
  int64_t from;                      /* what was done before it began */
  char detail[PROGRESS_DETAIL_ROOM]; /* stands behind the bar; "": nothing */
} Progress;

void progress_begin(Progress *progress, const char *what, bool quiet);
/* `progress` is a Progress: the signature is that of SampleProgress. Draws at most ten times a second. */
void progress_update(void *progress, int64_t done, int64_t total);
/* Would progress_update() draw now? For callers whose `detail` takes time to make. */
bool progress_is_due(const Progress *progress);
void progress_end(Progress *progress);

/* A line on stderr that stays, on a terminal or not, unless quiet. */
void progress_say(Progress *progress, const char *line);

/* The line for a state after so many seconds, e.g. "calibrate [#####.....]  50%  3 s left"; `buffer` has
   PROGRESS_ROOM. */
const char *progress_line(char *buffer, const Progress *progress, int64_t done, int64_t total,
                          double seconds);

/* Seconds of the clock, for durations. */
double progress_clock(void);

#endif
