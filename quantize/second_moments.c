#include "quantize/second_moments.h"

#include "operators/product.h"
#include "quantize/patches.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define DEEPEST 2304                  /* weights of a row: 3x3 taps of 256 channels */
#define DEEPEST_PAIRED 1280           /* with four matrices a layer */
#define FINE 256.0                    /* parts of a code that real inputs are rounded to */
#define KEPT_MOST (INT64_C(64) << 20) /* bytes of real inputs at a time */
#define JUDGES 4                      /* one sample of so many judges */

/* Room of one worker for matrices of patches and their products; NULL until it is needed. */
typedef struct Room {
  float *matrix, *products;
  float *real, *cross; /* of pairs */
} Room;

typedef struct Gathering {
  SecondMoments *fit, *judge; /* by layer; judge NULL: all samples fit */
  const Layers *layers;
  int first, count;
  int64_t deepest;
  Room *rooms;        /* by worker */
  atomic_flag *locks; /* by layer: held while its sums are added to */
  /* Of paired moments: the real inputs of some samples. */
  float *kept;     /* [samples][width]; NULL: not paired */
  int64_t *places; /* by layer: where its input lies in a sample's row */
  int64_t width;
  int64_t offset; /* of the run's first sample */
} Gathering;

/* ---- which layers ---- */

static int64_t bytes_of(const Layer *layer, int64_t deepest) {
  if (!layer->has_rows || layer->depth > deepest || layer->depth < 1 || layer->data->spec->bits > 8) return 0;
  return layer->groups * layer->depth * (layer->depth + 1) * (int64_t)sizeof(double);
}

int64_t second_moments_bytes(const Layer *layer) {
  return bytes_of(layer, DEEPEST);
}

int64_t paired_moments_bytes(const Layer *layer) {
  return 4 * bytes_of(layer, DEEPEST_PAIRED);
}

static const Layer *layer_at(const Gathering *g, int l) {
  return &g->layers->layers[g->first + l];
}

static Status init_layer(SecondMoments *moments, const Layer *layer, bool is_paired, Arena *arena,
                         Error *err) {
  *moments = (SecondMoments){0};
  if (bytes_of(layer, is_paired ? DEEPEST_PAIRED : DEEPEST) == 0) return OK;
  size_t rows = (size_t)(layer->groups * layer->depth), products = rows * (size_t)layer->depth;
  *moments = (SecondMoments){.depth = layer->depth, .groups = layer->groups};
  moments->products = arena_new(arena, products, sizeof(double), err);
  moments->sums = arena_new(arena, rows, sizeof(double), err);
  if (is_paired) {
    moments->cross = arena_new(arena, products, sizeof(double), err);
    moments->shifts = arena_new(arena, rows, sizeof(double), err);
    if (moments->cross == NULL || moments->shifts == NULL) return err->status;
  }
  return moments->products == NULL || moments->sums == NULL ? err->status : OK;
}

/* ---- adding a sample ---- */

static Status room_for(Room *room, int64_t deepest, bool is_paired, Error *err) {
  size_t matrix = (size_t)(PATCHES_MOST * deepest), products = (size_t)(deepest * deepest);
  if (room->matrix != NULL) return OK;
  room->matrix = malloc(matrix * sizeof(float));
  room->products = malloc(products * sizeof(float));
  room->real = is_paired ? malloc(matrix * sizeof(float)) : NULL;
  room->cross = is_paired ? malloc(products * sizeof(float)) : NULL;
  bool is_whole = room->matrix != NULL && room->products != NULL &&
                  (!is_paired || (room->real != NULL && room->cross != NULL));
  return is_whole ? OK : fail_memory(err);
}

static void multiply(int64_t depth, int64_t positions, const float *rows, const float *columns,
                     float *products) {
  Matrix left = {rows, depth, true}, right = {columns, depth, false};
  product_f32(depth, depth, positions, 1, left, right, 0, products, depth);
}

/* Parts of 1/FINE: whole numbers of them, whose sums stay below 2^53. */
static void add_rounded(int64_t count, const float *from, double *to) {
  const double rounder = 0x1.8p52 / FINE;
  for (int64_t i = 0; i < count; i++) to[i] += ((double)from[i] + rounder) - rounder;
}

