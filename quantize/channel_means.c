#include "quantize/channel_means.h"

#include <stdlib.h>

typedef double (*ChannelSum)(const float *values, int64_t count);

/* Where the means of a value's channels lie in a sample's row. */
typedef struct Place {
  int64_t at; /* -1: not watched */
  int axis;
} Place;

typedef struct Watch {
  Place *sums, *data;     /* by value */
  int64_t width;          /* of a row */
  double *rows;           /* [samples][width] */
  ChannelSum sum_of_data; /* over a channel */
} Watch;

/* Four sums side by side, so that one addition need not wait for the other. */
static double sum_of(const float *values, int64_t count) {
  double sums[4] = {0};
  int64_t i = 0;
  for (; i + 4 <= count; i += 4)
    for (int k = 0; k < 4; k++) sums[k] += (double)values[i + k];
  for (; i < count; i++) sums[0] += (double)values[i];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static double squares_of(const float *values, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; i++) sum += (double)values[i] * (double)values[i];
  return sum;
}

static void means_of(const Tensor *tensor, int axis, ChannelSum sum, double *means) {
  int64_t outer = shape_product(&tensor->shape, 0, axis), channels = tensor->shape.dims[axis];
  int64_t inner = shape_product(&tensor->shape, axis + 1, tensor->shape.rank);
  const float *values = tensor->data;
  for (int64_t o = 0; o < outer; o++)
    for (int64_t c = 0; c < channels; c++) means[c] += sum(values + (o * channels + c) * inner, inner);
  for (int64_t c = 0; c < channels && outer * inner > 0; c++) means[c] /= (double)(outer * inner);
}

static Status see_sum(void *context, int64_t sample, int worker, const Value *value, const Tensor *tensor,
                      Error *err) {
  const Watch *watch = context;
  const Place *place = &watch->sums[value->index];
  (void)worker;
  (void)err;
  if (place->at >= 0) means_of(tensor, place->axis, sum_of, watch->rows + sample * watch->width + place->at);
  return OK;
}

static Status see_data(void *context, int64_t sample, int worker, const Value *value, const Tensor *tensor,
                       Error *err) {
  const Watch *watch = context;
  const Place *place = &watch->data[value->index];
  (void)worker;
  (void)err;
  if (place->at >= 0)
    means_of(tensor, place->axis, watch->sum_of_data, watch->rows + sample * watch->width + place->at);
  return OK;
}

static void take_place(Watch *watch, Place *places, const Value *value, int axis, int64_t channels) {
  if (places[value->index].at >= 0) return;
  places[value->index] = (Place){watch->width, axis};
  watch->width += channels;
}

static Status watch_init(Watch *watch, const Layers *layers, int values, int64_t count, Arena *arena,
                         Error *err) {
  size_t cells;
  watch->sums = arena_new(arena, (size_t)values + 1, sizeof *watch->sums, err);
  watch->data = arena_new(arena, (size_t)values + 1, sizeof *watch->data, err);
  if (watch->sums == NULL || watch->data == NULL) return err->status;
  for (int v = 0; v < values; v++) watch->sums[v].at = watch->data[v].at = -1;
  for (int l = 0; l < layers->count; l++) {
    const Layer *layer = &layers->layers[l];
    take_place(watch, watch->sums, layer->sum, layer->sum_axis, layer->outputs);
    take_place(watch, watch->data, layer->data, layer->data_axis, layer->inputs);
  }
  if (!size_multiply((size_t)watch->width + 1, (size_t)count, &cells)) return fail_memory(err);
  watch->rows = arena_new(arena, cells, sizeof *watch->rows, err);
  return watch->rows == NULL ? err->status : OK;
}

/* The mean row takes the place of the first one. */
static void average_rows(Watch *watch, int64_t count) {
  for (int64_t i = 0; i < watch->width; i++) {
    double sum = 0;
    for (int64_t s = 0; s < count; s++) sum += watch->rows[s * watch->width + i];
    watch->rows[i] = sum / (double)count;
  }
}

static Status point_to_means(ChannelMeans *means, const Watch *watch, const Layers *layers, Error *err) {
  means->sums = arena_new(&means->arena, (size_t)layers->count, sizeof *means->sums, err);
  means->data = arena_new(&means->arena, (size_t)layers->count, sizeof *means->data, err);
  if (means->sums == NULL || means->data == NULL) return err->status;
  for (int l = 0; l < layers->count; l++) {
    means->sums[l] = watch->rows + watch->sums[layers->layers[l].sum->index].at;
    means->data[l] = watch->rows + watch->data[layers->layers[l].data->index].at;
  }
  return OK;
}

static Status gather(ChannelMeans *means, Watch *watch, Simulator *simulator, const Layers *layers,
                     SimulatedAs as, int64_t from, int64_t count, Error *err) {
  *means = (ChannelMeans){0};
  SimulationView view = {.before = see_sum, .after = see_data, .context = watch};
  Status status =
      watch_init(watch, layers, simulator_graph(simulator)->value_count, count, &means->arena, err);
  if (status == OK) status = simulator_run(simulator, as, from, count, &view, err);
  if (status == OK) {
    average_rows(watch, count);
    status = point_to_means(means, watch, layers, err);
  }
  if (status != OK) channel_means_free(means);
  return status;
}

Status channel_means(ChannelMeans *means, Simulator *simulator, const Layers *layers, SimulatedAs as,
                     int64_t from, int64_t count, Error *err) {
  Watch watch = {.sum_of_data = sum_of};
  return gather(means, &watch, simulator, layers, as, from, count, err);
}

Status channel_squares(ChannelMeans *squares, Simulator *simulator, const Layers *layers, SimulatedAs as,
                       int64_t from, int64_t count, Error *err) {
  Watch watch = {.sum_of_data = squares_of};
  return gather(squares, &watch, simulator, layers, as, from, count, err);
}

void channel_means_free(ChannelMeans *means) {
  arena_free(&means->arena);
}
