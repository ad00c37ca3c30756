#include "quantize/simulate.h"

#include "quantize/rounding.h"

#include <math.h>
#include <stdlib.h>

/* A constant in codes, and what it was made from. */
typedef struct Coded {
  const Tensor *from;
  const QuantSpec *spec, *data, *weight;
  Tensor *tensor;
  bool is_of_layer; /* weight or bias */
} Coded;

struct Simulator {
  Graph *graph;
  const Layers *layers;
  const SampleReader *reader;
  Pool *pool;
  Interpreter *interpreter;
  Runner **runners;       /* by worker */
  const Tensor **real;    /* by value: the constants at first; NULL for the others */
  const Tensor **current; /* by value: those of the graph while a run has put others there */
  Coded *coded;           /* by value */
  /* of the run: */
  SimulatedAs as;
  int64_t from;
  const SimulationView *view;
};

/* ---- constants in codes ---- */

static void code_bias(const Layer *layer, Tensor *tensor) {
  for (int64_t o = 0; layer->has_rows && o < layer->outputs; o++) {
    double unit =
        (double)layer->data->spec->scales[0] * layer_scale(layer, o) * layer->factor / layer->bias_factor;
    tensor_set(tensor, o, rint(tensor_get(tensor, o) / unit) * unit);
  }
}

/* A copy of the value's constant to be rounded; NULL in *tensor where the one there is still holds. */
static Status begin_code(Simulator *s, const Value *value, const Layer *layer, Tensor **tensor, Error *err) {
  Coded *coded = &s->coded[value->index];
  const QuantSpec *data = layer == NULL ? NULL : layer->data->spec,
                  *weight = layer == NULL ? NULL : layer->weight->spec;
  *tensor = NULL;
  if (coded->from == value->constant && coded->spec == value->spec && coded->data == data &&
      coded->weight == weight)
    return OK;
  if (coded->tensor == NULL)
    coded->tensor = tensor_new(&s->graph->arena, ELEMENT_FLOAT32, &value->constant->shape, err);
  if (coded->tensor == NULL) return err->status;
  *tensor = coded->tensor;
  *coded = (Coded){value->constant, value->spec, data, weight, coded->tensor, coded->is_of_layer};
  float *values = coded->tensor->data;
  int64_t count = tensor_elements(coded->tensor);
  for (int64_t i = 0; i < count; i++) values[i] = (float)tensor_get(value->constant, i);
  return OK;
}

static bool is_operand(const Value *value) {
  return value->constant != NULL && value->constant->type == ELEMENT_FLOAT32 && value->spec != NULL &&
         value->spec->kind == QUANT_INTEGER && value->spec->bits != 32 && value->spec->scale_count > 0;
}

static Status make_codes(Simulator *s, Error *err) {
  Tensor *tensor;
  for (int l = 0; l < s->layers->count; l++) {
    const Layer *layer = &s->layers->layers[l];
    TRY(begin_code(s, layer->weight, NULL, &tensor, err));
    if (tensor != NULL) round_weight_in_place(layer->weight->spec, tensor);
    if (layer->bias == NULL) continue;
    TRY(begin_code(s, layer->bias, layer, &tensor, err));
    if (tensor != NULL) code_bias(layer, tensor);
  }
  for (int v = 0; v < s->graph->value_count; v++) {
    const Value *value = s->graph->values[v];
    if (!is_operand(value) || s->coded[v].is_of_layer) continue;
    TRY(begin_code(s, value, NULL, &tensor, err));
    if (tensor != NULL && (value->spec->group_size > 0 || value->spec->axis >= 0))
      round_weight_in_place(value->spec, tensor); /* no layer: see layers.h; or a table */
    else if (tensor != NULL)
      round_activation(value->spec, tensor->data, tensor_elements(tensor));
  }
  return OK;
}

/* The constants of this kind of run take the place of the graph's. */
static void enter(Simulator *s) {
  for (int v = 0; v < s->graph->value_count; v++) {
    Value *value = s->graph->values[v];
    s->current[v] = value->constant;
    if (value->constant == NULL) continue;
    if (s->as != SIMULATE_CODES)
      value->constant = s->real[v];
    else if (s->coded[v].tensor != NULL)
      value->constant = s->coded[v].tensor;
  }
}

static void leave(Simulator *s) {
  for (int v = 0; v < s->graph->value_count; v++) s->graph->values[v]->constant = s->current[v];
}

/* ---- runs ---- */

