/*
 * sensitivity.h - what quantizing one layer alone costs, the rest staying in float: which layers are guilty.
 *
 *     TRY(quantize_graph(graph, calibration, &options, &report, &err));
 *     Sensitivity sensitivity;
 *     TRY(sensitivity_measure(&sensitivity, graph, &reader, 256, 32, pool, NULL, NULL, &err));
 *     ... sensitivity.layers[0] is the worst at 8 bits ...
 *     sensitivity_free(&sensitivity);
 *
 * A layer is what becomes one instruction: a node with the functions that are fused into it. At 8 bits its
 * weights have the scales of their spec and its result is rounded to its codes; at 4 bits its weights have
 * 4-bit codes of each channel, the result as at 8. Everything is simulated in float by the interpreter, so
 * the figures agree with the written file's up to the rounding of requantization.
 */
#ifndef QUANTIZE_SENSITIVITY_H
#define QUANTIZE_SENSITIVITY_H

#include "quantize/damage.h"

typedef struct LayerSensitivity {
  const char *name, *type; /* of the node, or of the input and "input"; the graph's */
  int64_t weights;         /* elements of its constant weights; 0: none, and no damage at 4 bits */
  Damage at8, at4;
} LayerSensitivity;

typedef struct Sensitivity {
  LayerSensitivity *layers; /* worst at 8 bits first */
  int count;
  Damage all8; /* all layers together */
  int64_t samples;
  bool is_classifier;
} Sensitivity;

/* `graph` must have its specs; it is as before afterwards. The result does not depend on the pool. `progress`
   counts runs of the samples. */
Status sensitivity_measure(Sensitivity *sensitivity, Graph *graph, const SampleReader *reader, int64_t from,
                           int64_t count, Pool *pool, SampleProgress progress, void *progress_context,
                           Error *err);
void sensitivity_free(Sensitivity *sensitivity); /* accepts a zeroed one */

/* Puts the worst at `bits` (4 or 8) first; layers without weights are last where it is 4. */
void sensitivity_rank(Sensitivity *sensitivity, int bits);

#endif
