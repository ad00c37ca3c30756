/* mixed_rows.h - what refines --bits mixed. */
#ifndef CMD_MIXED_ROWS_H
#define CMD_MIXED_ROWS_H

#include "cmd/options.h"
#include "quantize/mixed.h"

/* --measure-samples, --time-limit, --pareto */
extern const OptionRow mixed_rows[];

/* BAD_USAGE where they contradict others, and where --bits mixed has no goal. */
Status mixed_check(const Options *options, Error *err);
/* Of any scheme: with --bits mixed weights of 4 bits are rounded with gptq from --effort normal on. */
RecoveryOptions mixed_recovery(const Options *options);
/* All but the samples. */
MixedSettings mixed_take(const Options *options, const QuantizeOptions *settings);

#endif
