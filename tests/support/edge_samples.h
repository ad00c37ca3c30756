/*
 * edge_samples.h - a small program for every opcode, to test that files with it load, run and give the same
 * bytes everywhere, and to begin fuzzing from.
 */
#ifndef TESTS_SUPPORT_EDGE_SAMPLES_H
#define TESTS_SUPPORT_EDGE_SAMPLES_H

#include "tests/support/edge_builder.h"

typedef struct EdgeSample {
  const char *name; /* the opcode's */
  EdgeOpcode opcode;
  void (*build)(EdgeBuilder *b); /* b is all zero */
} EdgeSample;

extern const EdgeSample edge_samples[];
extern const int edge_sample_count;

#endif
