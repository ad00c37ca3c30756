/*
 * Adaptive rounding of whole networks, layer after layer: what each layer is to give are the real network's
 * results, from the inputs that it gets in the network in codes, with the errors of all layers before it.
 *
 * With d = (real input) - x the error of a row is w d + (w - q) x. Its mean square is, but for a constant,
 * (v - q)^T H (v - q), where H are the second moments of x and v = w + H^-1 E[x d^T] w: the weights that
 * would make up for the errors before as far as that can be. So rows are rounded towards v: in turn (see
 * gptq.c), then by adaround.h, both polished. Each layer takes whichever codes do best on samples that were
 * not used for them, those that it has included. Where the layer has a bias, this takes up means.
 *
 * Layers are done in stages, a layer each where that is not too long; inputs are taken anew at each. A layer
 * behind another one of its stage must not make up for what that one now makes up for, too: its d is 0.
 */
#include "quantize/adaround.h"
#include "quantize/layer_codes.h"
#include "quantize/recovery.h"
#include "quantize/rounding.h"
#include "quantize/row_rounding.h"
#include "quantize/second_moments.h"

#include <math.h>
#include <string.h>

#define STAGES_LEAST 6
#define SAMPLED_MOST 3e11 /* multiplications of all runs over samples, beyond the least stages */
#define MOMENTS_MOST (INT64_C(384) << 20) /* bytes of moments at a time */
#define BLOCK 8                           /* rows that learn together */
#define ITERATIONS_MOST 400
#define ITERATIONS_LEAST 60
#define WORK_MOST 2e11 /* multiplications that a layer may take, beyond the least */

/* Codes of which a layer takes the best. */
enum { AS_THEY_ARE, IN_TURN, ADAPTIVE, CANDIDATES };

typedef struct Candidate {
  double *codes;  /* [outputs][depth] */
  double *scales; /* by output */
  double *errors; /* by output, on the judges */
} Candidate;

/* Room of a worker. */
typedef struct Room {
  double *real, *wanted, *pull; /* [depth]: w, v, E[x d^T] w */
  double *row;                  /* [3 depth]: of a Row */
  float *learned;               /* [BLOCK][depth] each: wanted, codes, and adaround's */
} Room;

/* A layer at work. */
typedef struct Adapting {
  LayerCodes codes;
  const Layer *layer;
  const float *real; /* the real weights */
  const SecondMoments *fit, *judge;
  RowMetric *metrics; /* by group */
  float *learning;    /* [groups][depth][depth]: for adaround */
  Candidate candidates[CANDIDATES];
  Room *rooms;    /* by worker */
  int iterations; /* 0: nothing is learned */
} Adapting;

static int64_t rows_of_group(const Adapting *a) {
  return a->layer->outputs / a->layer->groups;
}

static int64_t blocks_of_group(const Adapting *a) {
  return (rows_of_group(a) + BLOCK - 1) / BLOCK;
}

/* ---- one row ---- */

/* What a row is to be, and what it is rounded to in turn. */
static void round_in_turn(const Adapting *a, int64_t output, int64_t group, const Room *room) {
  const Layer *layer = a->layer;
  const RowMetric *metric = &a->metrics[group];
  const Candidate *candidate = &a->candidates[IN_TURN];
  const double *cross = a->fit->cross + group * layer->depth * layer->depth;
  int64_t n = layer->depth;
  memset(room->pull, 0, (size_t)n * sizeof *room->pull);
  for (int64_t i = 0; i < n; i++) {
    room->real[i] = (double)a->real[layer_weight_at(layer, output, i)];
    for (int64_t j = 0; j < n; j++) room->pull[j] += room->real[i] * cross[i * n + j];
  }
  memcpy(room->wanted, room->pull, (size_t)n * sizeof *room->wanted);
  row_metric_solve(metric, room->wanted, room->row);
  for (int64_t i = 0; i < n; i++) room->wanted[i] += room->real[i];
  Row row = row_begin(metric, room->wanted, layer_code_limit(layer), room->row);
  double scale = layer_scale(layer, output);
  if (layer_has_free_scales(layer)) scale = row_best_scale(&row, scale, layer_least_scale(layer, output));
  row_in_turn(&row, scale);
  row_polish(&row);
  row_end(&row, candidate->codes + output * n);
  candidate->scales[output] = scale;
}

