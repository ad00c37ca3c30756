#include "cmd/synthetic.h"

#include <math.h>

/* ---- what the model tells ---- */

/* The first layer and the normalization behind it. */
typedef struct FirstLayer {
  const Tensor *weight, *bias; /* bias may be NULL */
  const Tensor *mean, *variance;
} FirstLayer;

static bool find_first_layer(const Graph *graph, FirstLayer *found) {
  for (int n = 0; n < graph->node_count; n++) {
    const Node *node = graph->nodes[n];
    if (!node_is(node, "Conv") && !node_is(node, "Gemm")) continue;
    const Value *result = node->outputs[0];
    if (result->user_count < 1 || !node_is(result->users[0], "BatchNormalization")) return false;
    const Node *norm = result->users[0];
    *found = (FirstLayer){node_constant(node, 1), node_constant(node, 2), node_constant(norm, 3),
                          node_constant(norm, 4)};
    return found->weight != NULL && found->mean != NULL && found->variance != NULL &&
           tensor_elements(found->mean) == found->weight->shape.dims[0];
  }
  return false;
}

/* For inputs of mean m and deviation s a channel has the mean m sum(w) + b and the variance s^2 sum(w^2): m
   by least squares over the channels, s by the mean ratio. */
void synthetic_fit(Inputs *inputs, const Graph *graph) {
  FirstLayer layer;
  if (!inputs->is_synthetic || !find_first_layer(graph, &layer)) return;
  int64_t channels = layer.weight->shape.dims[0], products = tensor_elements(layer.weight) / channels;
  double cross = 0, squares = 0, ratios = 0;
  for (int64_t c = 0; c < channels; c++) {
    double sum = 0, energy = 0, bias = layer.bias == NULL ? 0 : tensor_get(layer.bias, c);
    for (int64_t i = 0; i < products; i++) {
      double w = tensor_get(layer.weight, c * products + i);
      sum += w;
      energy += w * w;
    }
    cross += sum * (tensor_get(layer.mean, c) - bias);
    squares += sum * sum;
    ratios += energy > 1e-12 ? tensor_get(layer.variance, c) / energy : 0;
  }
  inputs->synthetic_mean = squares > 0 ? cross / squares : 0;
  inputs->synthetic_deviation = sqrt(fmax(ratios / (double)channels, 1e-12));
}

/* ---- samples ---- */

#define GRID 4 /* pictures vary from point to point of a grid of this pitch, smoothly between */

/* Nearly normal, of mean 0 and variance 1: the sum of the four 16-bit numbers of one draw. */
static double noise_of(uint64_t bits) {
  const double sqrt_3 = 1.7320508075688772;
  uint64_t sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
  return ((double)sum / 65535.0 - 2.0) * sqrt_3;
}

static double grid_noise(uint64_t seed, int64_t plane, int64_t row, int64_t column) {
  Random random = {seed ^ (uint64_t)plane * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)row << 20 ^
                   (uint64_t)column};
  return noise_of(random_bits(&random));
}

/* Bilinear between the grid's points. */
static double smooth_noise(uint64_t seed, int64_t plane, int64_t row, int64_t column) {
  int64_t r = row / GRID, c = column / GRID;
  double y = (double)(row % GRID) / GRID, x = (double)(column % GRID) / GRID;
  double above = grid_noise(seed, plane, r, c) * (1 - x) + grid_noise(seed, plane, r, c + 1) * x;
  double below = grid_noise(seed, plane, r + 1, c) * (1 - x) + grid_noise(seed, plane, r + 1, c + 1) * x;
  return above * (1 - y) + below * y;
}

static void fill_sample(const Inputs *inputs, uint64_t seed, Tensor *sample) {
  const Shape *shape = &sample->shape;
  int64_t columns = shape->rank > 0 ? shape->dims[shape->rank - 1] : 1;
  int64_t rows = shape->rank > 1 ? shape->dims[shape->rank - 2] : 1, count = tensor_elements(sample);
  bool is_picture = rows > 2 * GRID && columns > 2 * GRID;
  Random random = {seed};
  for (int64_t e = 0; e < count; e++) {
    double white = noise_of(random_bits(&random)), noise = white;
    if (is_picture)
      noise = 0.5 * white + smooth_noise(seed, e / (rows * columns), e / columns % rows, e % columns);
    tensor_set(sample, e, inputs->synthetic_mean + inputs->synthetic_deviation * noise);
  }
}

static void fill_integers(uint64_t seed, Tensor *sample) {
  Random random = {seed};
  int64_t count = tensor_elements(sample);
  for (int64_t e = 0; e < count; e++) tensor_set_integer(sample, e, (int64_t)random_below(&random, 2));
}

void synthetic_fill(const Inputs *inputs, int i, int64_t count, void *buffer) {
  Tensor sample = inputs->forms[i];
  for (int64_t k = 0; k < count; k++) {
    Random random = {inputs->seed + (uint64_t)(inputs->position + k) * 64 + (uint64_t)i};
    uint64_t seed = random_bits(&random);
    sample.data = (char *)buffer + (size_t)k * tensor_bytes(&sample);
    if (element_is_float(sample.type))
      fill_sample(inputs, seed, &sample);
    else
      fill_integers(seed, &sample);
  }
}
