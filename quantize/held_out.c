#include "quantize/held_out.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REFERENCE_MOST (INT64_C(1) << 24) /* numbers that are kept */

static bool is_measured(const Value *value) {
  return value->type == ELEMENT_FLOAT32;
}

static int64_t width_of(const Graph *graph) {
  int64_t width = 0;
  for (int i = 0; i < graph->output_count; i++) {
    const Value *value = graph->outputs[i];
    if (!is_measured(value)) continue;
    int64_t elements = value->has_shape ? shape_elements(&value->shape) : -1;
    if (elements < 0 || width + elements > REFERENCE_MOST) return 0;
    width += elements;
  }
  return width;
}

typedef struct Visit {
  HeldOut *held;
  const Graph *graph;
} Visit;

static Status keep_outputs(void *context, int64_t sample, const Runner *runner, Error *err) {
  const Visit *visit = context;
  float *to = visit->held->reference + sample * visit->held->width;
  (void)err;
  for (int i = 0; i < visit->graph->output_count; i++) {
    const Tensor *tensor = runner_output(runner, i);
    if (!is_measured(visit->graph->outputs[i])) continue;
    memcpy(to, tensor->data, tensor_bytes(tensor));
    to += tensor_elements(tensor);
  }
  return OK;
}

static Status compare_outputs(void *context, int64_t sample, const Runner *runner, Error *err) {
  const Visit *visit = context;
  const float *real = visit->held->reference + sample * visit->held->width;
  double noise = 0;
  (void)err;
  for (int i = 0; i < visit->graph->output_count; i++) {
    const Tensor *tensor = runner_output(runner, i);
    if (!is_measured(visit->graph->outputs[i])) continue;
    int64_t count = tensor_elements(tensor);
    const float *values = tensor->data;
    for (int64_t k = 0; k < count; k++) {
      double error = (double)values[k] - (double)real[k];
      noise += error * error;
    }
    real += count;
  }
  visit->held->noise[sample] = noise;
  return OK;
}

Status held_out_begin(HeldOut *held, Simulator *simulator, int64_t from, int64_t count, Error *err) {
  Visit visit = {held, simulator_graph(simulator)};
  *held = (HeldOut){.from = from, .count = count, .width = width_of(visit.graph)};
  if (held->width == 0) return OK;
  if (held->count > REFERENCE_MOST / held->width) held->count = REFERENCE_MOST / held->width;
  held->reference = calloc((size_t)(held->count * held->width), sizeof *held->reference);
  held->noise = calloc((size_t)held->count, sizeof *held->noise);
  if (held->reference == NULL || held->noise == NULL) {
    held_out_end(held);
    return fail_memory(err);
  }
  SimulationView view = {.end = keep_outputs, .context = &visit};
  Status status = simulator_run(simulator, SIMULATE_REAL, held->from, held->count, &view, err);
  for (int64_t i = 0; i < held->count * held->width; i++)
    held->signal += (double)held->reference[i] * (double)held->reference[i];
  if (status != OK) held_out_end(held);
  return status;
}

Status held_out_measure(HeldOut *held, Simulator *simulator, double *sqnr, Error *err) {
  Visit visit = {held, simulator_graph(simulator)};
  SimulationView view = {.end = compare_outputs, .context = &visit};
  TRY(simulator_run(simulator, SIMULATE_CODES, held->from, held->count, &view, err));
  double noise = 0;
  for (int64_t s = 0; s < held->count; s++) noise += held->noise[s];
  *sqnr = noise == 0 ? INFINITY : 10 * log10(held->signal / noise);
  return OK;
}

void held_out_end(HeldOut *held) {
  free(held->reference);
  free(held->noise);
  *held = (HeldOut){0};
}
