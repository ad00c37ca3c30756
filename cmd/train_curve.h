/* train_curve.h - the epochs of a training as a picture. */
#ifndef CMD_TRAIN_CURVE_H
#define CMD_TRAIN_CURVE_H

#include "cmd/train_log.h"

/* SVG: loss on the left axis, share of right answers on the right one, the learning rate below; the epoch
   that is `written` is marked (0: none). */
Status train_curve_svg(const TrainLog *log, const char *title, int64_t written, Text *text, Error *err);

#endif
