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

#endif