static void add_rows(int64_t depth, int64_t positions, const float *rows, double *sums) {
  for (int64_t p = 0; p < positions; p++)
    for (int64_t i = 0; i < depth; i++) sums[i] += (double)rows[p * depth + i];
}

static void add_group(SecondMoments *moments, int64_t group, const Room *room, int64_t positions) {
  int64_t depth = moments->depth, at = group * depth;
  add_rounded(depth * depth, room->products, moments->products + at * depth);
  add_rows(depth, positions, room->matrix, moments->sums + at);
  if (moments->cross != NULL) {
    add_rounded(depth * depth, room->cross, moments->cross + at * depth);
    add_rows(depth, positions, room->real, moments->shifts + at);
  }
  if (group == 0) moments->positions += positions;
}

/* What the real input has beyond the one in codes. */
static Status take_differences(const Layer *layer, const Tensor *real, const Patches *patches, int64_t group,
                               const Room *room, Error *err) {
  TRY(patches_take(layer, real, patches, group, FINE, room->real, err));
  for (int64_t i = 0; i < patches->count * layer->depth; i++) room->real[i] -= room->matrix[i];
  return OK;
}

/* `real` is NULL where moments are not paired. */
static Status add_layer(Gathering *g, int l, int64_t sample, const Tensor *data, const Tensor *real,
                        const Room *room, Error *err) {
  const Layer *layer = layer_at(g, l);
  bool is_judge = g->judge != NULL && sample % JUDGES == JUDGES - 1;
  SecondMoments *moments = is_judge ? &g->judge[l] : &g->fit[l];
  Patches patches = patches_of(layer, data, sample);
  for (int64_t group = 0; group < layer->groups; group++) {
    TRY(patches_take(layer, data, &patches, group, 1, room->matrix, err));
    multiply(layer->depth, patches.count, room->matrix, room->matrix, room->products);
    if (real != NULL) {
      TRY(take_differences(layer, real, &patches, group, room, err));
      multiply(layer->depth, patches.count, room->real, room->matrix, room->cross);
    }
    while (atomic_flag_test_and_set_explicit(&g->locks[l], memory_order_acquire)) continue;
    add_group(moments, group, room, patches.count);
    atomic_flag_clear_explicit(&g->locks[l], memory_order_release);
  }
  return OK;
}

static Status see_data(void *context, int64_t sample, int worker, const Value *value, const Tensor *tensor,
                       Error *err) {
  Gathering *g = context;
  for (int l = 0; l < g->count; l++) {
    if (layer_at(g, l)->data != value || g->fit[l].groups == 0) continue;
    Tensor real = *tensor;
    if (g->kept != NULL) real.data = g->kept + sample * g->width + g->places[l];
    TRY(room_for(&g->rooms[worker], g->deepest, g->kept != NULL, err));
    TRY(add_layer(g, l, g->offset + sample, tensor, g->kept != NULL ? &real : NULL, &g->rooms[worker], err));
  }
  return OK;
}

/* ---- the whole ---- */

static Status gathering_begin(Gathering *g, Simulator *simulator, bool is_paired, Arena *arena, Error *err) {
  g->rooms = arena_new(arena, (size_t)pool_workers(simulator_pool(simulator)), sizeof *g->rooms, err);
  g->locks = arena_new(arena, (size_t)g->count + 1, sizeof *g->locks, err);
  g->places = arena_new(arena, (size_t)g->count + 1, sizeof *g->places, err);
  if (g->rooms == NULL || g->locks == NULL || g->places == NULL) return err->status;
  for (int l = 0; l < g->count; l++) {
    const Layer *layer = layer_at(g, l);
    atomic_flag_clear(&g->locks[l]);
    TRY(init_layer(&g->fit[l], layer, is_paired, arena, err));
    if (is_paired) TRY(init_layer(&g->judge[l], layer, true, arena, err));
    if (g->fit[l].groups == 0) continue;
    g->deepest = layer->depth > g->deepest ? layer->depth : g->deepest;
    g->places[l] = g->width;
    if (is_paired) g->width += shape_elements(&layer->data->shape);
  }
  return OK;
}

