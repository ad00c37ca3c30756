/*
 * synthetic.h - samples for a model when there is no data: seeded, shaped by what the model itself tells of
 * its inputs. Nothing measured on them says how the model does on real data; whoever uses them says so aloud.
 */
#ifndef CMD_SYNTHETIC_H
#define CMD_SYNTHETIC_H

#include "cmd/inputs.h"

#define SYNTHETIC_SAMPLES 320 /* 256 calibrate; what 64 more say of made-up inputs is enough */

/* Sets the mean and deviation of the samples: those that make the first convolution or product behave as the
   running statistics of the BatchNormalization behind it say; 0 and 1 where there is none. */
void synthetic_fit(Inputs *inputs, const Graph *graph);

/* Fills `count` samples of input i from inputs->position on. Float inputs: normal noise, smooth along the
   last two axes of pictures as pictures are; integers: uniform in 0..1. */
void synthetic_fill(const Inputs *inputs, int i, int64_t count, void *buffer);

#endif
