/*
 * mixed_bench.h - a graph whose layers change between candidates, and what that does to its outputs. For each
 * candidate there is a state of the whole graph, quantized and with its weights recovered; a plan takes each
 * layer from the state of its candidate. Inside quantize/.
 */
#ifndef QUANTIZE_MIXED_BENCH_H
#define QUANTIZE_MIXED_BENCH_H

#include "quantize/mixed.h"
#include "quantize/units.h"

typedef struct MixedBench MixedBench;

/* Fills the mixed's layers and table: which options exist, their bytes, and as noise the relative error of
   the weights, which is no more than an order. */
Status mixed_bench_new(MixedBench **bench, Mixed *mixed, Graph *graph, const Calibration *calibration,
                       const MixedSettings *settings, const SampleReader *reader, Pool *pool, Error *err);
/* Fills the options of another candidate: which exist, their bytes, and as noise the relative error of the
   weights, which is no more than an order. `with_recovery`: of weights as recovery makes them. */
Status mixed_bench_candidate(MixedBench *bench, int candidate, bool with_recovery, Error *err);
void mixed_bench_free(MixedBench *bench); /* accepts NULL */

/* One layer alone as a candidate, the others in float. */
Status mixed_bench_layer(MixedBench *bench, int layer, int candidate, Damage *damage, Error *err);
/* All layers by the plan. */
Status mixed_bench_plan(MixedBench *bench, const uint8_t *choice, Damage *damage, Error *err);
/* The graph as the plan has it, to be lowered. */
const Graph *mixed_bench_graph(MixedBench *bench, const uint8_t *choice);

#endif
