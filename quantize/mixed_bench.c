#include "quantize/mixed_bench.h"

#include "quantize/graph_state.h"
#include "quantize/layers.h"
#include "quantize/rounding.h"

#include <stdlib.h>
#include <string.h>

#define FLOAT_BITS 32

struct MixedBench {
  Mixed *mixed;
  Graph *graph;
  const Calibration *calibration;
  MixedSettings settings;
  const SampleReader *reader;
  Pool *pool;
  DamageMeter *meter;
  GraphState real;                         /* before anything was quantized */
  GraphState states[MIXED_MAX_CANDIDATES]; /* without values: the state is not made, as of float */
  Unit *units;
  int unit_count;
  int *layer_of; /* by unit; -1: it has no weights to choose */
  bool *is_rounded;
};

/* ---- states ---- */

static QuantizeOptions options_of(const MixedBench *b, const MixedCandidate *candidate) {
  QuantizeOptions options = b->settings.quantize;
  options.weight_bits = candidate->weight_bits;
  options.group_size = candidate->group;
  options.activations = candidate->activations;
  return options;
}

/* Once, so that all states have the same values: quantization may split constants, recovery adds biases. */
static Status settle_values(MixedBench *b, Error *err) {
  QuantizeReport report;
  Layers layers;
  GraphState first;
  QuantizeOptions options = options_of(b, &b->mixed->candidates[0]);
  TRY(graph_state_keep(&first, b->graph, &b->mixed->arena, err));
  TRY(quantize_graph(b->graph, b->calibration, &options, &report, err));
  TRY(layers_find(&layers, b->graph, err));
  layers_free(&layers);
  graph_state_restore(&first, b->graph);
  return graph_state_keep(&b->real, b->graph, &b->mixed->arena, err);
}

/* Only what weights are made of, each layer for itself, so that layers of different states fit together:
   ranges stay, and no layer makes up for the errors of those before it. */
static Status recover_weights(MixedBench *b, const QuantizeOptions *options, Error *err) {
  RecoveryOptions recovery = b->settings.recovery;
  RecoveryReport report;
  Calibration *calibration =
      (Calibration *)(uintptr_t)b->calibration; /* equalization alone would change it */
  recovery.without[RECOVERY_EQUALIZATION] = recovery.without[RECOVERY_ADAROUND] = true;
  recovery.without[RECOVERY_BIAS_CORRECTION] = recovery.without[RECOVERY_RANGES] =
      recovery.without[RECOVERY_RANGE_METHOD] = true;
  return quantize_recover(b->graph, &calibration, b->reader, 0, b->settings.samples, options, &recovery,
                          b->pool, &report, err);
}

static Status make_state(MixedBench *b, int k, bool with_recovery, Error *err) {
  QuantizeReport report;
  QuantizeOptions options = options_of(b, &b->mixed->candidates[k]);
  graph_state_restore(&b->real, b->graph);
  TRY(quantize_graph(b->graph, b->calibration, &options, &report, err));
  if (with_recovery) TRY(recover_weights(b, &options, err));
  return graph_state_keep(&b->states[k], b->graph, &b->mixed->arena, err);
}

/* ---- layers and their options ---- */

static int layer_with(const MixedBench *b, const Value *weight, int units) {
  for (int u = 0; u < units; u++)
    if (b->units[u].weight == weight) return b->layer_of[u];
  return -1;
}

static int find_layers(MixedBench *b) {
  int count = 0;
  for (int u = 0; u < b->unit_count; u++) {
    const Unit *unit = &b->units[u];
    b->layer_of[u] = unit->weight == NULL ? -1 : layer_with(b, unit->weight, u);
    if (unit->weight == NULL || b->layer_of[u] >= 0) continue;
    b->mixed->layers[count] =
        (MixedLayer){unit->node->name, unit->node->type, tensor_elements(unit->weight->constant)};
    b->layer_of[u] = count++;
  }
  return count;
}

