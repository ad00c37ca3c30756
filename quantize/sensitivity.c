#include "quantize/sensitivity.h"

#include "quantize/rounding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What one layer rounds. */
typedef struct Unit {
  Value *weight; /* NULL: none */
  int axis;
  Value *first; /* output of its node; those fused behind it follow */
} Unit;

/* Of one sample. */
typedef struct Contribution {
  double signal, noise;
  int64_t highest;
} Contribution;

typedef struct Measurement {
  Graph *graph;
  const SampleReader *reader;
  int64_t from, count;
  Pool *pool;
  Interpreter *interpreter;
  Runner **runners; /* by worker */
  bool *is_rounded; /* by value, of this run */
  Unit *units;      /* beside the layers */
  float **expected; /* by sample and output: the float model's */
  bool is_reference;
  bool is_classifier;
  Contribution *contributions; /* by sample */
  int64_t *highest;            /* of the float model, by sample */
  SampleProgress progress;
  void *progress_context;
  int64_t done, runs;
} Measurement;

/* ---- layers ---- */

static bool has_codes(const Value *value) {
  return value != NULL && value->spec != NULL && value->spec->scale_count == 1 &&
         (value->spec->kind == QUANT_INTEGER || value->spec->kind == QUANT_INTERNAL);
}

static bool is_inside(const Value *value) {
  return value != NULL && value->spec != NULL && value->spec->kind == QUANT_INTERNAL;
}

/* Is it a function that is part of the instruction before it? */
static bool is_fused(const Node *node) {
  for (int i = 0; i < node->input_count; i++)
    if (is_inside(node->inputs[i])) return true;
  return false;
}

static bool is_layer(const Node *node) {
  OpRole role = op_role(node, NULL);
  if (role == ROLE_FLOAT || role == ROLE_INDEX || role == ROLE_VIEW || role == ROLE_SAME_SCALE) return false;
  return node->float_reason == NULL && !is_fused(node) &&
         (has_codes(node->outputs[0]) || is_inside(node->outputs[0]));
}

static Status find_weight(const Node *node, Unit *unit, Error *err) {
  if (op_role(node, NULL) != ROLE_LINEAR || node->op->linear == NULL) return OK;
  LinearForm form;
  TRY(node->op->linear(node, &form, err));
  Value *weight = node->inputs[form.weight];
  if (weight->constant == NULL || weight->constant->type != ELEMENT_FLOAT32 || weight->spec == NULL ||
      weight->spec->kind != QUANT_INTEGER)
    return OK;
  unit->weight = weight;
  unit->axis = form.channel_axis;
  return OK;
}

static Status add_layer(Sensitivity *s, Measurement *m, const Node *node, Error *err) {
  Unit *unit = &m->units[s->count];
  LayerSensitivity *layer = &s->layers[s->count];
  *unit = (Unit){.first = node->outputs[0]};
  TRY(find_weight(node, unit, err));
  *layer = (LayerSensitivity){.name = node->name, .type = node->type};
  if (unit->weight != NULL) layer->weights = tensor_elements(unit->weight->constant);
  s->count++;
  return OK;
}

static Status find_layers(Sensitivity *s, Measurement *m, Error *err) {
  const Graph *graph = m->graph;
  for (int i = 0; i < graph->input_count; i++) {
    if (!has_codes(graph->inputs[i])) continue;
    m->units[s->count] = (Unit){.first = graph->inputs[i]};
    s->layers[s->count++] = (LayerSensitivity){.name = graph->inputs[i]->name, .type = "input"};
  }
  for (int n = 0; n < graph->node_count; n++)
    if (is_layer(graph->nodes[n])) TRY(add_layer(s, m, graph->nodes[n], err));
  return OK;
}

static void mark(Measurement *m, const Unit *unit) {
  for (const Value *value = unit->first; value != NULL;) {
    if (has_codes(value)) m->is_rounded[value->index] = true;
    value = is_inside(value) && value->user_count == 1 ? value->users[0]->outputs[0] : NULL;
  }
}

/* ---- a run of the samples ---- */

static Status see(void *context, const Value *value, const Tensor *tensor, Error *err) {
  (void)err;
  const Measurement *m = context;
  if (m->is_rounded[value->index] && tensor->type == ELEMENT_FLOAT32)
    round_activation(value->spec, tensor->data, tensor_elements(tensor));
  return OK;
}

