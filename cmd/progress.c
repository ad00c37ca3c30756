#include "cmd/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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
  *progress =
      (Progress){.what = what, .quiet = quiet, .shown = !quiet && can_redraw(), .started = now, .last = now};
}

const char *progress_line(char *buffer, const Progress *progress, int64_t done, int64_t total,
                          double seconds) {
  double share = total > 0 ? (double)done / (double)total : 0;
  if (share > 1) share = 1;
  char bar[BAR_CELLS + 1], left[TEXT_NUMBER_ROOM] = "";
  memset(bar, '.', BAR_CELLS);
  memset(bar, '#', (size_t)(share * BAR_CELLS));
  bar[BAR_CELLS] = '\0';
  if (done > progress->from && done < total)
    text_seconds(left, seconds * (double)(total - done) / (double)(done - progress->from));
  snprintf(buffer, PROGRESS_ROOM, "%.40s [%s] %3d%%%s%s%s%s%s", progress->what, bar, (int)(share * 100),
           progress->detail[0] != '\0' ? "  " : "", progress->detail, left[0] != '\0' ? "  " : "", left,
           left[0] != '\0' ? " left" : "");
  return buffer;
}

bool progress_is_due(const Progress *progress) {
  return progress->shown && progress_clock() - progress->last >= REDRAW_SECONDS;
}

/* A line that is wider than the terminal could not be drawn over. */
static int columns_of_terminal(void) {
  struct winsize size;
  bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  return known && size.ws_col < PROGRESS_ROOM ? size.ws_col - 1 : PROGRESS_ROOM;
}

void progress_update(void *context, int64_t done, int64_t total) {
  Progress *progress = context;
  if (!progress_is_due(progress)) return;
  char line[PROGRESS_ROOM];
  double now = progress_clock();
  fprintf(stderr, "\r%.*s\033[K", columns_of_terminal(),
          progress_line(line, progress, done, total, now - progress->started));
  fflush(stderr);
  progress->drawn = true;
  progress->last = now;
}

void progress_say(Progress *progress, const char *line) {
  if (progress->quiet) return;
  progress_end(progress);
  fprintf(stderr, "%s\n", line);
}

void progress_end(Progress *progress) {
  if (progress->drawn) fputs("\r\033[K", stderr);
  progress->drawn = false;
}