static bool has_float_form(const Node *node) {
  return node_is(node, "Conv") || node_is(node, "Gemm") || node_is(node, "MatMul");
}

static bool exists_as(const MixedCandidate *candidate, const QuantSpec *spec, int k) {
  if (spec == NULL || spec->kind != QUANT_INTEGER) return false;
  return k == 0 || (spec->bits == candidate->weight_bits && (spec->group_size > 0) == (candidate->group > 0));
}

static int64_t bytes_as(const QuantSpec *spec, const Tensor *weight) {
  int64_t codes = (tensor_elements(weight) * spec->bits + 7) / 8;
  return spec->group_size == 0 ? codes : codes + spec->scale_count * quant_groups(spec, &weight->shape);
}

static double weight_error(const Tensor *real, const Tensor *coded) {
  double signal = 0, noise = 0;
  const float *a = real->data, *b = coded->data;
  for (int64_t i = 0; i < tensor_elements(real); i++) {
    double difference = (double)b[i] - (double)a[i];
    signal += (double)a[i] * (double)a[i];
    noise += difference * difference;
  }
  return signal > 0 ? noise / signal : 0;
}

static Status fill_integer(MixedBench *b, const Unit *unit, int k, MixedOption *option, Error *err) {
  Arena arena = {0};
  const ValueState *state = &b->states[k].values[unit->weight->index];
  if (!exists_as(&b->mixed->candidates[k], state->spec, k)) return OK;
  Tensor *coded = round_weight_to(state->constant, state->spec, &arena, err);
  if (coded != NULL)
    *option = (MixedOption){.exists = true,
                            .bytes = bytes_as(state->spec, state->constant),
                            .noise = weight_error(b->real.values[unit->weight->index].constant, coded)};
  arena_free(&arena);
  return coded == NULL ? err->status : OK;
}

/* Bits that the user has chosen, and weights with scales of their own, leave nothing to choose. */
static bool is_fixed(const MixedBench *b, const Unit *unit) {
  const QuantSpec *spec = b->states[0].values[unit->weight->index].spec;
  return spec->is_fixed || b->real.nodes[unit->node->index].weight_bits > 0;
}

/* Some node behind it cannot read 16 bits, or it has them anyhow. */
static bool is_widened(const MixedBench *b, const Unit *unit, int k) {
  const Value *last = unit->first;
  for (const Value *next; (next = unit_next(last)) != NULL;) last = next;
  const QuantSpec *before = b->states[0].values[last->index].spec,
                  *after = b->states[k].values[last->index].spec;
  return before != NULL && after != NULL && after->bits > before->bits;
}

static Status fill_option(MixedBench *b, int u, int k, Error *err) {
  const Unit *unit = &b->units[u];
  int layer = b->layer_of[u];
  MixedOption *option = mixed_option(&b->mixed->table, layer, k);
  if (k > 0 && is_fixed(b, unit)) return OK;
  if (b->mixed->candidates[k].activations == ACTIVATIONS_16BIT && !is_widened(b, unit, k)) return OK;
  if (b->mixed->candidates[k].weight_bits < FLOAT_BITS) return fill_integer(b, unit, k, option, err);
  if (has_float_form(unit->node))
    *option =
        (MixedOption){.exists = true, .bytes = b->mixed->layers[layer].weights * (int64_t)sizeof(float)};
  return OK;
}

/* By the first unit of each layer. */
static Status fill_options(MixedBench *b, int k, Error *err) {
  for (int u = 0, next = 0; u < b->unit_count; u++)
    if (b->layer_of[u] == next) {
      TRY(fill_option(b, u, k, err));
      next++;
    }
  return OK;
}

