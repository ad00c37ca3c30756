/* targets.h - --targets: the values that a model's outputs are to have for each sample, from files. */
#ifndef CMD_TARGETS_H
#define CMD_TARGETS_H

#include "cmd/options.h"
#include "distill/train_set.h"
#include "graph/graph.h"

extern const OptionRow targets_rows[];

bool targets_given(const Options *options);
/* Reads them into the set, before it is split. BAD_INPUT where a file has another number of samples,
   BAD_USAGE where the model has no such output. */
Status targets_load(TrainSet *set, const Options *options, const Graph *student, Error *err);

#endif
