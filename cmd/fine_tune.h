/*
 * fine_tune.h - how `edgec quantize --effort max` trains: on the samples of --data that neither verify nor
 * judge, towards the scores (or whatever the output is) of the float model; no labels are needed.
 */
#ifndef CMD_FINE_TUNE_H
#define CMD_FINE_TUNE_H

#include "cmd/inputs.h"
#include "cmd/model.h"
#include "distill/distill.h"
#include "quantize/quantize.h"

typedef struct FineTune {
  const Options *options;
  const Model *reference;
  const Inputs *inputs;
  int64_t samples; /* of the reader, from its first on, that may be trained on */
  Pool *pool;
  bool is_narrow; /* weights of less than 8 bits */
} FineTune;

/* The trainer of RecoveryOptions; `context` must outlive it. */
Trainer fine_tune_trainer(FineTune *context);

#endif