static Status make_table(MixedBench *b, Error *err) {
  Mixed *mixed = b->mixed;
  size_t rows = (size_t)(b->graph->node_count + b->graph->input_count) + 1;
  b->units = arena_new(&mixed->arena, rows, sizeof *b->units, err);
  b->layer_of = arena_new(&mixed->arena, rows, sizeof *b->layer_of, err);
  mixed->layers = arena_new(&mixed->arena, rows, sizeof *mixed->layers, err);
  if (b->units == NULL || b->layer_of == NULL || mixed->layers == NULL) return err->status;
  TRY(units_find(b->graph, b->units, &b->unit_count, err));
  TRY(mixed_table_new(&mixed->table, find_layers(b), mixed->candidate_count, &mixed->arena, err));
  return fill_options(b, 0, err);
}

Status mixed_bench_candidate(MixedBench *bench, int candidate, bool with_recovery, Error *err) {
  if (bench->mixed->candidates[candidate].weight_bits < FLOAT_BITS)
    TRY(make_state(bench, candidate, with_recovery, err));
  return fill_options(bench, candidate, err);
}

/* ---- runs ---- */

/* Everything in float, with the specs of the first candidate. */
static void begin_run(MixedBench *b) {
  for (int v = 0; v < b->graph->value_count; v++) {
    b->graph->values[v]->constant = b->real.values[v].constant;
    b->graph->values[v]->spec = b->states[0].values[v].spec;
  }
  memset(b->is_rounded, 0, (size_t)b->graph->value_count * sizeof *b->is_rounded);
}

static void take_value(Value *value, const ValueState *state) {
  value->constant = state[value->index].constant;
  value->spec = state[value->index].spec;
}

static void take_inputs(const Node *node, const ValueState *state) {
  for (int i = 0; i < node->input_count; i++)
    if (node->inputs[i] != NULL && node->inputs[i]->constant != NULL) take_value(node->inputs[i], state);
}

/* The unit's constants and the specs of its results are those of the state. */
static void take_unit(const MixedBench *b, const Unit *unit, int k) {
  bool is_float = b->states[k].values == NULL;
  const ValueState *state = b->states[is_float ? 0 : k].values;
  for (Value *value = unit->first; value != NULL; value = unit_next(value)) {
    if (value->producer != NULL && !is_float) take_inputs(value->producer, state);
    value->spec = state[value->index].spec;
  }
}

/* The weight as its codes stand for it; weights that units share are coded once. */
static Status code_unit(const MixedBench *b, const Unit *unit, int k, Arena *arena, Error *err) {
  if (unit->weight == NULL || b->states[k].values == NULL) return OK;
  const Tensor *plain = b->states[k].values[unit->weight->index].constant;
  if (unit->weight->constant != plain) return OK;
  Tensor *coded = round_weight_to(plain, unit->weight->spec, arena, err);
  if (coded == NULL) return err->status;
  unit->weight->constant = coded;
  return OK;
}

static Status prepare_unit(const MixedBench *b, const Unit *unit, int k, Arena *arena, Error *err) {
  take_unit(b, unit, k);
  unit_mark(unit, b->is_rounded);
  return code_unit(b, unit, k, arena, err);
}

Status mixed_bench_layer(MixedBench *bench, int layer, int candidate, Damage *damage, Error *err) {
  Arena arena = {0};
  Status status = OK;
  begin_run(bench);
  for (int u = 0; u < bench->unit_count && status == OK; u++)
    if (bench->layer_of[u] == layer) status = prepare_unit(bench, &bench->units[u], candidate, &arena, err);
  if (status == OK) status = damage_measure(bench->meter, bench->is_rounded, damage, err);
  arena_free(&arena);
  bench->mixed->runs++;
  return status;
}

static int choice_of(const MixedBench *b, const uint8_t *choice, int u) {
  return b->layer_of[u] < 0 ? 0 : choice[b->layer_of[u]];
}

Status mixed_bench_plan(MixedBench *bench, const uint8_t *choice, Damage *damage, Error *err) {
  Arena arena = {0};
  Status status = OK;
  begin_run(bench);
  for (int u = 0; u < bench->unit_count && status == OK; u++)
    status = prepare_unit(bench, &bench->units[u], choice_of(bench, choice, u), &arena, err);
  if (status == OK) status = damage_measure(bench->meter, bench->is_rounded, damage, err);
  arena_free(&arena);
  bench->mixed->runs++;
  return status;
}

