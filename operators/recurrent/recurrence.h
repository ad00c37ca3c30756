/*
 * recurrence.h - the walk through a sequence, a step at a time: what the forward run and the way back share.
 *
 *     Recurrence r; RecurrenceWeights weights;
 *     TRY(recurrence_open(&r, &weights, run, kind, true));
 *     for (int d = 0; d < recurrence_directions(&r); d++) {
 *       recurrence_choose(&r, &weights, d);
 *       recurrence_begin(&r);
 *       for (int64_t n = 0; n < r.steps; n++) recurrence_step(&r, n);    // r.h, r.c: behind step n
 *     }
 */
#ifndef OPERATORS_RECURRENT_RECURRENCE_H
#define OPERATORS_RECURRENT_RECURRENCE_H

#include "operators/recurrent/recurrent.h"

/* Weights of all directions; those of one are taken by recurrence_choose(). */
typedef struct RecurrenceWeights {
  const double *x, *w, *r, *bias, *peepholes;
} RecurrenceWeights;

Status recurrence_open(Recurrence *r, RecurrenceWeights *weights, Run *run, const RecurrentKind *kind,
                       bool fast);
void recurrence_choose(Recurrence *r, const RecurrenceWeights *weights, int direction);
/* The states become the initial ones. */
void recurrence_begin(Recurrence *r);
/* Step n of all batch rows that have one; outputs that are wanted are written. */
void recurrence_step(Recurrence *r, int64_t n);

int recurrence_directions(const Recurrence *r);
/* Steps of a batch row. */
int64_t recurrence_length(const Recurrence *r, int64_t b);
/* The place in the sequence of a batch row's step n. */
int64_t recurrence_place(const Recurrence *r, int64_t n, int64_t b);

/* Row of X, and of what is made of it, at a place of a batch row. */
int64_t recurrence_input_row(const Recurrence *r, int64_t place, int64_t b);
/* First element of a batch row in Y_h, Y_c and the initial states, and at a place of Y. */
int64_t recurrence_state_row(const Recurrence *r, int64_t b);
int64_t recurrence_output_row(const Recurrence *r, int64_t place, int64_t b);

/* Doubles as floats. */
void recurrence_narrow(float *to, const double *from, int64_t count);

#endif
