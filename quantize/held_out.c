#include "quantize/held_out.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REFERENCE_MOST (INT64_C(1) << 24) /* numbers that are kept */

/* ---- what is compared ---- */

static bool is_compared(const HeldOut *held, const Value *value) {
  for (int i = 0; i < held->compared_count; i++)
    if (held->compared[i].compared.value == value) return true;
  return false;
}

/* A width of 0 where a size is not known or too large. */
static Status find_compared(HeldOut *held, const Graph *graph, Error *err) {
  held->compared = calloc((size_t)graph->output_count + 1, sizeof *held->compared);
  if (held->compared == NULL) return fail_memory(err);
  for (int i = 0; i < graph->output_count; i++) {
    if (graph->outputs[i]->type != ELEMENT_FLOAT32) continue;
    HeldValue compared = {.compared = compared_of(graph, graph->outputs[i]), .at = held->width};
    const Value *value = compared.compared.value;
    if (is_compared(held, value)) continue;
    compared.count = value->has_shape ? shape_elements(&value->shape) : -1;
    if (compared.count < 0 || held->width + compared.count > REFERENCE_MOST) {
      held->width = 0;
      return OK;
    }
    held->width += compared.count;
    held->compared[held->compared_count++] = compared;
  }
  return OK;
}

/* ---- comparing ---- */

static const HeldValue *find(const HeldOut *held, const Value *value) {
  for (int i = 0; i < held->compared_count; i++)
    if (held->compared[i].compared.value == value) return &held->compared[i];
  return NULL;
}

static Status keep(void *context, int64_t sample, int worker, const Value *value, const Tensor *tensor,
                   Error *err) {
  HeldOut *held = context;
  const HeldValue *compared = find(held, value);
  (void)worker;
  (void)err;
  if (compared == NULL || tensor_elements(tensor) != compared->count) return OK;
  float *to = held->reference + sample * held->width + compared->at;
  memcpy(to, tensor->data, tensor_bytes(tensor));
  held->signal[sample] += compared_power(&compared->compared, to, NULL, compared->count);
  return OK;
}

static Status compare(void *context, int64_t sample, int worker, const Value *value, const Tensor *tensor,
                      Error *err) {
  HeldOut *held = context;
  const HeldValue *compared = find(held, value);
  (void)worker;
  (void)err;
  if (compared == NULL || tensor_elements(tensor) != compared->count) return OK;
  const float *real = held->reference + sample * held->width + compared->at;
  held->noise[sample] += compared_power(&compared->compared, tensor->data, real, compared->count);
  return OK;
}

/* ---- the whole ---- */

static Status take_reference(HeldOut *held, Simulator *simulator, Error *err) {
  if (held->count > REFERENCE_MOST / held->width) held->count = REFERENCE_MOST / held->width;
  held->reference = calloc((size_t)(held->count * held->width), sizeof *held->reference);
  held->signal = calloc((size_t)held->count, sizeof *held->signal);
  held->noise = calloc((size_t)held->count, sizeof *held->noise);
  if (held->reference == NULL || held->signal == NULL || held->noise == NULL) return fail_memory(err);
  SimulationView view = {.after = keep, .context = held};
  return simulator_run(simulator, SIMULATE_REAL, held->from, held->count, &view, err);
}

Status held_out_begin(HeldOut *held, Simulator *simulator, int64_t from, int64_t count, Error *err) {
  *held = (HeldOut){.from = from, .count = count};
  Status status = find_compared(held, simulator_graph(simulator), err);
  if (status == OK && held->width > 0) status = take_reference(held, simulator, err);
  if (status != OK) held_out_end(held);
  return status;
}

Status held_out_measure(HeldOut *held, Simulator *simulator, double *sqnr, Error *err) {
  double signal = 0, noise = 0;
  memset(held->noise, 0, (size_t)held->count * sizeof *held->noise);
  SimulationView view = {.after = compare, .context = held};
  TRY(simulator_run(simulator, SIMULATE_CODES, held->from, held->count, &view, err));
  for (int64_t s = 0; s < held->count; s++) {
    signal += held->signal[s];
    noise += held->noise[s];
  }
  *sqnr = noise == 0 ? INFINITY : 10 * log10(signal / noise);
  return OK;
}

void held_out_end(HeldOut *held) {
  free(held->compared);
  free(held->reference);
  free(held->signal);
  free(held->noise);
  *held = (HeldOut){0};
}