const Graph *mixed_bench_graph(MixedBench *bench, const uint8_t *choice) {
  graph_state_restore(&bench->states[0], bench->graph);
  for (int u = 0; u < bench->unit_count; u++) take_unit(bench, &bench->units[u], choice_of(bench, choice, u));
  return bench->graph;
}

/* ---- the plan of a graph that is to be quantized ---- */

static Node *node_named(const Graph *graph, const char *name) {
  for (int n = 0; n < graph->node_count; n++)
    if (strcmp(graph->nodes[n]->name, name) == 0) return graph->nodes[n];
  return NULL;
}

/* With the functions that are part of its instruction. */
static Status leave_in_float(Graph *graph, const Unit *unit, Error *err) {
  for (const Value *value = unit->first; value != NULL; value = unit_next(value)) {
    Node *node = node_named(graph, value->producer->name);
    if (node == NULL) return fail(err, BAD_INPUT, "node '%s' is not in the graph", value->producer->name);
    node->float_reason = "chosen by --bits mixed";
  }
  return OK;
}

static Status apply_unit(const Mixed *mixed, Graph *graph, int u, Error *err) {
  const Unit *unit = &mixed->bench->units[u];
  int choice = mixed->chosen.plan.choice[mixed->bench->layer_of[u]];
  const MixedCandidate *candidate = &mixed->candidates[choice];
  if (choice == 0) return OK;
  if (candidate->weight_bits == FLOAT_BITS) return leave_in_float(graph, unit, err);
  Node *node = node_named(graph, unit->node->name);
  if (node == NULL) return fail(err, BAD_INPUT, "node '%s' is not in the graph", unit->node->name);
  node->weight_bits = candidate->weight_bits;
  node->weight_group = candidate->group > 0 ? candidate->group : -1;
  if (candidate->activations == ACTIVATIONS_16BIT) node->activation_bits = 16;
  return OK;
}

Status mixed_apply(const Mixed *mixed, Graph *graph, Error *err) {
  for (int u = 0; u < mixed->bench->unit_count; u++)
    if (mixed->bench->layer_of[u] >= 0) TRY(apply_unit(mixed, graph, u, err));
  return OK;
}

/* ---- the bench ---- */

static Status prepare(MixedBench *b, Error *err) {
  TRY(settle_values(b, err));
  TRY(make_state(b, 0, false, err));
  TRY(make_table(b, err));
  size_t values = (size_t)b->graph->value_count + 1;
  b->is_rounded = arena_new(&b->mixed->arena, values, sizeof *b->is_rounded, err);
  if (b->is_rounded == NULL) return err->status;
  begin_run(b);
  int64_t count = b->mixed->measured_samples;
  return damage_meter_new(&b->meter, b->graph, b->reader, b->settings.samples - count, count, b->pool, err);
}

Status mixed_bench_new(MixedBench **bench, Mixed *mixed, Graph *graph, const Calibration *calibration,
                       const MixedSettings *settings, const SampleReader *reader, Pool *pool, Error *err) {
  MixedBench *made = *bench = calloc(1, sizeof *made);
  if (made == NULL) return fail_memory(err);
  *made = (MixedBench){.mixed = mixed,
                       .graph = graph,
                       .calibration = calibration,
                       .settings = *settings,
                       .reader = reader,
                       .pool = pool};
  Status status = prepare(made, err);
  mixed->is_classifier = status == OK && damage_is_classifier(made->meter);
  if (status == OK) return OK;
  mixed_bench_free(made);
  *bench = NULL;
  return status;
}

void mixed_bench_free(MixedBench *bench) {
  if (bench == NULL) return;
  damage_meter_free(bench->meter);
  free(bench);
}
