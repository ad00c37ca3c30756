/* common.h - options that commands share, as lists for Command.options. Each ends with a row without a name.
 */
#ifndef CMD_COMMON_H
#define CMD_COMMON_H

#include "cmd/options.h"

extern const OptionRow common_help_rows[];    /* --help: every command has it */
extern const OptionRow common_json_rows[];    /* --json */
extern const OptionRow common_quiet_rows[];   /* --quiet */
extern const OptionRow common_message_rows[]; /* --quiet, --verbose */
extern const OptionRow common_thread_rows[];  /* --threads */
extern const OptionRow common_work_rows[];    /* --threads, --seed */

/* Threads that --threads asks for: what the process may use where it is 0. */
int common_threads(const Options *options);

#endif
