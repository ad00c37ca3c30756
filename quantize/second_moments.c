#include "quantize/second_moments.h"

#include "operators/product.h"
#include "quantize/patches.h"

#include <stdatomic.h>
#include <stdlib.h>

#define DEEPEST 2304 /* weights of a row: 3x3 taps of 256 channels */

/* Room of one worker for a matrix of patches and its products. */
typedef struct Room {
  float *matrix, *products;
  size_t matrix_size, products_size; /* in floats */
} Room;

typedef struct Gathering {
  SecondMoments *moments;
  const Layers *layers;
  int first, count;
  Room *rooms;        /* by worker */
  atomic_flag *locks; /* by layer: held while its sums are added to */
} Gathering;

int64_t second_moments_bytes(const Layer *layer) {
  if (!layer->has_rows || layer->depth > DEEPEST || layer->depth < 1 || layer->data->spec->bits > 8) return 0;
  return layer->groups * layer->depth * (layer->depth + 1) * (int64_t)sizeof(double);
}

static Status room_for(Room *room, int64_t depth, Error *err) {
  size_t matrix = (size_t)(PATCHES_MOST * depth), products = (size_t)(depth * depth);
  if (matrix > room->matrix_size) {
    free(room->matrix);
    room->matrix = malloc(matrix * sizeof(float));
    room->matrix_size = room->matrix == NULL ? 0 : matrix;
  }
  if (products > room->products_size) {
    free(room->products);
    room->products = malloc(products * sizeof(float));
    room->products_size = room->products == NULL ? 0 : products;
  }
  return room->matrix == NULL || room->products == NULL ? fail_memory(err) : OK;
}

/* All sums are whole numbers below 2^53. */
static void add_group(SecondMoments *moments, int64_t group, const Room *room, int64_t positions) {
  int64_t depth = moments->depth;
  double *products = moments->products + group * depth * depth, *sums = moments->sums + group * depth;
  for (int64_t i = 0; i < depth * depth; i++) products[i] += (double)room->products[i];
  for (int64_t p = 0; p < positions; p++)
    for (int64_t i = 0; i < depth; i++) sums[i] += (double)room->matrix[p * depth + i];
}

static Status add_layer(Gathering *g, int l, int64_t sample, int worker, const Tensor *data, Error *err) {
  const Layer *layer = &g->layers->layers[g->first + l];
  SecondMoments *moments = &g->moments[l];
  Room *room = &g->rooms[worker];
  Patches patches = patches_of(layer, data, sample);
  TRY(room_for(room, layer->depth, err));
  for (int64_t group = 0; group < layer->groups; group++) {
    TRY(patches_take(layer, data, &patches, group, room->matrix, err));
    Matrix columns = {room->matrix, layer->depth, true}, rows = {room->matrix, layer->depth, false};
    product_f32(layer->depth, layer->depth, patches.count, 1, columns, rows, 0, room->products, layer->depth);
    while (atomic_flag_test_and_set_explicit(&g->locks[l], memory_order_acquire)) continue;
    add_group(moments, group, room, patches.count);
    if (group == 0) moments->positions += patches.count;
    atomic_flag_clear_explicit(&g->locks[l], memory_order_release);
  }
  return OK;
}

static Status see_data(void *context, int64_t sample, int worker, const Value *value, const Tensor *tensor,
                       Error *err) {
  Gathering *g = context;
  for (int l = 0; l < g->count; l++)
    if (g->layers->layers[g->first + l].data == value && g->moments[l].groups > 0)
      TRY(add_layer(g, l, sample, worker, tensor, err));
  return OK;
}

static Status init_moments(Gathering *g, Arena *arena, Error *err) {
  for (int l = 0; l < g->count; l++) {
    const Layer *layer = &g->layers->layers[g->first + l];
    atomic_flag_clear(&g->locks[l]);
    g->moments[l] = (SecondMoments){0};
    if (second_moments_bytes(layer) == 0) continue;
    int64_t rows = layer->groups * layer->depth;
    g->moments[l] = (SecondMoments){.depth = layer->depth, .groups = layer->groups};
    g->moments[l].products = arena_new(arena, (size_t)(rows * layer->depth), sizeof(double), err);
    g->moments[l].sums = arena_new(arena, (size_t)rows, sizeof(double), err);
    if (g->moments[l].products == NULL || g->moments[l].sums == NULL) return err->status;
  }
  return OK;
}

Status second_moments(SecondMoments *moments, Simulator *simulator, const Layers *layers, int first,
                      int count, int64_t from, int64_t samples, Arena *arena, Error *err) {
  int workers = pool_workers(simulator_pool(simulator));
  Gathering g = {.moments = moments, .layers = layers, .first = first, .count = count};
  g.rooms = calloc((size_t)workers, sizeof *g.rooms);
  g.locks = calloc((size_t)count + 1, sizeof *g.locks);
  Status status = g.rooms == NULL || g.locks == NULL ? fail_memory(err) : init_moments(&g, arena, err);
  SimulationView view = {.after = see_data, .context = &g};
  if (status == OK) status = simulator_run(simulator, SIMULATE_INPUTS, from, samples, &view, err);
  for (int w = 0; g.rooms != NULL && w < workers; w++) {
    free(g.rooms[w].matrix);
    free(g.rooms[w].products);
  }
  free(g.rooms);
  free(g.locks);
  return status;
}