static Status keep_expected(Measurement *m, int64_t sample, int o, const Tensor *tensor, Error *err) {
  float *copy = bytes_new((size_t)tensor_elements(tensor) * sizeof(float), err);
  if (copy == NULL) return err->status;
  for (int64_t i = 0; i < tensor_elements(tensor); i++) copy[i] = (float)tensor_get(tensor, i);
  m->expected[sample * m->graph->output_count + o] = copy;
  return OK;
}

static void compare_output(const Measurement *m, int64_t sample, int o, const Tensor *tensor) {
  const float *expected = m->expected[sample * m->graph->output_count + o];
  Contribution *sum = &m->contributions[sample];
  int64_t count = tensor_elements(tensor);
  double highest = -INFINITY;
  for (int64_t i = 0; i < count; i++) {
    double value = tensor_get(tensor, i), difference = value - (double)expected[i];
    sum->signal += (double)expected[i] * (double)expected[i];
    sum->noise += difference * difference;
    if (o > 0 || value <= highest) continue;
    highest = value;
    sum->highest = i;
  }
}

static Status run_sample(void *context, int64_t index, int worker, const Tensor *const *inputs, Error *err) {
  Measurement *m = context;
  int64_t sample = index - m->from;
  Observer observer = {.see = see, .context = m, .rewrites = true};
  m->contributions[sample] = (Contribution){0};
  TRY(runner_run(m->runners[worker], inputs, m->is_reference ? NULL : &observer, err));
  for (int o = 0; o < m->graph->output_count; o++) {
    const Tensor *output = runner_output(m->runners[worker], o);
    if (m->is_reference) TRY(keep_expected(m, sample, o, output, err));
    compare_output(m, sample, o, output);
  }
  return OK;
}

static Status run(Measurement *m, Damage *damage, Error *err) {
  double signal = 0, noise = 0;
  TRY(samples_for(m->reader, m->from, m->count, m->pool, run_sample, m, NULL, NULL, err));
  *damage = (Damage){0};
  for (int64_t i = 0; i < m->count; i++) {
    signal += m->contributions[i].signal;
    noise += m->contributions[i].noise;
    if (m->is_reference) m->highest[i] = m->contributions[i].highest;
    damage->agreeing += m->contributions[i].highest == m->highest[i];
  }
  damage->noise = signal > 0 ? noise / signal : noise > 0 ? INFINITY : 0;
  damage->sqnr = damage->noise > 0 ? -10 * log10(damage->noise) : INFINITY;
  if (m->progress != NULL) m->progress(m->progress_context, ++m->done, m->runs);
  return OK;
}

/* With the layer's weights in `bits`, and back. */
static Status run_layer(Measurement *m, const Unit *unit, int bits, Damage *damage, Error *err) {
  Arena arena = {0};
  const Tensor *kept = unit->weight != NULL ? unit->weight->constant : NULL;
  Tensor *coded = NULL;
  memset(m->is_rounded, 0, (size_t)m->graph->value_count * sizeof *m->is_rounded);
  mark(m, unit);
  if (kept != NULL) {
    coded = bits == 4 ? round_weight(kept, unit->axis, bits, &arena, err)
                      : round_weight_to(kept, unit->weight->spec, &arena, err);
    if (coded == NULL) return err->status;
    unit->weight->constant = coded;
  }
  Status status = run(m, damage, err);
  if (kept != NULL) unit->weight->constant = kept;
  arena_free(&arena);
  return status;
}

/* Weights that layers share are rounded once; all are put back. */
static Status run_all(Measurement *m, const Sensitivity *s, Damage *damage, Error *err) {
  Arena arena = {0};
  Status status = OK;
  const Tensor **kept = arena_new(&arena, (size_t)m->graph->value_count, sizeof *kept, err);
  if (kept == NULL) return err->status;
  memset(m->is_rounded, 0, (size_t)m->graph->value_count * sizeof *m->is_rounded);
  for (int l = 0; l < s->count && status == OK; l++) {
    Value *weight = m->units[l].weight;
    mark(m, &m->units[l]);
    if (weight == NULL || kept[weight->index] != NULL) continue;
    Tensor *coded = round_weight_to(weight->constant, weight->spec, &arena, err);
    if (coded == NULL) status = err->status;
    if (coded == NULL) break;
    kept[weight->index] = weight->constant;
    weight->constant = coded;
  }
  if (status == OK) status = run(m, damage, err);
  for (int v = 0; v < m->graph->value_count; v++)
    if (kept[v] != NULL) m->graph->values[v]->constant = kept[v];
  arena_free(&arena);
  return status;
}

