/* train_rows.h - the options of commands that train. */
#ifndef CMD_TRAIN_ROWS_H
#define CMD_TRAIN_ROWS_H

#include "cmd/options.h"
#include "distill/distill.h"

/* --output, --force, --log, --curve */
extern const OptionRow train_output_rows[];
/* --epochs, --batch, --micro-batch, --hold-out, --loss, --dropout, --input-dropout */
extern const OptionRow train_rows[];
/* --temperature, --hard-weight, --match, --attend, --teacher-cache: with a teacher */
extern const OptionRow train_teacher_rows[];

/* BAD_USAGE where options do not fit one another. */
Status train_check(const Options *options, bool has_teacher, Error *err);
Status train_take(const Options *options, bool has_teacher, TrainOptions *settings, Error *err);

#endif
