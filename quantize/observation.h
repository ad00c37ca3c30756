/*
 * observation.h - collects a Calibration while somebody runs the graph. Inside quantize/.
 *
 *     Observation *observation;
 *     TRY(observation_new(&observation, graph, options, workers, &err));
 *     ... observation_see(observation, worker, value, tensor, err) for each tensor of each sample ...
 *     TRY(observation_end(observation, samples, &calibration, &err));
 *     observation_free(observation);
 */
#ifndef QUANTIZE_OBSERVATION_H
#define QUANTIZE_OBSERVATION_H

#include "quantize/calibration.h"

typedef struct Observation Observation;

Status observation_new(Observation **observation, Graph *graph, const QuantizeOptions *options, int workers,
                       Error *err);
/* BAD_INPUT where a value is not finite. */
Status observation_see(Observation *observation, int worker, const Value *value, const Tensor *tensor,
                       Error *err);
/* What all workers have seen; the same whichever of them saw it. */
Status observation_end(Observation *observation, int64_t samples, Calibration **calibration, Error *err);
void observation_free(Observation *observation); /* accepts NULL */

#endif
