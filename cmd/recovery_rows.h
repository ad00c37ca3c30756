/* recovery_rows.h - how much is done against the damage: --effort and a switch a method. */
#ifndef CMD_RECOVERY_ROWS_H
#define CMD_RECOVERY_ROWS_H

#include "cmd/options.h"
#include "quantize/quantize.h"

/* --effort, and --[no-]SWITCH of each of RECOVERY_METHODS. */
extern const OptionRow recovery_rows[];

/* BAD_USAGE where options do not go with one another. */
Status recovery_check(const Options *options, Error *err);
RecoveryOptions recovery_take(const Options *options);

#endif
