/*
 * sensitivity.h - what quantizing one layer alone costs, the rest staying in float: which layers are guilty.
 *
 *     Sensitivity sensitivity;
 *     TRY(sensitivity_measure(&sensitivity, graph, calibration, &options, &reader, 256, 32, pool, NULL, NULL,
 * &err));
 *     ... sensitivity.layers[0] is the worst at 8 bits ...
 *     sensitivity_free(&sensitivity);
 *
 * A layer is what becomes one instruction: a node with the functions that are fused into it. It has the codes
 * that quantize_graph() gives it by the options, with weights of 8 bits, then of 4. Everything is simulated
 * in float by the interpreter, so the figures agree with the written file's up to the rounding of
 * requantization.
 */
#ifndef QUANTIZE_SENSITIVITY_H
#define QUANTIZE_SENSITIVITY_H

#include "quantize/damage.h"
#include "quantize/quantize.h"

typedef struct LayerSensitivity {
  const char *name, *type; /* of the node, or of the input and "input"; the graph's */
  int64_t weights;         /* elements of its constant weights; 0: none */
  bool has_at4;            /* it has weights, and not with scales that came with the model */
  Damage at8, at4;
} LayerSensitivity;

typedef struct Sensitivity {
  LayerSensitivity *layers; /* worst at 8 bits first */
  int count;
  Damage all; /* all layers together, with the bits of the options */
  int64_t samples;
  bool is_classifier;
} Sensitivity;

/* `graph` is clean and has no specs but those that came with the model; it is left with those of 8 bits. The
   result does not depend on the pool. `progress` counts runs of the samples. */
Status sensitivity_measure(Sensitivity *sensitivity, Graph *graph, const Calibration *calibration,
                           const QuantizeOptions *options, const SampleReader *reader, int64_t from,
                           int64_t count, Pool *pool, SampleProgress progress, void *progress_context,
                           Error *err);
void sensitivity_free(Sensitivity *sensitivity); /* accepts a zeroed one */

/* Puts the worst at `bits` (4 or 8) first; layers without a figure are last where it is 4. */
void sensitivity_rank(Sensitivity *sensitivity, int bits);

#endif