static Status run_layers(Measurement *m, Sensitivity *s, Error *err) {
  Damage none;
  m->runs = s->count + 2;
  for (int l = 0; l < s->count; l++) m->runs += s->layers[l].weights > 0;
  m->is_reference = true;
  TRY(run(m, &none, err));
  m->is_reference = false;
  for (int l = 0; l < s->count; l++) {
    TRY(run_layer(m, &m->units[l], 8, &s->layers[l].at8, err));
    if (s->layers[l].weights > 0) TRY(run_layer(m, &m->units[l], 4, &s->layers[l].at4, err));
  }
  return run_all(m, s, &s->all8, err);
}

/* ---- the whole ---- */

static void find_classifier(Measurement *m) {
  const Value *scores = m->graph->output_count > 0 ? m->graph->outputs[0] : NULL;
  int vectors = 0;
  for (int d = 0; scores != NULL && scores->has_shape && d < scores->shape.rank; d++)
    vectors += scores->shape.dims[d] != 1;
  m->is_classifier = vectors == 1;
}

static Status prepare(Measurement *m, Sensitivity *s, Error *err) {
  size_t rows = (size_t)(m->graph->node_count + m->graph->input_count) + 1, samples = (size_t)m->count + 1;
  m->units = calloc(rows, sizeof *m->units);
  s->layers = calloc(rows, sizeof *s->layers);
  m->is_rounded = calloc((size_t)m->graph->value_count + 1, sizeof *m->is_rounded);
  m->contributions = calloc(samples, sizeof *m->contributions);
  m->highest = calloc(samples, sizeof *m->highest);
  m->expected = calloc(samples * ((size_t)m->graph->output_count + 1), sizeof *m->expected);
  m->runners = calloc((size_t)pool_workers(m->pool), sizeof *m->runners);
  if (m->units == NULL || s->layers == NULL || m->is_rounded == NULL || m->contributions == NULL ||
      m->highest == NULL || m->expected == NULL || m->runners == NULL)
    return fail_memory(err);
  TRY(interpreter_new(&m->interpreter, m->graph, err));
  for (int w = 0; w < pool_workers(m->pool); w++) TRY(runner_new(&m->runners[w], m->interpreter, err));
  find_classifier(m);
  return find_layers(s, m, err);
}

static void release(Measurement *m) {
  for (int w = 0; m->runners != NULL && w < pool_workers(m->pool); w++) runner_free(m->runners[w]);
  for (int64_t i = 0; m->expected != NULL && i < m->count * m->graph->output_count; i++)
    bytes_free(m->expected[i]);
  interpreter_free(m->interpreter);
  free(m->runners);
  free(m->expected);
  free(m->highest);
  free(m->contributions);
  free(m->is_rounded);
  free(m->units);
}

Status sensitivity_measure(Sensitivity *sensitivity, Graph *graph, const SampleReader *reader, int64_t from,
                           int64_t count, Pool *pool, SampleProgress progress, void *progress_context,
                           Error *err) {
  Measurement m = {.graph = graph,
                   .reader = reader,
                   .from = from,
                   .count = count,
                   .pool = pool,
                   .progress = progress,
                   .progress_context = progress_context};
  *sensitivity = (Sensitivity){.samples = count};
  Status status = prepare(&m, sensitivity, err);
  if (status == OK) status = run_layers(&m, sensitivity, err);
  sensitivity->is_classifier = m.is_classifier;
  release(&m);
  if (status != OK)
    sensitivity_free(sensitivity);
  else
    sensitivity_rank(sensitivity, 8);
  return status;
}

void sensitivity_free(Sensitivity *sensitivity) {
  free(sensitivity->layers);
  *sensitivity = (Sensitivity){0};
}

static int by_noise(double a, double b, const LayerSensitivity *left, const LayerSensitivity *right) {
  if (a != b) return a > b ? -1 : 1;
  return strcmp(left->name, right->name);
}

static int worse_at8(const void *a, const void *b) {
  const LayerSensitivity *left = a, *right = b;
  return by_noise(left->at8.noise, right->at8.noise, left, right);
}

static int worse_at4(const void *a, const void *b) {
  const LayerSensitivity *left = a, *right = b;
  if ((left->weights > 0) != (right->weights > 0)) return left->weights > 0 ? -1 : 1;
  return by_noise(left->at4.noise, right->at4.noise, left, right);
}

void sensitivity_rank(Sensitivity *sensitivity, int bits) {
  if (sensitivity->count > 0)
    qsort(sensitivity->layers, (size_t)sensitivity->count, sizeof *sensitivity->layers,
          bits == 4 ? worse_at4 : worse_at8);
}
