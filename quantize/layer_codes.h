/*
 * layer_codes.h - new weights for a layer, row by row, that lie on the grid of new scales; and what its bias
 * must take up. Inside quantize/.
 *
 *     LayerCodes codes;
 *     TRY(layer_codes_begin(&codes, graph, layer, arena, err));
 *     ... layer_codes_row(&codes, output, scale, row), of rows on any thread; others stay ...
 *     codes.change[output] = ...;
 *     TRY(layer_codes_end(&codes, graph, err));
 */
#ifndef QUANTIZE_LAYER_CODES_H
#define QUANTIZE_LAYER_CODES_H

#include "quantize/layers.h"

typedef struct LayerCodes {
  Layer *layer;
  Tensor *weights;
  float *scales;
  double *change; /* by output: added to the bias, in its real unit */
} LayerCodes;

Status layer_codes_begin(LayerCodes *codes, Graph *graph, Layer *layer, Arena *arena, Error *err);
/* `row` [depth] are codes. */
void layer_codes_row(LayerCodes *codes, int64_t output, double scale, const double *row);
Status layer_codes_end(LayerCodes *codes, Graph *graph, Error *err);

#endif
