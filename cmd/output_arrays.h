/*
 * output_arrays.h - the outputs of a model for many samples, as .npy files: one an output, first axis =
 * samples. Samples are computed in blocks by all threads and written in order, so memory does not grow with
 * their number.
 *
 *     OutputArrays arrays;
 *     TRY(output_arrays_plan(&arrays, subject, "out.npy", force, &err));   // names, checked
 *     TRY(output_arrays_write(&arrays, &reader, from, count, pool, NULL, NULL, &err));
 *     output_arrays_free(&arrays);                                         // on failure nothing is left
 */
#ifndef CMD_OUTPUT_ARRAYS_H
#define CMD_OUTPUT_ARRAYS_H

#include "formats/data/data.h"
#include "verify/verify.h"

typedef struct OutputArray {
  const char *path;
  bool is_integer;
  bool has_shape; /* from the first sample on */
  Shape shape;    /* of one sample's output */
  NpyWriter *writer;
} OutputArray;

typedef struct OutputArrays {
  Arena arena;
  Subject *subject;
  OutputArray *arrays;
  int count;
  int64_t samples;
} OutputArrays;

/* One output goes to `path`; of several each gets a file with its name in front of the extension:
   out.npy becomes out.scores.npy. BAD_USAGE where one would overwrite what is no .npy file. */
Status output_arrays_plan(OutputArrays *arrays, Subject *subject, const char *path, bool forced, Error *err);
/* Runs samples from..from+count-1 on `pool` and writes all files. BAD_INPUT where an output's shape changes
   from sample to sample. */
Status output_arrays_write(OutputArrays *arrays, const SampleReader *reader, int64_t from, int64_t count,
                           Pool *pool, SampleProgress progress, void *progress_context, Error *err);
void output_arrays_free(OutputArrays *arrays);

/* The shape of array i: samples first, then the output's own without a batch dimension of 1. `dims` has
   GRAPH_MAX_RANK + 1. */
int output_array_dims(const OutputArrays *arrays, int i, int64_t *dims);

#endif
