/* specs.h - the QuantSpecs of activations and of weights. Inside quantize/. */
#ifndef QUANTIZE_SPECS_H
#define QUANTIZE_SPECS_H

#include "quantize/plan.h"
#include "quantize/range.h"

#define BIAS_CODE_MAX 0x1p30      /* what the scales of weights leave room for */
#define WIDE_BIAS_CODE_MAX 0x1p60 /* the same where the data have 16 bits, and the sums 64 */

/* Of a product that reads data of these codes. */
static inline double bias_code_max(const QuantSpec *data) {
  return data->bits == 16 ? WIDE_BIAS_CODE_MAX : BIAS_CODE_MAX;
}

/* Everything but weights and biases. */
Status specs_of_activations(Graph *graph, const Plan *plan, const Calibration *calibration,
                            const QuantizeOptions *options, QuantizeReport *report, Error *err);

/* Weights and biases; needs the specs of activations. Stores weights that cannot matter as zero. */
Status specs_of_weights(Graph *graph, const Plan *plan, const QuantizeOptions *options,
                        QuantizeReport *report, Error *err);

/* A copy of `spec` in the graph's arena becomes the value's. */
Status spec_set(Graph *graph, Value *value, const QuantSpec *spec, Error *err);

/* The spec that the codes written by a linear node have: that of its own output, or, where this is only
   clamped, that of what it is clamped to. */
const QuantSpec *spec_of_result(const Plan *plan, const Node *node);

/* Raises scales of weights that, with the weights, biases and activations as they are now, would let a bias
   or sum leave int32. */
Status specs_keep_bounds(Graph *graph, const Plan *plan, Error *err);

#endif
