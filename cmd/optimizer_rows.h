/* optimizer_rows.h - the options of optimisers and of the learning rate. */
#ifndef CMD_OPTIMIZER_ROWS_H
#define CMD_OPTIMIZER_ROWS_H

#include "cmd/options.h"
#include "distill/optimizer.h"
#include "distill/schedule.h"

/* --optimizer, --rate, --momentum, --nesterov, --beta1, --beta2, --weight-decay, --clip-norm, --ema,
   --schedule,
   --warmup, --step-every, --step-factor, --final-rate */
extern const OptionRow optimizer_rows[];
/* BAD_USAGE where one was given that the others leave without effect. */
Status optimizer_check(const Options *options, Error *err);
void optimizer_take(const Options *options, OptimizerOptions *optimizer, ScheduleOptions *schedule);

#endif
