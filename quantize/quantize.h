/*
 * quantize.h - decides how every value of a graph is represented in integers (QuantSpec), from samples.
 *
 *     QuantizeOptions options = {.method = CALIBRATE_MIN_MAX};
 *     Calibration *calibration;
 *     TRY(calibrate(&calibration, graph, &reader, 0, 256, &options, pool, &err));
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
  X(MSE, "mse", "least squared error of clipping and rounding together")

typedef enum CalibrationMethod {
#define X(name, text, brief) CALIBRATE_##name,
  CALIBRATION_METHODS(X)
#undef X
} CalibrationMethod;

typedef struct QuantizeOptions {
  CalibrationMethod method;
  double percentile;       /* of PERCENTILE: share of values kept, 99.99 */
  bool per_tensor;         /* one scale for a whole weight instead of one a channel */
  bool output_8bit;        /* graph outputs in 8 bits instead of 16 */
  bool no_bias_correction; /* leave the biases as they are */
} QuantizeOptions;

typedef struct Calibration Calibration; /* fixed-size statistics of every activation */

Status calibrate(Calibration **calibration, const Graph *graph, const SampleReader *reader, int64_t from,
                 int64_t count, const QuantizeOptions *options, Pool *pool, SampleProgress progress,
                 void *progress_context, Error *err);
void calibration_free(Calibration *calibration);

/* What quantize_graph() did beyond the specs themselves. */
typedef struct QuantizeReport {
  int integer_nodes, float_nodes, index_nodes;
  int64_t dead_weights; /* that cannot change an output code, stored as zero */
  int dead_channels;
  int constant_tensors; /* activations that never vary */
} QuantizeReport;

/* Writes a QuantSpec to every value; may change constant weights (dead ones become zero). */
Status quantize_graph(Graph *graph, const Calibration *calibration, const QuantizeOptions *options,
                      QuantizeReport *report, Error *err);

#endif
