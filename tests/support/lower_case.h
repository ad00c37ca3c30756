/*
 * lower_case.h - a small graph with specs, lowered, written, read back and run, beside its float reference.
 *
 *     LowerCase c = {0};
 *     lower_case_sample(&c, op_find("", "Conv"), 0);     // or: build c.graph by hand
 *     lower_case_specs(&c);                              // min-max specs; weights become exact in their
 * codes lower_case_run(&c);
 *     ... c.file, c.reals[i] (of output i), c.reference[i] ...
 *     lower_case_free(&c);
 */
#ifndef TESTS_SUPPORT_LOWER_CASE_H
#define TESTS_SUPPORT_LOWER_CASE_H

#include "formats/edge/edge_file.h"
#include "interpreter/interpreter.h"

#define LOWER_CASE_OUTPUTS 8

typedef struct LowerCase {
  Graph *graph; /* freed with the case */
  const Tensor *inputs[16];
  Error err;
  EdgeProgram program;
  EdgeFile file;
  void *arena; /* after the run */
  float *reals[LOWER_CASE_OUTPUTS];
  Tensor reference[LOWER_CASE_OUTPUTS];
  bool wide;     /* outputs in 16 bits, where the producing role can */
  bool all_wide; /* everything in 16 bits that is no weight */
} LowerCase;

/* The graph of an operator's sample, bound and inferred, all its outputs graph outputs. */
Status lower_case_sample(LowerCase *c, const Op *op, int sample);
/* Writes a spec to every value from what it holds in a float run, and replaces weights, operands and inputs
   by what their codes mean, so that only results are rounded. */
Status lower_case_specs(LowerCase *c);
/* Float run; lower, write, read, run. */
Status lower_case_run(LowerCase *c);
/* Largest difference of output i from its reference, in steps of its scale (or absolute where it has none).
 */
double lower_case_error(const LowerCase *c, int output);
void lower_case_free(LowerCase *c);

/* An 8-bit spec that covers low..high and 0. */
const QuantSpec *lower_case_range(Graph *graph, double low, double high, int bits);
/* A spec without scales. */
const QuantSpec *lower_case_kind(Graph *graph, QuantKind kind);

#endif
