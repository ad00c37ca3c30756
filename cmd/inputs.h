/*
 * inputs.h - a model's inputs from the data options: files, preprocessing, labels, shapes; plugged into jobs
 * as a SampleReader.
 *
 *     Inputs inputs;
 *     TRY(inputs_begin(&inputs, options, "data", &err));
 *     TRY(inputs_bind_graph(&inputs, graph, &err));        // shapes of the graph's inputs, how samples fit
 * them calibrate(..., &inputs.reader, 0, 256, ...); inputs_close(&inputs);
 */
#ifndef CMD_INPUTS_H
#define CMD_INPUTS_H

#include "cmd/options.h"
#include "formats/data/data.h"
#include "interpreter/samples.h"
#include "verify/verify.h"

/* --data, --scale, --mean, --std, --layout, --shape */
extern const OptionRow inputs_rows[];
/* --labels: of commands that bind inputs with labels */
extern const OptionRow inputs_label_rows[];

#define INPUTS_MAX 64

/* Where one input of the model comes from. */
typedef struct Input {
  DataSource *source; /* NULL: synthetic */
  const char *path;
  int64_t rows;     /* entries of the data's first axis that a sample is */
  bool is_constant; /* the data is one sample, and others have more: it goes with each of them */
  float *scratch;   /* room for a sample, as float32 */
  int64_t *wide;    /* room for a sample, as int64; of integer inputs */
} Input;

typedef struct Inputs {
  int count;
  Input inputs[INPUTS_MAX];
  Tensor forms[INPUTS_MAX]; /* of one sample */
  bool is_synthetic;
  uint64_t seed;
  int64_t position; /* of synthetic samples */
  double synthetic_mean, synthetic_deviation;
  Preprocess preprocess;
  int64_t samples;
  bool takes_sets;     /* set before binding: several files may be given for an input, and `set` says which to
                          read */
  int set, sets;       /* from 0 on; how many there are */
  bool without_labels; /* set before binding: nobody will ask for them */
  int64_t *labels;     /* NULL: none */
  const char *label_path;
  int64_t label_count;
  SampleReader reader;
  /* what the options say */
  const Options *options;
  const char *data_option; /* "data" or "verify-data" */
} Inputs;

/* Looks at the options only; files are opened when the model's inputs are known. */
Status inputs_begin(Inputs *inputs, const Options *options, const char *data_option, Error *err);
/* Opens the files for a graph's inputs, settles the inputs' shapes from --shape and the data, and reads
   labels. Without data the samples are synthetic. The graph must be inferred afterwards. */
Status inputs_bind_graph(Inputs *inputs, Graph *graph, Error *err);
/* The same for a model whose shapes are fixed. */
Status inputs_bind_subject(Inputs *inputs, const Subject *subject, Error *err);
/* Checks the labels against a model whose first output has this shape (NULL: not known): BAD_INPUT for one
   that is no class. Labels that were found, not asked for, are dropped where the output is no vector of
   scores. */
Status inputs_fit_labels(Inputs *inputs, const Shape *scores, Error *err);
void inputs_close(Inputs *inputs);

/* FILE:KEY, unless there is a file of that whole name: the path, and in *key what stands behind, or NULL.
   NULL where memory ran out. */
const char *inputs_split_key(Arena *arena, const char *text, const char **key, Error *err);

#endif
