/*
 * held_out.h - the error of the outputs on samples that no method was fitted to. Inside quantize/.
 */
#ifndef QUANTIZE_HELD_OUT_H
#define QUANTIZE_HELD_OUT_H

#include "quantize/compared.h"
#include "quantize/simulate.h"

/* A value that is compared. */
typedef struct HeldValue {
  Compared compared;
  int64_t at, count; /* place in a sample's reference, elements */
} HeldValue;

typedef struct HeldOut {
  int64_t from, count;
  HeldValue *compared;
  int compared_count;
  int64_t width;    /* numbers of all compared values of a sample */
  float *reference; /* [count][width]: of the real graph */
  double *signal;   /* by sample */
  double *noise;    /* by sample, of the last measurement */
} HeldOut;

/* Runs the real graph on samples from..from+count-1; fewer where their outputs are large. A width of 0: the
   outputs' sizes are not known or there is no float output. */
Status held_out_begin(HeldOut *held, Simulator *simulator, int64_t from, int64_t count, Error *err);
/* SQNR of the outputs of the graph in codes as it is now, in dB; infinite where they are equal. */
Status held_out_measure(HeldOut *held, Simulator *simulator, double *sqnr, Error *err);
void held_out_end(HeldOut *held);

#endif
