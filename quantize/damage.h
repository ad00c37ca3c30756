/*
 * damage.h - what rounding does to the outputs of a graph, simulated in float by the interpreter.
 *
 *     DamageMeter *meter;
 *     TRY(damage_meter_new(&meter, graph, &reader, 256, 32, pool, &err));     // runs the graph as it is: the
 *     ... constants take the values that their codes stand for ...            // reference
 *     TRY(damage_measure(meter, is_rounded, &damage, &err));
 *     damage_meter_free(meter);
 */
#ifndef QUANTIZE_DAMAGE_H
#define QUANTIZE_DAMAGE_H

#include "interpreter/samples.h"

/* The outputs against those of the float model; of a Softmax at the end what it reads (compared.h). */
typedef struct Damage {
  double sqnr;      /* dB; infinite where nothing changed */
  double noise;     /* error power over signal power */
  int64_t agreeing; /* samples with the same highest score; of classifiers */
} Damage;

typedef struct DamageMeter DamageMeter;

/* `graph` and `reader` must outlive the meter. The figures do not depend on the pool. */
Status damage_meter_new(DamageMeter **meter, Graph *graph, const SampleReader *reader, int64_t from,
                        int64_t count, Pool *pool, Error *err);
void damage_meter_free(DamageMeter *meter); /* accepts NULL */

/* Runs the samples through the graph with the constants that it has now. Values with a mark are rounded to
   their specs. */
Status damage_measure(DamageMeter *meter, const bool *is_rounded, Damage *damage, Error *err);

/* The first output is one vector of scores. */
bool damage_is_classifier(const DamageMeter *meter);

/* Of a share of noise. */
double damage_sqnr(double noise);

#endif
