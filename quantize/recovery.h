/*
 * recovery.h - the methods that quantize_recover() composes, one file each. Each changes constants and specs
 * by new tensors and specs; whether the change stays is decided outside. Inside quantize/.
 */
#ifndef QUANTIZE_RECOVERY_H
#define QUANTIZE_RECOVERY_H

#include "quantize/quantize.h"
#include "quantize/simulate.h"

/* What a method works on. */
typedef struct Recovery {
  Graph *graph;
  Layers *layers;
  Simulator *simulator;
  int64_t from, count; /* samples to fit to */
  const RecoveryOptions *options;
} Recovery;

/* Biases take up the mean error of each channel that its own layer makes. */
Status correct_biases(Recovery *recovery, Error *err);

/* Scales of weights of less than 8 bits by least squared error. */
Status search_weight_scales(Recovery *recovery, Error *err);

/* Weights rounded one after the other, each making up for the errors before it. */
Status round_in_sequence(Recovery *recovery, Error *err);

#endif
