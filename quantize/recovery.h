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
  const SampleReader *reader;
  int64_t from, count; /* samples to fit to */
  int64_t all;         /* samples that ranges are calibrated on, from `from` on */
  int64_t seen;        /* of these, those that do not judge */
  const QuantizeOptions *settings;
  const RecoveryOptions *options;
  Calibration *const *calibration; /* that the graph's ranges are from */
  Calibration *renewed;            /* by the method that is being tried; NULL: none */
  int variant;                     /* of the method that is being tried, from 0 on */
  /* Progress: parts of the whole work that are done, out of `work`, and those of the method being tried. */
  int64_t work, done, own_work;
} Recovery;

/* A method leaves *is_changed false where there was nothing for it to do. */
typedef Status (*RecoveryMethod)(Recovery *recovery, bool *is_changed, Error *err);

/* A method tells how far it is: 0..1. */
void recovery_tell(const Recovery *recovery, double share);

/* Channels of tensors between two layers are scaled so that their ranges are alike; then all ranges and
   scales anew. The real graph's constants change too. Variant 1 passes a Clip, too, where it does nothing. */
#define EQUALIZATION_VARIANTS 2
Status equalize_layers(Recovery *recovery, bool *is_changed, Error *err);

/* Channels behind a normalization are scaled against the weights that read them, by the variant's exponent.
 */
#define MIGRATION_VARIANTS 3
Status migrate_scales(Recovery *recovery, bool *is_changed, Error *err);

/* Ranges of activations by other methods than the one that was asked for; a variant each. */
#define RECOVERY_RANGE_CANDIDATES 5
Status choose_ranges(Recovery *recovery, bool *is_changed, Error *err);

/* One scale for a whole weight where that is nearer to it than one a channel. */
Status share_layer_scales(Recovery *recovery, bool *is_changed, Error *err);

/* Scales of weights of less than 8 bits by least squared error. */
Status search_weight_scales(Recovery *recovery, bool *is_changed, Error *err);

/* Weights rounded one after the other, each making up for the errors before it. */
Status round_in_sequence(Recovery *recovery, bool *is_changed, Error *err);

/* Weights rounded up or down as it is learned, layer after layer, towards the real network's results. */
Status round_adaptively(Recovery *recovery, bool *is_changed, Error *err);

/* Ranges of activations anew, from the network in codes. */
Status reestimate_ranges(Recovery *recovery, bool *is_changed, Error *err);

/* Weights and scales trained through rounding, by the options' trainer. */
Status fine_tune(Recovery *recovery, bool *is_changed, Error *err);

/* Biases take up the mean error of each channel that its own layer makes. */
Status correct_biases(Recovery *recovery, bool *is_changed, Error *err);

#endif
