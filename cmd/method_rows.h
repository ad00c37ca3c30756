/* method_rows.h - how ranges are chosen: --method, --percentile. */
#ifndef CMD_METHOD_ROWS_H
#define CMD_METHOD_ROWS_H

#include "cmd/options.h"
#include "quantize/quantize.h"

/* --method, --percentile */
extern const OptionRow method_rows[];

/* BAD_USAGE where the options contradict one another. */
Status method_check(const Options *options, Error *err);
void method_take(const Options *options, QuantizeOptions *settings);

#endif
