#include "cmd/common.h"

#define GROUP "Common"

const OptionRow common_help_rows[] = {
    {.name = "help", .short_name = 'h', .type = OPTION_FLAG, .group = GROUP, .help = "print this help"}, {0}};

const OptionRow common_json_rows[] = {
    {.name = "json",
     .type = OPTION_FLAG,
     .group = GROUP,
     .help = "print the result as one JSON object and nothing else on stdout"},
    {0}};

/* Rows that stand in more than one list. */
#define QUIET_ROW                                                                                            \
  {                                                                                                          \
    .name = "quiet", .short_name = 'q', .type = OPTION_FLAG, .group = GROUP,                                 \
    .help = "print nothing but errors and what was asked for"                                                \
  }
#define THREADS_ROW                                                                                          \
  {                                                                                                          \
    .name = "threads", .short_name = 'j', .type = OPTION_INT, .metavar = "N", .fallback = "0", .minimum = 0, \
    .maximum = THREADS_MAX, .group = GROUP,                                                                  \
    .help = "threads to use, 0: as many as there are processors; results do not depend on it"                \
  }

const OptionRow common_quiet_rows[] = {QUIET_ROW, {0}};

const OptionRow common_message_rows[] = {QUIET_ROW,
                                         {.name = "verbose",
                                          .short_name = 'v',
                                          .type = OPTION_FLAG,
                                          .group = GROUP,
                                          .help = "print more about what is done and why"},
                                         {0}};

const OptionRow common_thread_rows[] = {THREADS_ROW, {0}};

const OptionRow common_work_rows[] = {
    THREADS_ROW,
    {.name = "seed",
     .type = OPTION_INT,
     .metavar = "N",
     .fallback = "0",
     .minimum = 0,
     .maximum = 9007199254740992.0,
     .group = GROUP,
     .help = "start of all random numbers; the same seed gives the same result"},
    {0}};

int common_threads(const Options *options) {
  int64_t threads = options_int(options, "threads");
  return threads > 0 ? (int)threads : threads_available();
}
