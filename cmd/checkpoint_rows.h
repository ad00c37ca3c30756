/* checkpoint_rows.h - the options of long trainings: checkpoints, and how one goes on. */
#ifndef CMD_CHECKPOINT_ROWS_H
#define CMD_CHECKPOINT_ROWS_H

#include "cmd/options.h"
#include "distill/distill.h"

/* --checkpoint, --checkpoint-every, --resume */
extern const OptionRow checkpoint_rows[];

/* Where, how often, and whether it goes on; facts come besides. Strings are in the arena or the options'.
   BAD_USAGE or SYSTEM where the file cannot be what it is meant to be. */
Status checkpoint_take(const Options *options, Arena *arena, TrainKeeping *keeping, Error *err);

/* The checkpoint of a training that ended well goes. */
void checkpoint_remove(const TrainKeeping *keeping);

#endif