/* The mean squared error of a row on the judges, but for what no code changes. */
static double judged_error(const Adapting *a, const Candidate *candidate, int64_t output, const Room *room) {
  int64_t n = a->layer->depth, group = output / rows_of_group(a);
  const double *products = a->judge->products + group * n * n, *cross = a->judge->cross + group * n * n;
  double *error = room->row, total = 0;
  for (int64_t i = 0; i < n; i++) {
    room->real[i] = (double)a->real[layer_weight_at(a->layer, output, i)];
    error[i] = room->real[i] - candidate->scales[output] * candidate->codes[output * n + i];
  }
  for (int64_t i = 0; i < n; i++) {
    double sum = 0;
    for (int64_t j = 0; j < n; j++)
      sum += (error[i] * products[i * n + j] + 2 * room->real[i] * cross[i * n + j]) * error[j];
    total += sum;
  }
  return total;
}

/* ---- a block of rows ---- */

/* Learning begins with the codes rounded in turn; the learned ones are polished, too. */
static void learn_block(const Adapting *a, int64_t first, int64_t count, int64_t group, const Room *room) {
  int64_t n = a->layer->depth, block = BLOCK * n;
  const Candidate *from = &a->candidates[IN_TURN], *to = &a->candidates[ADAPTIVE];
  float *wanted = room->learned, *codes = wanted + block;
  for (int64_t i = 0; i < count * n; i++) codes[i] = (float)from->codes[first * n + i];
  AdaptiveRows rows = {count,  n,     a->learning + group * n * n,
                       wanted, codes, (float)layer_code_limit(a->layer)};
  adaround_rows(&rows, a->iterations, codes + block);
  for (int64_t i = 0; i < count * n; i++) to->codes[first * n + i] = (double)codes[i];
}

static void polish(const Adapting *a, int64_t output, const float *wanted, int64_t group, const Room *room) {
  int64_t n = a->layer->depth;
  const Candidate *candidate = &a->candidates[ADAPTIVE];
  double scale = candidate->scales[output], *codes = candidate->codes + output * n;
  for (int64_t i = 0; i < n; i++) room->wanted[i] = (double)wanted[i] * scale;
  Row row = row_begin(&a->metrics[group], room->wanted, layer_code_limit(a->layer), room->row);
  row_take(&row, scale, codes);
  row_polish(&row);
  row_end(&row, codes);
}

static Status adapt_block(void *context, size_t index, int worker, Error *err) {
  const Adapting *a = context;
  const Room *room = &a->rooms[worker];
  int64_t blocks = blocks_of_group(a), group = (int64_t)index / blocks, n = a->layer->depth;
  int64_t from = (int64_t)index % blocks * BLOCK, first = group * rows_of_group(a) + from;
  int64_t count = rows_of_group(a) - from < BLOCK ? rows_of_group(a) - from : BLOCK;
  (void)err;
  if (!a->metrics[group].is_usable) return OK;
  for (int64_t o = first; o < first + count; o++) {
    round_in_turn(a, o, group, room);
    double scale = a->candidates[ADAPTIVE].scales[o] = a->candidates[IN_TURN].scales[o];
    for (int64_t i = 0; i < n; i++) room->learned[(o - first) * n + i] = (float)(room->wanted[i] / scale);
  }
  if (a->iterations > 0) learn_block(a, first, count, group, room);
  for (int64_t o = first; o < first + count && a->iterations > 0; o++)
    polish(a, o, room->learned + (o - first) * n, group, room);
  for (int c = 0; c < CANDIDATES; c++)
    for (int64_t o = first; o < first + count; o++)
      a->candidates[c].errors[o] = judged_error(a, &a->candidates[c], o, room);
  return OK;
}

/* ---- a layer ---- */

static Status new_candidates(Adapting *a, Arena *arena, Error *err) {
  const Layer *layer = a->layer;
  const float *weights = layer->weight->constant->data;
  size_t outputs = (size_t)layer->outputs, count = outputs * (size_t)layer->depth;
  for (int c = 0; c < CANDIDATES; c++) {
    Candidate *candidate = &a->candidates[c];
    candidate->codes = arena_new(arena, count, sizeof(double), err);
    candidate->scales = arena_new(arena, outputs, sizeof(double), err);
    candidate->errors = arena_new(arena, outputs, sizeof(double), err);
    if (candidate->codes == NULL || candidate->scales == NULL || candidate->errors == NULL)
      return err->status;
    for (int64_t o = 0; o < layer->outputs; o++) {
      double scale = candidate->scales[o] = layer_scale(layer, o), limit = layer_code_limit(layer);
      for (int64_t i = 0; i < layer->depth; i++)
        candidate->codes[o * layer->depth + i] =
            weight_code((double)weights[layer_weight_at(layer, o, i)], scale, limit);
    }
  }
  return OK;
}

