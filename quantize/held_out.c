#include "quantize/held_out.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REFERENCE_MOST (INT64_C(1) << 24) /* numbers that are kept */

/* ---- what is compared ---- */

static bool is_softmax(const Node *node) {
  return node_is(node, "Softmax") || node_is(node, "LogSoftmax");
}

/* Elements of a row of the last axis; 0 where rows are not of that kind. */
static int64_t softmax_row(const Graph *graph, const Node *node) {
  const Shape *shape = &node->inputs[0]->shape;
  bool is_flat = graph_opset(graph, "") < 13; /* from the axis on, all is one row */
  int64_t axis = node_int(node, "axis", is_flat ? 1 : -1);
  if (axis < 0) axis += shape->rank;
  if (axis < 0 || axis >= shape->rank || (!is_flat && axis != shape->rank - 1)) return 0;
  return shape_product(shape, (int)axis, shape->rank);
}

/* The output, or what its Softmax reads. */
static Compared compared_of(const Graph *graph, const Value *output) {
  const Value *value = output;
  while (value->producer != NULL && value->producer->op != NULL && value->producer->op->is_alias)
    value = value->producer->inputs[0];
  const Node *node = value->producer;
  if (node == NULL || !is_softmax(node) || !node->inputs[0]->has_shape) return (Compared){.value = output};
  return (Compared){.value = node->inputs[0], .row = softmax_row(graph, node)};
}

static bool is_compared(const HeldOut *held, const Value *value) {
  for (int i = 0; i < held->compared_count; i++)
    if (held->compared[i].value == value) return true;
  return false;
}

/* A width of 0 where a size is not known or too large. */
static Status find_compared(HeldOut *held, const Graph *graph, Error *err) {
  held->compared = calloc((size_t)graph->output_count + 1, sizeof *held->compared);
  if (held->compared == NULL) return fail_memory(err);
  for (int i = 0; i < graph->output_count; i++) {
    if (graph->outputs[i]->type != ELEMENT_FLOAT32) continue;
    Compared compared = compared_of(graph, graph->outputs[i]);
    if (is_compared(held, compared.value)) continue;
    compared.at = held->width;
    compared.count = compared.value->has_shape ? shape_elements(&compared.value->shape) : -1;
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

static const Compared *find(const HeldOut *held, const Value *value) {
  for (int i = 0; i < held->compared_count; i++)
    if (held->compared[i].value == value) return &held->compared[i];
  return NULL;
}

/* Sum of squares of a - b (b NULL: of a), where the mean of a row may not matter. */
static double power_of(const Compared *compared, const float *a, const float *b) {
  int64_t row = compared->row > 0 ? compared->row : compared->count;
  double power = 0;
  for (int64_t r = 0; r + row <= compared->count && row > 0; r += row) {
    double sum = 0, squares = 0;
    for (int64_t i = r; i < r + row; i++) {
      double x = (double)a[i] - (b == NULL ? 0 : (double)b[i]);
      sum += x;
      squares += x * x;
    }
    power += squares - (compared->row > 0 ? sum * sum / (double)row : 0);
  }
  return fmax(power, 0);
}

static Status keep(void *context, int64_t sample, int worker, const Value *value, const Tensor *tensor,
                   Error *err) {
  HeldOut *held = context;
  const Compared *compared = find(held, value);
  (void)worker;
  (void)err;
  if (compared == NULL || tensor_elements(tensor) != compared->count) return OK;
  float *to = held->reference + sample * held->width + compared->at;
  memcpy(to, tensor->data, tensor_bytes(tensor));
  held->signal[sample] += power_of(compared, to, NULL);
  return OK;
}

static Status compare(void *context, int64_t sample, int worker, const Value *value, const Tensor *tensor,
                      Error *err) {
  HeldOut *held = context;
  const Compared *compared = find(held, value);
  (void)worker;
  (void)err;
  if (compared == NULL || tensor_elements(tensor) != compared->count) return OK;
  const float *real = held->reference + sample * held->width + compared->at;
  held->noise[sample] += power_of(compared, tensor->data, real);
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
