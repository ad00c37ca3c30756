/* optimized_weights.h - weights as the optimiser gets them: how fast each may change, and what of it stays
   zero. Inside distill/. */
#ifndef DISTILL_OPTIMIZED_WEIGHTS_H
#define DISTILL_OPTIMIZED_WEIGHTS_H

#include "distill/distill.h"
#include "distill/weights.h"

/* One for each weight, in the arena; options->keep_zeros and relative_rates say the rest. NULL when memory
   runs out. */
OptimizedTensor *optimized_weights(const Weights *weights, const TrainOptions *options, Arena *arena,
                                   Error *err);

#endif
