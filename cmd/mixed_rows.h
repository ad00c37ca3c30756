/* mixed_rows.h - what refines --bits mixed. */
#ifndef CMD_MIXED_ROWS_H
#define CMD_MIXED_ROWS_H

#include "cmd/options.h"
#include "quantize/mixed.h"

/* --measure-samples, --time-limit, --pareto */
extern const OptionRow mixed_rows[];

/* BAD_USAGE where they contradict others, and where --bits mixed has no goal. */
Status mixed_check(const Options *options, Error *err);
/* All but the samples. */
MixedSettings mixed_take(const Options *options, const QuantizeOptions *settings);

#endif