static Status new_rooms(Adapting *a, int workers, Arena *arena, Error *err) {
  size_t n = (size_t)a->layer->depth;
  a->rooms = arena_new(arena, (size_t)workers, sizeof *a->rooms, err);
  for (int w = 0; a->rooms != NULL && w < workers; w++) {
    Room *room = &a->rooms[w];
    room->real = arena_new(arena, 6 * n, sizeof(double), err);
    room->learned = arena_new(arena, (2 + ADAROUND_ROOM) * BLOCK * n, sizeof(float), err);
    if (room->real == NULL || room->learned == NULL) return err->status;
    room->wanted = room->real + n;
    room->pull = room->wanted + n;
    room->row = room->pull + n;
  }
  return a->rooms == NULL ? err->status : OK;
}

/* The damped moments in the order of the weights, of mean 1 on the diagonal. */
static void learning_metric(const RowMetric *metric, float *learning) {
  int64_t n = metric->depth;
  double trace = 0;
  for (int64_t i = 0; i < n; i++) trace += metric->moments[i * n + i];
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++)
      learning[metric->order[i] * n + metric->order[j]] =
          (float)(metric->moments[i * n + j] * (double)n / trace);
}

static Status new_metrics(Adapting *a, Arena *arena, Error *err) {
  int64_t n = a->layer->depth, groups = a->layer->groups;
  a->metrics = arena_new(arena, (size_t)groups, sizeof *a->metrics, err);
  a->learning = arena_new(arena, (size_t)(groups * n * n), sizeof(float), err);
  if (a->metrics == NULL || a->learning == NULL) return err->status;
  for (int64_t g = 0; g < groups; g++) {
    TRY(row_metric_make(&a->metrics[g], a->fit->products + g * n * n, n, arena, err));
    if (a->metrics[g].is_usable) learning_metric(&a->metrics[g], a->learning + g * n * n);
  }
  return OK;
}

/* Of the candidates that with the least error in all; of equal ones the first. */
static int best_candidate(const Adapting *a) {
  double least = INFINITY;
  int best = AS_THEY_ARE;
  for (int c = 0; c < CANDIDATES; c++) {
    double total = 0;
    for (int64_t o = 0; o < a->layer->outputs; o++) total += a->candidates[c].errors[o];
    if (!(total < least)) continue;
    least = total;
    best = c;
  }
  return best;
}

/* What the bias must take up: the mean of w (x + d) - q x. */
static double mean_error(const Adapting *a, const double *codes, double scale, int64_t output) {
  int64_t n = a->layer->depth, at = output / rows_of_group(a) * n;
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    double real = (double)a->real[layer_weight_at(a->layer, output, i)], mean = a->fit->sums[at + i];
    sum += real * (mean + a->fit->shifts[at + i]) - scale * codes[i] * mean;
  }
  return sum * a->layer->factor * (double)a->layer->data->spec->scales[0];
}

static Status take_candidate(Recovery *recovery, Adapting *a, Error *err) {
  const Candidate *best = &a->candidates[best_candidate(a)];
  Layer *layer = a->codes.layer;
  for (int64_t o = 0; o < layer->outputs; o++) {
    const double *codes = best->codes + o * layer->depth;
    layer_codes_row(&a->codes, o, best->scales[o], codes);
    a->codes.change[o] = mean_error(a, codes, best->scales[o], o);
  }
  if (layer->bias != NULL) layer->bias->constant = simulator_real(recovery->simulator, layer->bias);
  return layer_codes_end(&a->codes, recovery->graph, err);
}

static int iterations_of(const Layer *layer) {
  double work = (double)layer->outputs * (double)layer->depth * (double)layer->depth;
  if (layer->weight->spec->bits >= 8) return 0;
  return (int)fmin(fmax(WORK_MOST / work, ITERATIONS_LEAST), ITERATIONS_MOST);
}

static Status adapt_layer(Recovery *recovery, Layer *layer, SecondMoments *fit, SecondMoments *judge,
                          Arena *arena, Error *err) {
  Pool *pool = simulator_pool(recovery->simulator);
  Adapting a = {.layer = layer, .fit = fit, .judge = judge, .iterations = iterations_of(layer)};
  a.real = simulator_real(recovery->simulator, layer->weight)->data;
  second_moments_average(fit, layer->bias != NULL);
  second_moments_average(judge, layer->bias != NULL);
  TRY(layer_codes_begin(&a.codes, recovery->graph, layer, arena, err));
  TRY(new_candidates(&a, arena, err));
  TRY(new_rooms(&a, pool_workers(pool), arena, err));
  TRY(new_metrics(&a, arena, err));
  TRY(pool_for(pool, (size_t)(layer->groups * blocks_of_group(&a)), adapt_block, &a, err));
  return take_candidate(recovery, &a, err);
}

