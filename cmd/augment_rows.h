/* augment_rows.h - the options that change samples in training. */
#ifndef CMD_AUGMENT_ROWS_H
#define CMD_AUGMENT_ROWS_H

#include "cmd/options.h"
#include "distill/augment.h"

/* --flip, --shift, --rotate, --noise, --cutout, --mixup, --fill, --picture */
extern const OptionRow augment_rows[];
Status augment_take(const Options *options, AugmentOptions *settings, Error *err);

#endif
