/* scheme_rows.h - how finely weights and activations are quantized: --bits and what refines it. */
#ifndef CMD_SCHEME_ROWS_H
#define CMD_SCHEME_ROWS_H

#include "cmd/options.h"
#include "quantize/quantize.h"

/* --bits, --dynamic, --group, --first-last, --per-tensor, --output-8bit */
extern const OptionRow scheme_rows[];

/* BAD_USAGE where the options contradict one another. */
Status scheme_check(const Options *options, Error *err);
/* True where activations stay float32: nothing is calibrated. */
bool scheme_is_float(const Options *options);
void scheme_take(const Options *options, QuantizeOptions *settings);

/* --bits mixed */
bool scheme_is_mixed(const Options *options);
/* 0, 32, 64 or 128: that of --group. With --bits mixed it is that of one candidate, not of the settings. */
int scheme_group(const Options *options);

/* Adds lines "bits=w4a8" and "group=32". */
void scheme_metadata(const Options *options, Text *text);

#endif
