/*
 * quantize.h - decides how every value of a graph is represented in integers (QuantSpec), from samples.
 *
 *     QuantizeOptions options = quantize_defaults();
 *     Calibration *calibration;
 *     TRY(calibrate(&calibration, graph, &reader, 0, 256, &options, pool, NULL, NULL, &err));
 *     TRY(quantize_graph(graph, calibration, &options, &report, &err));
 *     calibration_free(calibration);
 */
#ifndef QUANTIZE_QUANTIZE_H
#define QUANTIZE_QUANTIZE_H

#include "interpreter/samples.h"

/* How an activation's range is chosen from what was seen. */
#define CALIBRATION_METHODS(X)                                                                               \
  X(MIN_MAX, "min-max", "smallest and largest value seen")                                                   \
  X(PERCENTILE, "percentile", "cuts off the outermost values, by count")                                     \
  X(MSE, "mse", "least squared error of clipping and rounding together")                                     \
  X(ENTROPY, "entropy", "least information lost (Kullback-Leibler divergence)")                              \
  X(AUTO, "auto", "for each tensor the one of the others with the least measured error")

typedef enum CalibrationMethod {
#define X(name, text, brief) CALIBRATE_##name,
  CALIBRATION_METHODS(X)
#undef X
} CalibrationMethod;

const char *calibration_method_name(CalibrationMethod method);

/* In what form products read and write their activations. */
typedef enum ActivationForm {
  ACTIVATIONS_8BIT,   /* int8 codes with calibrated ranges */
  ACTIVATIONS_16BIT,  /* int16 codes with room beyond the calibrated ranges */
  ACTIVATIONS_FLOAT,  /* float32: only weights have codes, nothing is calibrated */
  ACTIVATIONS_DYNAMIC /* float32, rounded to int8 for each product while it runs */
} ActivationForm;

typedef struct QuantizeOptions {
  CalibrationMethod method;
  double percentile;   /* of PERCENTILE: percent of the values that are kept, 50..100 */
  bool equal_channels; /* the squared error of a range counts all channels alike, whatever reads them */
  bool per_tensor;     /* one scale for a whole weight instead of one a channel */
  bool output_8bit;    /* graph outputs in 8 bits even where 16 are possible */
  bool sums_8bit;      /* operands of sums in 8 bits even where 16 are possible */
  bool for_file;       /* calibrate() keeps what any method and any later decision may need */
  ActivationForm activations;
  int weight_bits; /* of linear operators' weights: 8 or 4 */
  int group_size;  /* of 4-bit weights with a factor of their own; 0: one scale a channel */
  int outer_bits;  /* of the first and the last linear operator's; 0: like all others */
  Pool *pool;      /* that weights are coded with; NULL: one thread */
} QuantizeOptions;

QuantizeOptions quantize_defaults(void);

typedef struct Calibration Calibration; /* statistics of every activation, of a fixed size */

/* Runs samples from..from+count-1 of the reader. The graph must be bound, inferred and clean. */
Status calibrate(Calibration **calibration, Graph *graph, const SampleReader *reader, int64_t from,
                 int64_t count, const QuantizeOptions *options, Pool *pool, SampleProgress progress,
                 void *progress_context, Error *err);
void calibration_free(Calibration *calibration); /* accepts NULL */
int64_t calibration_samples(const Calibration *calibration);

/* What the codes of an activation do to the values that were seen of it. */
typedef struct TensorDamage {
  double clipped; /* share of the values that lie more than half a step outside the codes, 0..1 */
  double sqnr;    /* dB of the values to the error of clipping and rounding; infinite where there is none */
} TensorDamage;

/* After quantize_graph(): false where the value has no codes of its own or nothing was seen of it.
   `calibration` may be NULL. */
bool calibration_damage(const Calibration *calibration, const Value *value, TensorDamage *damage);

/* What quantize_graph() did beyond the specs themselves. */
typedef struct QuantizeReport {
  int integer_nodes, float_nodes, index_nodes;
  int64_t dead_weights; /* that cannot change an output code: stored as zero */
  int dead_channels;    /* output channels of which all are */
  int constant_tensors; /* activations that were the same number everywhere in all samples */
} QuantizeReport;

/* Writes a QuantSpec to every value; replaces constant weights by copies in which dead ones are zero.
   `calibration` may be NULL where no activation has codes (float_scheme.h). BAD_INPUT naming the tensor where
   a range is not finite or absurdly large. */
Status quantize_graph(Graph *graph, const Calibration *calibration, const QuantizeOptions *options,
                      QuantizeReport *report, Error *err);

/* ---- recovery: less error from the same bits, without labels ---- */

