#include "quantize/sensitivity.h"

#include "quantize/rounding.h"
#include "quantize/units.h"

#include <stdlib.h>
#include <string.h>

typedef struct Measurement {
  Graph *graph;
  DamageMeter *meter;
  bool *is_rounded; /* by value, of this run */
  Unit *units;      /* beside the layers */
  SampleProgress progress;
  void *progress_context;
  int64_t done, runs;
} Measurement;

static Status find_layers(Sensitivity *s, Measurement *m, Error *err) {
  TRY(units_find(m->graph, m->units, &s->count, err));
  for (int l = 0; l < s->count; l++) {
    const Unit *unit = &m->units[l];
    s->layers[l] =
        (LayerSensitivity){.name = unit->node != NULL ? unit->node->name : unit->first->name,
                           .type = unit->node != NULL ? unit->node->type : "input",
                           .weights = unit->weight != NULL ? tensor_elements(unit->weight->constant) : 0};
  }
  return OK;
}

/* ---- a run of the samples ---- */

static Status run(Measurement *m, Damage *damage, Error *err) {
  TRY(damage_measure(m->meter, m->is_rounded, damage, err));
  if (m->progress != NULL) m->progress(m->progress_context, ++m->done, m->runs);
  return OK;
}

/* With the layer's weights in `bits`, and back. */
static Status run_layer(Measurement *m, const Unit *unit, int bits, Damage *damage, Error *err) {
  Arena arena = {0};
  const Tensor *kept = unit->weight != NULL ? unit->weight->constant : NULL;
  Tensor *coded = NULL;
  memset(m->is_rounded, 0, (size_t)m->graph->value_count * sizeof *m->is_rounded);
  unit_mark(unit, m->is_rounded);
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
    unit_mark(&m->units[l], m->is_rounded);
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
  m->runs = s->count + 1;
  for (int l = 0; l < s->count; l++) m->runs += s->layers[l].weights > 0;
  for (int l = 0; l < s->count; l++) {
    TRY(run_layer(m, &m->units[l], 8, &s->layers[l].at8, err));
    if (s->layers[l].weights > 0) TRY(run_layer(m, &m->units[l], 4, &s->layers[l].at4, err));
  }
  return run_all(m, s, &s->all8, err);
}

/* ---- the whole ---- */

static Status prepare(Measurement *m, Sensitivity *s, Error *err) {
  size_t rows = (size_t)(m->graph->node_count + m->graph->input_count) + 1;
  m->units = calloc(rows, sizeof *m->units);
  s->layers = calloc(rows, sizeof *s->layers);
  m->is_rounded = calloc((size_t)m->graph->value_count + 1, sizeof *m->is_rounded);
  if (m->units == NULL || s->layers == NULL || m->is_rounded == NULL) return fail_memory(err);
  return find_layers(s, m, err);
}

static void release(Measurement *m) {
  damage_meter_free(m->meter);
  free(m->is_rounded);
  free(m->units);
}

Status sensitivity_measure(Sensitivity *sensitivity, Graph *graph, const SampleReader *reader, int64_t from,
                           int64_t count, Pool *pool, SampleProgress progress, void *progress_context,
                           Error *err) {
  Measurement m = {.graph = graph, .progress = progress, .progress_context = progress_context};
  *sensitivity = (Sensitivity){.samples = count};
  Status status = prepare(&m, sensitivity, err);
  if (status == OK) status = damage_meter_new(&m.meter, graph, reader, from, count, pool, err);
  if (status == OK) status = run_layers(&m, sensitivity, err);
  if (status == OK) sensitivity->is_classifier = damage_is_classifier(m.meter);
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