typedef struct Sight {
  Simulator *simulator;
  int64_t sample;
  int worker;
} Sight;

static bool is_rounded(const Simulator *s, const Value *value, const Tensor *tensor) {
  const QuantSpec *spec = value->spec;
  return s->as != SIMULATE_REAL && tensor->type == ELEMENT_FLOAT32 && spec != NULL &&
         spec->scale_count == 1 && (spec->kind == QUANT_INTEGER || spec->kind == QUANT_INTERNAL);
}

static Status see(void *context, const Value *value, const Tensor *tensor, Error *err) {
  const Sight *sight = context;
  const SimulationView *view = sight->simulator->view;
  if (view->before != NULL)
    TRY(view->before(view->context, sight->sample, sight->worker, value, tensor, err));
  if (is_rounded(sight->simulator, value, tensor))
    round_activation(value->spec, tensor->data, tensor_elements(tensor));
  if (view->after == NULL) return OK;
  return view->after(view->context, sight->sample, sight->worker, value, tensor, err);
}

static Status run_sample(void *context, int64_t index, int worker, const Tensor *const *inputs, Error *err) {
  Simulator *s = context;
  Sight sight = {s, index - s->from, worker};
  Observer observer = {.see = see, .context = &sight, .rewrites = s->as != SIMULATE_REAL};
  TRY(runner_run(s->runners[worker], inputs, &observer, err));
  if (s->view->end == NULL) return OK;
  return s->view->end(s->view->context, sight.sample, s->runners[worker], err);
}

Status simulator_run(Simulator *simulator, SimulatedAs as, int64_t from, int64_t count,
                     const SimulationView *view, Error *err) {
  simulator->as = as;
  simulator->from = from;
  simulator->view = view;
  if (as == SIMULATE_CODES) TRY(make_codes(simulator, err));
  enter(simulator);
  Status status =
      samples_for(simulator->reader, from, count, simulator->pool, run_sample, simulator, NULL, NULL, err);
  leave(simulator);
  return status;
}

/* ---- the simulator ---- */

static Status prepare(Simulator *s, Error *err) {
  size_t values = (size_t)s->graph->value_count + 1;
  s->real = calloc(values, sizeof *s->real);
  s->current = calloc(values, sizeof *s->current);
  s->coded = calloc(values, sizeof *s->coded);
  s->runners = calloc((size_t)pool_workers(s->pool), sizeof *s->runners);
  if (s->real == NULL || s->current == NULL || s->coded == NULL || s->runners == NULL)
    return fail_memory(err);
  simulator_rebase(s);
  for (int l = 0; l < s->layers->count; l++) {
    const Layer *layer = &s->layers->layers[l];
    s->coded[layer->weight->index].is_of_layer = true;
    if (layer->bias != NULL) s->coded[layer->bias->index].is_of_layer = true;
  }
  TRY(interpreter_new(&s->interpreter, s->graph, err));
  for (int w = 0; w < pool_workers(s->pool); w++) TRY(runner_new(&s->runners[w], s->interpreter, err));
  return OK;
}

Status simulator_new(Simulator **simulator, Graph *graph, const Layers *layers, const SampleReader *reader,
                     Pool *pool, Error *err) {
  Simulator *made = *simulator = calloc(1, sizeof *made);
  if (made == NULL) return fail_memory(err);
  made->graph = graph;
  made->layers = layers;
  made->reader = reader;
  made->pool = pool;
  Status status = prepare(made, err);
  if (status == OK) return OK;
  simulator_free(made);
  *simulator = NULL;
  return status;
}

void simulator_free(Simulator *simulator) {
  if (simulator == NULL) return;
  for (int w = 0; simulator->runners != NULL && w < pool_workers(simulator->pool); w++)
    runner_free(simulator->runners[w]);
  interpreter_free(simulator->interpreter);
  free(simulator->runners);
  free(simulator->real);
  free(simulator->current);
  free(simulator->coded);
  free(simulator);
}

void simulator_rebase(Simulator *simulator) {
  for (int v = 0; v < simulator->graph->value_count; v++)
    simulator->real[v] = simulator->graph->values[v]->constant;
}

const Tensor *simulator_real(const Simulator *simulator, const Value *value) {
  return simulator->real[value->index];
}

Graph *simulator_graph(const Simulator *simulator) {
  return simulator->graph;
}

Pool *simulator_pool(const Simulator *simulator) {
  return simulator->pool;
}
