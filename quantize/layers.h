/*
 * layers.h - the linear nodes with constant weights in codes, as recovery methods see them: rows of weights,
 * a bias that can be changed. Weights whose groups have factors are left as they are. Inside quantize/.
 */
#ifndef QUANTIZE_LAYERS_H
#define QUANTIZE_LAYERS_H

#include "quantize/plan.h"

typedef struct Layer {
  Node *node;
  Value *data, *weight;
  Value *bias;      /* a constant that only this layer reads; NULL: it cannot have one */
  const Value *sum; /* the node's result with its bias: its own output, or that of the Add behind it */
  double factor, bias_factor; /* sum = factor * (weights * data) + bias_factor * bias */
  int64_t outputs;            /* channels of the result */
  int sum_axis;               /* that they lie along */
  int64_t inputs;             /* channels of the data */
  int data_axis;
  bool has_rows;                     /* false: the weight is not a list of rows (ConvTranspose) */
  int64_t depth;                     /* weights of a row, one row an output channel */
  int64_t groups;                    /* outputs and inputs are divided among */
  int64_t taps;                      /* neighbouring weights of a row that read the same channel */
  int64_t row_stride, weight_stride; /* of the weight's elements */
} Layer;

typedef struct Layers {
  Arena arena;
  Layer *layers; /* in the order in which they are run */
  int count;
} Layers;

/* Finds them in a graph that has its specs. A layer without a bias gets one of zeros, where its operator
   takes one; one that is shared gets its own. Values may be added to the graph. */
Status layers_find(Layers *layers, Graph *graph, Error *err);
void layers_free(Layers *layers);

/* Position of weight `i` of row `output` in the weight's tensor. */
static inline int64_t layer_weight_at(const Layer *layer, int64_t output, int64_t i) {
  return output * layer->row_stride + i * layer->weight_stride;
}
/* Input channel that weight `i` of row `output` reads. */
static inline int64_t layer_input_of(const Layer *layer, int64_t output, int64_t i) {
  int64_t group = output / (layer->outputs / layer->groups);
  return group * (layer->inputs / layer->groups) + i / layer->taps;
}
/* Scale of a row's weights. */
static inline double layer_scale(const Layer *layer, int64_t output) {
  const QuantSpec *spec = layer->weight->spec;
  return (double)spec->scales[spec->scale_count > 1 ? output : 0];
}
/* Largest code of the weights: 127 for 8 bits, 7 for 4. */
static inline double layer_code_limit(const Layer *layer) {
  return (double)((1 << (layer->weight->spec->bits - 1)) - 1);
}
/* Scales that can be chosen: one a row, of codes so few that it pays. */
static inline bool layer_has_free_scales(const Layer *layer) {
  return layer->weight->spec->scale_count == layer->outputs && layer->weight->spec->bits < 8;
}

/* The weights get `bits` bits, with scales that keep their largest weights. */
Status layer_set_bits(Graph *graph, Layer *layer, int bits, Error *err);

/* A smaller scale of a row would make the codes of its bias too large. */
double layer_least_scale(const Layer *layer, int64_t output);

/* The bias gets `change[output]` added: a new constant in the graph's arena. */
Status layer_change_bias(Graph *graph, Layer *layer, const double *change, Error *err);

#endif
