/*
 * verify.h - what a model lost: candidates are compared with a reference, sample by sample, on the same data.
 *
 *     Subject *subjects[2];
 *     TRY(subject_of_graph(&subjects[0], "model.onnx", graph, workers, &err));     // the reference comes
 * first TRY(subject_of_edge(&subjects[1], "model.edge", &edge_model, workers, &err)); Comparison *comparisons
 * = ...;                                                // one a subject TRY(verify_compare(subjects, 2,
 * &reader, from, count, labels, pool, comparisons, NULL, NULL, &err)); subject_free(subjects[0]); ...
 */
#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H

#include "interpreter/samples.h"
#include "runtime/edge.h"

/* Something that turns inputs into outputs: a graph in the interpreter, a program in the runtime. */
typedef struct Subject Subject;

/* `graph` and `model` must outlive the subject. The name is the caller's too. `memory` is where the program
   lies, if that may leave RAM between its instructions (base/spill.h); or NULL. */
Status subject_of_graph(Subject **subject, const char *name, const Graph *graph, int workers, Error *err);
Status subject_of_edge(Subject **subject, const char *name, const EdgeModel *model, const Arena *memory,
                       int workers, Error *err);
void subject_free(Subject *subject); /* accepts NULL */
const char *subject_name(const Subject *subject);
int subject_output_count(const Subject *subject);
const char *subject_output_name(const Subject *subject, int i);
/* False where it is not wholly known before a run. */
bool subject_output_shape(const Subject *subject, int i, Shape *shape);
/* Type and shape of input i, which is called `name`. BAD_INPUT where a shape is not wholly known. */
Status subject_input(const Subject *subject, int i, const char **name, Tensor *form, Error *err);
int subject_input_count(const Subject *subject);

/* Runs one sample on `worker`. */
Status subject_run(Subject *subject, int worker, const Tensor *const *inputs, Error *err);
/* The last run's output i as real values; valid until the worker's next run. `shape` may be NULL. */
Status subject_output(Subject *subject, int worker, int i, const float **values, int64_t *count, Shape *shape,
                      Error *err);
/* Does output i hold integers or truth values of the model itself? Then this gives them exactly. */
bool subject_output_is_integer(const Subject *subject, int i);
Status subject_output_integers(Subject *subject, int worker, int i, const int64_t **values, int64_t *count,
                               Shape *shape, Error *err);

/* A subject against the first one. All over the same samples. */
typedef struct Comparison {
  int64_t samples;
  bool is_classifier; /* the first output is one vector of at least two scores */
  bool has_labels;
  int64_t right, right5;            /* with labels: label is the highest score, is among the five highest */
  int64_t agreeing;                 /* samples whose highest score is the reference's */
  int64_t newly_wrong, newly_right; /* against the reference, with labels */
  double sqnr; /* dB: 10 log10(sum ref^2 / sum err^2) over all outputs; infinite where equal */
  double cosine;
  double largest_error;
} Comparison;

/* `labels[i]` is the label of sample i of the reader, or labels is NULL. BAD_INPUT for a label out of range
   or subjects whose outputs do not correspond. */
Status verify_compare(Subject *const *subjects, int subject_count, const SampleReader *reader, int64_t from,
                      int64_t count, const int64_t *labels, Pool *pool, Comparison *comparisons,
                      SampleProgress progress, void *progress_context, Error *err);

double comparison_top1(const Comparison *comparison);      /* percent */
double comparison_top5(const Comparison *comparison);      /* percent */
double comparison_agreement(const Comparison *comparison); /* percent */
/* Half the width of the 95% interval of the drop in top-1, in points: of paired samples, normal approximation
   (the variance of newly wrong less newly right). */
double comparison_drop_margin(const Comparison *comparison);

/* How well one tensor inside survived. */
typedef struct LayerError {
  char *name; /* the ONNX value's */
  double sqnr;
} LayerError;

typedef struct LayerErrors {
  LayerError *layers; /* worst first */
  int count;
} LayerErrors;

/* Per-layer SQNR of an edge program against the graph it was made from, over `count` samples. */
Status verify_layers(const Graph *graph, const EdgeModel *model, const Arena *memory,
                     const SampleReader *reader, int64_t from, int64_t count, LayerErrors *errors,
                     Error *err);
void layer_errors_free(LayerErrors *errors);

#endif
