/*
 * simulate.h - the quantized graph in float, with the scheme's rounding: weights and biases are what their
 * codes stand for, and each activation is rounded to its spec right after it was computed. Inside quantize/.
 *
 *     Simulator *simulator;
 *     TRY(simulator_new(&simulator, graph, &layers, reader, pool, &err));     // weights as they are: real
 * ones TRY(simulator_run(simulator, SIMULATE_REAL, from, count, &view, &err));
 *     ... methods change weights, biases, specs: always by new tensors and specs, never in place ...
 *     TRY(simulator_run(simulator, SIMULATE_CODES, from, count, &view, &err));
 *     simulator_free(simulator);
 */
#ifndef QUANTIZE_SIMULATE_H
#define QUANTIZE_SIMULATE_H

#include "interpreter/samples.h"
#include "quantize/layers.h"

typedef struct Simulator Simulator;

typedef enum SimulatedAs {
  SIMULATE_REAL,   /* float, with the constants that the graph had when the simulator was made */
  SIMULATE_INPUTS, /* the same, but each activation rounded: inputs of layers as codes */
  SIMULATE_CODES   /* weights and biases in codes too, as the graph has them now */
} SimulatedAs;

/* Sees tensors of sample `sample` (counted from the first one of the run); any of these may be NULL. */
typedef struct SimulationView {
  Status (*before)(void *context, int64_t sample, int worker, const Value *value, const Tensor *tensor,
                   Error *err); /* is it rounded */
  Status (*after)(void *context, int64_t sample, int worker, const Value *value, const Tensor *tensor,
                  Error *err);
  Status (*end)(void *context, int64_t sample, const Runner *runner, Error *err);
  void *context;
} SimulationView;

/* `layers` must be what layers_find() gives for the graph. */
Status simulator_new(Simulator **simulator, Graph *graph, const Layers *layers, const SampleReader *reader,
                     Pool *pool, Error *err);
void simulator_free(Simulator *simulator); /* accepts NULL */
Status simulator_run(Simulator *simulator, SimulatedAs as, int64_t from, int64_t count,
                     const SimulationView *view, Error *err);
/* The graph's constants become the real ones. */
void simulator_rebase(Simulator *simulator);
/* What a constant is in the real graph. */
const Tensor *simulator_real(const Simulator *simulator, const Value *value);
Graph *simulator_graph(const Simulator *simulator);
Pool *simulator_pool(const Simulator *simulator);

#endif
