/*
 * samples.h - where samples come from, and how many runners share them.
 *
 * A SampleReader is plugged in by cmd: jobs know nothing of files. Samples are read in blocks and in order by
 * one thread and computed by all; what a body gets is one sample at a time, so results depend neither on
 * blocks nor on threads, and memory does not grow with the number of samples.
 */
#ifndef INTERPRETER_SAMPLES_H
#define INTERPRETER_SAMPLES_H

#include "interpreter/interpreter.h"

typedef struct SampleReader {
  void *context;
  int64_t count;       /* samples there are; at least 1 */
  int input_count;     /* as many as the model's inputs, in their order */
  const Tensor *forms; /* type and shape of each input for one sample; data unused */
  /* Goes (back) to sample `index`. */
  Status (*seek)(void *context, int64_t index, Error *err);
  /* Reads the next `count` samples: buffers[i] gets `count` samples of input i behind one another. */
  Status (*read)(void *context, int64_t count, void *const *buffers, Error *err);
} SampleReader;

/* Does sample `index` on `worker`; `inputs` lives during the call. */
typedef Status (*SampleBody)(void *context, int64_t index, int worker, const Tensor *const *inputs,
                             Error *err);

/* Progress: called from one thread after each block; may be NULL. */
typedef void (*SampleProgress)(void *context, int64_t done, int64_t total);

/* Runs `body` on samples from..from+count-1. `pool` may be NULL. */
Status samples_for(const SampleReader *reader, int64_t from, int64_t count, Pool *pool, SampleBody body,
                   void *context, SampleProgress progress, void *progress_context, Error *err);

#endif
