#include "cmd/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BAR_CELLS 24
#define REDRAW_SECONDS 0.1

double progress_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static bool can_redraw(void) {
  const char *terminal = getenv("TERM");
  return isatty(STDERR_FILENO) && (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

void progress_begin(Progress *progress, const char *what, bool quiet) {
  double now = progress_clock();
  *progress = (Progress){.what = what, .shown = !quiet && can_redraw(), .started = now, .last = now};
}

const char *progress_line(char *buffer, const char *what, int64_t done, int64_t total, double seconds) {
  double share = total > 0 ? (double)done / (double)total : 0;
  if (share > 1) share = 1;
  char bar[BAR_CELLS + 1], left[TEXT_NUMBER_ROOM] = "";
  memset(bar, '.', BAR_CELLS);
  memset(bar, '#', (size_t)(share * BAR_CELLS));
  bar[BAR_CELLS] = '\0';
  if (done > 0 && done < total) text_seconds(left, seconds / share - seconds);
  snprintf(buffer, PROGRESS_ROOM, "%.60s [%s] %3d%%%s%s%s", what, bar, (int)(share * 100),
           left[0] != '\0' ? "  " : "", left, left[0] != '\0' ? " left" : "");
  return buffer;
}

void progress_update(void *context, int64_t done, int64_t total) {
  Progress *progress = context;
  double now = progress_clock();
  if (!progress->shown || now - progress->last < REDRAW_SECONDS) return;
  char line[PROGRESS_ROOM];
  fprintf(stderr, "\r%s\033[K", progress_line(line, progress->what, done, total, now - progress->started));
  fflush(stderr);
  progress->drawn = true;
  progress->last = now;
}

void progress_end(Progress *progress) {
  if (progress->drawn) fputs("\r\033[K", stderr);
  progress->drawn = false;
}