#define EFFORTS(X)                                                                                           \
  X(NONE, "none")                                                                                            \
  X(NORMAL, "normal")                                                                                        \
  X(HIGH, "high")                                                                                            \
  X(MAX, "max")

typedef enum Effort {
#define X(name, text) EFFORT_##name,
  EFFORTS(X)
#undef X
} Effort;

/* X(id, switch, name, effort, help): the methods in the order in which they are tried, and from which effort
   on. The switch is an option of the command line. */
#define RECOVERY_METHODS(X)                                                                                  \
  X(EQUALIZATION, "equalize", "equalization", HIGH,                                                          \
    "channels between two layers are scaled so that their ranges are alike")                                 \
  X(MIGRATION, "migrate", "migration", HIGH,                                                                 \
    "large channels behind a normalization are made smaller, and the weights that read them larger")         \
  X(RANGE_METHOD, "range-method", "range method", NORMAL,                                                    \
    "where no --method is asked for: ranges of activations by other methods than the default")               \
  X(LAYER_SCALES, "layer-scales", "layer scales", NORMAL,                                                    \
    "one scale for a whole weight where that is nearer to it than one a channel")                            \
  X(WEIGHT_SCALES, "weight-scales", "weight scales", NORMAL,                                                 \
    "below 8 bits: scales of weights by least squared error instead of the largest weight")                  \
  X(GPTQ, "gptq", "gptq", HIGH,                                                                              \
    "weights are rounded one after the other, each making up for the errors before it")                      \
  X(ADAROUND, "adaround", "adaround", HIGH,                                                                  \
    "weights are rounded up or down as gradient descent learns, towards the results that the float model's " \
    "layer has")                                                                                             \
  X(RANGES, "ranges", "ranges", HIGH,                                                                        \
    "ranges of activations are taken again, from the network with the weights that it has now")              \
  X(FINE_TUNING, "fine-tuning", "fine-tuning", MAX,                                                          \
    "weights and scales are trained together, towards the float model's outputs")                            \
  X(BIAS_CORRECTION, "bias-correction", "bias correction", NORMAL,                                           \
    "biases take up the mean error of each channel")

typedef enum RecoveryMethodId {
#define X(id, option, name, effort, help) RECOVERY_##id,
  RECOVERY_METHODS(X)
#undef X
      RECOVERY_METHOD_COUNT
} RecoveryMethodId;

/* What is to be trained, for FINE_TUNING: two forms of one graph (fake_form.h), by whose names constants go
   together. */
typedef struct TrainerJob {
  Graph *student;                /* gets the trained constants */
  Graph *twin;                   /* is trained */
  int64_t kept_from, kept_count; /* samples that will judge: they must not be trained on */
  SampleProgress progress;
  void *progress_context;
} TrainerJob;

/* Plugged in by cmd: this folder cannot train. */
typedef struct Trainer {
  Status (*run)(void *context, const TrainerJob *job, Error *err); /* NULL: nobody can */
  void *context;
} Trainer;

/* The effort decides which methods are tried that are not switched off. */
typedef struct RecoveryOptions {
  Effort effort;
  bool without[RECOVERY_METHOD_COUNT];
  bool gptq_from_normal;   /* that method is tried from EFFORT_NORMAL on, too */
  bool keep_ranges;        /* methods that would calibrate again are left out */
  Trainer trainer;         /* of FINE_TUNING, which is left out where there is none */
  SampleProgress progress; /* counts parts of the work; NULL: nobody wants to know */
  void *progress_context;
} RecoveryOptions;

/* What one method was worth. */
typedef struct RecoveryStep {
  const char *method;
  double before, after; /* SQNR of the outputs on held-out samples, in dB; infinite where they are equal */
  bool is_kept;
} RecoveryStep;

typedef struct RecoveryReport {
  int64_t fit_samples, held_samples;
  int step_count;
  RecoveryStep steps[RECOVERY_METHOD_COUNT];
  const char *skipped; /* why nothing was tried; NULL where something was or nothing was wanted */
} RecoveryReport;

/* Improves weights, biases and scales of a graph that quantize_graph() has given specs. Methods are fitted to
   the first of the samples from..from+count-1 and judged on the last: each is kept only if the error of the
   outputs is smaller there. `settings` and `calibration` must be those that quantize_graph() got; another one
   takes its place where a kept method changed what tensors hold. The result does not depend on the pool. */
Status quantize_recover(Graph *graph, Calibration **calibration, const SampleReader *reader, int64_t from,
                        int64_t count, const QuantizeOptions *settings, const RecoveryOptions *options,
                        Pool *pool, RecoveryReport *report, Error *err);

#endif