/* ---- stages ---- */

static bool is_adaptable(const Layer *layer, const SecondMoments *fit, const SecondMoments *judge) {
  return fit->groups > 0 && fit->positions > 0 && judge->positions > 0 && layer->weight->user_count == 1;
}

/* Marks what depends on layers of the stage. */
static void mark_behind(const Recovery *recovery, int first, int count, bool *is_behind) {
  const Graph *graph = recovery->graph;
  for (int n = 0; n < graph->node_count; n++) {
    const Node *node = graph->nodes[n];
    bool is_marked = false;
    for (int l = first; l < first + count; l++) is_marked |= recovery->layers->layers[l].node == node;
    for (int i = 0; i < node->input_count; i++)
      is_marked |= node->inputs[i] != NULL && is_behind[node->inputs[i]->index];
    for (int i = 0; i < node->output_count && is_marked; i++)
      if (node->outputs[i] != NULL) is_behind[node->outputs[i]->index] = true;
  }
}

static void forget_differences(SecondMoments *moments) {
  size_t rows = (size_t)(moments->groups * moments->depth);
  memset(moments->cross, 0, rows * (size_t)moments->depth * sizeof *moments->cross);
  memset(moments->shifts, 0, rows * sizeof *moments->shifts);
}

static Status adapt_layers(Recovery *recovery, int first, int count, SecondMoments *fit, SecondMoments *judge,
                           const bool *is_behind, Error *err) {
  for (int l = 0; l < count; l++) {
    Layer *layer = &recovery->layers->layers[first + l];
    Arena own = {0};
    if (!is_adaptable(layer, &fit[l], &judge[l])) continue;
    if (is_behind[layer->data->index]) {
      forget_differences(&fit[l]);
      forget_differences(&judge[l]);
    }
    Status status = adapt_layer(recovery, layer, &fit[l], &judge[l], &own, err);
    arena_free(&own);
    if (status != OK) return status;
    recovery_tell(recovery, (double)(first + l + 1) / recovery->layers->count);
  }
  return OK;
}

static Status adapt_stage(Recovery *recovery, int first, int count, Arena *arena, Error *err) {
  SecondMoments *fit = arena_new(arena, (size_t)count, sizeof *fit, err);
  SecondMoments *judge = arena_new(arena, (size_t)count, sizeof *judge, err);
  bool *is_behind = arena_new(arena, (size_t)recovery->graph->value_count, sizeof *is_behind, err);
  if (fit == NULL || judge == NULL || is_behind == NULL) return err->status;
  mark_behind(recovery, first, count, is_behind);
  TRY(paired_moments(fit, judge, recovery->simulator, recovery->layers, first, count, recovery->from,
                     recovery->count, arena, err));
  return adapt_layers(recovery, first, count, fit, judge, is_behind, err);
}

/* Multiplications that a sample takes. */
static double work_of(const Layers *layers) {
  double work = 0;
  for (int l = 0; l < layers->count; l++)
    work += (double)layers->layers[l].depth * (double)shape_elements(&layers->layers[l].sum->shape);
  return work;
}

static int layers_a_stage(const Recovery *recovery) {
  int count = recovery->layers->count;
  double stages = SAMPLED_MOST / (2 * work_of(recovery->layers) * (double)recovery->count + 1);
  stages = fmin(fmax(stages, STAGES_LEAST), count);
  return (int)ceil(count / stages);
}

/* Of the stage that begins with `first`: as many layers as their moments have room for. */
static int stage_from(const Layers *layers, int first, int most) {
  int64_t bytes = 0;
  int count = 0;
  for (; first + count < layers->count && count < most; count++) {
    bytes += paired_moments_bytes(&layers->layers[first + count]);
    if (count > 0 && bytes > MOMENTS_MOST) break;
  }
  return count;
}

Status round_adaptively(Recovery *recovery, bool *is_changed, Error *err) {
  int most = layers_a_stage(recovery);
  *is_changed = true;
  for (int first = 0; first < recovery->layers->count;) {
    int count = stage_from(recovery->layers, first, most);
    Arena arena = {0};
    Status status = adapt_stage(recovery, first, count, &arena, err);
    arena_free(&arena);
    if (status != OK) return status;
    first += count;
  }
  return OK;
}