static void gathering_end(Gathering *g, const Simulator *simulator) {
  for (int w = 0; g->rooms != NULL && w < pool_workers(simulator_pool(simulator)); w++) {
    free(g->rooms[w].matrix);
    free(g->rooms[w].real);
    free(g->rooms[w].products);
    free(g->rooms[w].cross);
  }
  free(g->kept);
}

Status second_moments(SecondMoments *moments, Simulator *simulator, const Layers *layers, int first,
                      int count, int64_t from, int64_t samples, Arena *arena, Error *err) {
  Gathering g = {.fit = moments, .layers = layers, .first = first, .count = count};
  Status status = gathering_begin(&g, simulator, false, arena, err);
  SimulationView view = {.after = see_data, .context = &g};
  if (status == OK) status = simulator_run(simulator, SIMULATE_INPUTS, from, samples, &view, err);
  gathering_end(&g, simulator);
  return status;
}

static void average(double *products, const double *left, const double *right, int64_t depth,
                    double positions, bool is_centred) {
  for (int64_t i = 0; i < depth; i++)
    for (int64_t j = 0; j < depth; j++) {
      double mean = products[i * depth + j] / positions;
      products[i * depth + j] = is_centred ? mean - left[i] * right[j] : mean;
    }
}

void second_moments_average(SecondMoments *moments, bool is_centred) {
  int64_t depth = moments->depth, rows = moments->groups * depth;
  double positions = (double)moments->positions;
  for (int64_t i = 0; i < rows; i++) {
    moments->sums[i] /= positions;
    if (moments->shifts != NULL) moments->shifts[i] /= positions;
  }
  for (int64_t at = 0; at < rows; at += depth) {
    const double *means = moments->sums + at;
    average(moments->products + at * depth, means, means, depth, positions, is_centred);
    if (moments->cross != NULL)
      average(moments->cross + at * depth, moments->shifts + at, means, depth, positions, is_centred);
  }
}

/* ---- pairs ---- */

static Status keep_data(void *context, int64_t sample, int worker, const Value *value, const Tensor *tensor,
                        Error *err) {
  const Gathering *g = context;
  (void)worker;
  (void)err;
  for (int l = 0; l < g->count; l++)
    if (layer_at(g, l)->data == value && g->fit[l].groups > 0 &&
        tensor_elements(tensor) == shape_elements(&value->shape))
      memcpy(g->kept + sample * g->width + g->places[l], tensor->data, tensor_bytes(tensor));
  return OK;
}

/* The real graph runs on some samples, then the one in codes on the same. */
static Status run_pairs(Gathering *g, Simulator *simulator, int64_t from, int64_t samples, Error *err) {
  int64_t most = KEPT_MOST / (int64_t)sizeof(float) / (g->width + 1);
  most = most < 1 ? 1 : most < samples ? most : samples;
  g->kept = calloc((size_t)(most * (g->width + 1)), sizeof(float));
  if (g->kept == NULL) return fail_memory(err);
  SimulationView real = {.after = keep_data, .context = g}, coded = {.after = see_data, .context = g};
  for (g->offset = 0; g->offset < samples; g->offset += most) {
    int64_t rest = samples - g->offset, now = rest < most ? rest : most;
    TRY(simulator_run(simulator, SIMULATE_REAL, from + g->offset, now, &real, err));
    TRY(simulator_run(simulator, SIMULATE_CODES, from + g->offset, now, &coded, err));
  }
  return OK;
}

Status paired_moments(SecondMoments *fit, SecondMoments *judge, Simulator *simulator, const Layers *layers,
                      int first, int count, int64_t from, int64_t samples, Arena *arena, Error *err) {
  Gathering g = {.fit = fit, .judge = judge, .layers = layers, .first = first, .count = count};
  Status status = gathering_begin(&g, simulator, true, arena, err);
  if (status == OK && g.width > 0) status = run_pairs(&g, simulator, from, samples, err);
  gathering_end(&g, simulator);
  return status;
}
