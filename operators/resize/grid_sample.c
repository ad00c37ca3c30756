/* grid_sample.c - GridSample: the input at the places that a grid names. */
#include "operators/gradient.h"
#include "operators/reals.h"
#include "operators/shape/content.h"

#include <math.h>

typedef enum GridMode { GRID_LINEAR, GRID_NEAREST, GRID_CUBIC, GRID_BILINEAR, GRID_BICUBIC } GridMode;
static const char *const modes[] = {"linear", "nearest", "cubic", "bilinear", "bicubic", NULL};

typedef enum GridPadding { GRID_ZEROS, GRID_BORDER, GRID_REFLECTION } GridPadding;
static const char *const paddings[] = {"zeros", "border", "reflection", NULL};

typedef struct GridSampleParams {
  int mode, padding_mode;
  bool align_corners; /* -1 and 1 are the centres of the corner elements, not their outer edges */
} GridSampleParams;

#define GRID_MAX_TAPS 4
#define GRID_CUBIC_A (-0.75)

/* X is [N, C, D1, ...], the grid [N, O1, ..., as many coordinates], the output [N, C, O1, ...]. */
static Status grid_sample_infer(Infer *infer) {
  const InferValue *in = &infer->in[0], *grid = &infer->in[1];
  infer->out[0].type = in->type;
  if (!in->has_shape || !grid->has_shape) return OK;
  int rank = in->shape.rank;
  if (rank < 3 || grid->shape.rank != rank)
    return infer_fail(infer, "the input has %d dimensions and the grid %d; both need the same, at least 3",
                      rank, grid->shape.rank);
  Dim coordinates = grid->shape.dims[rank - 1], batch = in->shape.dims[0], grids = grid->shape.dims[0];
  if (dim_is_known(coordinates) && coordinates != rank - 2)
    return infer_fail(infer, "the grid has %lld coordinates for %d axes", (long long)coordinates, rank - 2);
  if (dim_is_known(batch) && dim_is_known(grids) && batch != grids)
    return infer_fail(infer, "%lld grids are given for a batch of %lld", (long long)grids, (long long)batch);
  Shape out = {.rank = rank, .dims = {batch, in->shape.dims[1]}};
  for (int d = 2; d < rank; d++) out.dims[d] = grid->shape.dims[d - 1];
  return infer_set_sized(infer, 0, in->type, &out);
}

/* Folds x back into low..high, as between two mirrors. */
static double reflect(double x, double low, double high) {
  double range = high - low;
  if (!isfinite(x) || range <= 0) return low;
  double beyond = fmod(fabs(x - low), 2 * range);
  return beyond <= range ? low + beyond : high - (beyond - range);
}

/* Neighbours of one coordinate along one axis: indices (-1: a zero) and weights. */
typedef struct GridTaps {
  int count;
  int64_t index[GRID_MAX_TAPS];
  double weight[GRID_MAX_TAPS];
} GridTaps;

/* The edges between which an axis of `extent` elements is mirrored. */
static double low_edge(const GridSampleParams *params) {
  return params->align_corners ? 0 : -0.5;
}
static double high_edge(const GridSampleParams *params, int64_t extent) {
  return (double)extent - (params->align_corners ? 1 : 0.5);
}

/* Element that stands at the whole number `at`, or -1 for a zero. */
static int64_t element_at(const GridSampleParams *params, double at, int64_t extent) {
  double last = (double)(extent - 1);
  if (extent == 0) return -1;
  if (at >= 0 && at <= last) return (int64_t)at;
  if (params->padding_mode == GRID_ZEROS || at != at) return -1;
  if (params->padding_mode == GRID_REFLECTION) at = reflect(at, low_edge(params), high_edge(params, extent));
  return at < 0 ? 0 : at > last ? extent - 1 : (int64_t)at;
}

static double cubic_weight(double distance) {
  double x = fabs(distance), a = GRID_CUBIC_A;
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/* Where a coordinate of the grid lies between the elements. */
static double position_of(const GridSampleParams *params, double coordinate, int64_t extent) {
  double length = (double)extent, low = low_edge(params), high = high_edge(params, extent);
  double x =
      params->align_corners ? (coordinate + 1) / 2 * (length - 1) : ((coordinate + 1) * length - 1) / 2;
  if (params->mode == GRID_NEAREST) x = nearbyint(x);
  if (x >= low && x <= high) return x;
  if (params->padding_mode == GRID_BORDER) return x < 0 ? 0 : length - 1;
  return params->padding_mode == GRID_REFLECTION ? reflect(x, low, high) : x;
}

static void fill_taps(const GridSampleParams *params, double coordinate, int64_t extent, GridTaps *taps) {
  double x = position_of(params, coordinate, extent), base = floor(x);
  bool is_cubic = params->mode == GRID_CUBIC || params->mode == GRID_BICUBIC;
  if (params->mode == GRID_NEAREST) {
    *taps = (GridTaps){1, {element_at(params, x, extent)}, {1}};
    return;
  }
  taps->count = is_cubic ? 4 : 2;
  for (int t = 0; t < taps->count; t++) {
    double at = base + t - (is_cubic ? 1 : 0);
    taps->index[t] = element_at(params, at, extent);
    taps->weight[t] = is_cubic ? cubic_weight(x - at) : 1 - fabs(x - at);
  }
}

/* Weighted sum over the taps of axes d and behind. */
static double sum_taps(const double *from, const GridTaps *taps, const int64_t *strides, int axes) {
  if (axes == 0) return from[0];
  double sum = 0;
  for (int t = 0; t < taps[0].count; t++)
    if (taps[0].index[t] >= 0)
      sum +=
          taps[0].weight[t] * sum_taps(from + taps[0].index[t] * strides[0], taps + 1, strides + 1, axes - 1);
  return sum;
}

static Status grid_sample_run(Run *run) {
  const Tensor *in = run->in[0], *grid = run->in[1];
  Tensor *out = run->out[0];
  int axes = in->shape.rank - 2;
  if (tensor_elements(out) == 0) return OK;
  const double *from = reals_of(run, in);
  if (from == NULL) return run->err->status;
  int64_t strides[GRAPH_MAX_RANK], channels = out->shape.dims[1];
  shape_strides(&in->shape, strides);
  int64_t places = shape_product(&out->shape, 2, out->shape.rank);
  for (int64_t n = 0; n < out->shape.dims[0]; n++)
    for (int64_t p = 0; p < places; p++) {
      GridTaps taps[GRAPH_MAX_RANK];
      for (int d = 0; d < axes; d++) /* the last axis comes first in the grid */
        fill_taps(run->params, tensor_get(grid, (n * places + p) * axes + axes - 1 - d),
                  in->shape.dims[2 + d], &taps[d]);
      for (int64_t c = 0; c < channels; c++)
        tensor_set(out, (n * channels + c) * places + p,
                   sum_taps(from + n * strides[0] + c * strides[1], taps, strides + 2, axes));
    }
  return OK;
}

/* ---- the way back ---- */

/* Adds `dy` times the weights over the taps of axes d and behind. */
static void add_taps(double *to, const GridTaps *taps, const int64_t *strides, int axes, double dy) {
  if (axes == 0) {
    *to += dy;
    return;
  }
  for (int t = 0; t < taps[0].count; t++)
    if (taps[0].index[t] >= 0)
      add_taps(to + taps[0].index[t] * strides[0], taps + 1, strides + 1, axes - 1, dy * taps[0].weight[t]);
}

/* How the place between the elements moves with the coordinate: the derivative of position_of(). */
static double position_slope(const GridSampleParams *params, double coordinate, int64_t extent) {
  double length = (double)extent, low = low_edge(params), high = high_edge(params, extent);
  double slope = (params->align_corners ? length - 1 : length) / 2;
  double x = params->align_corners ? (coordinate + 1) * slope : (coordinate + 1) * slope - 0.5;
  if ((x >= low && x <= high) || params->padding_mode == GRID_ZEROS) return slope;
  double range = high - low;
  if (params->padding_mode == GRID_BORDER || !isfinite(x) || range <= 0) return 0;
  bool turned = fmod(fabs(x - low), 2 * range) > range;
  return turned != (x < low) ? -slope : slope;
}

static double cubic_slope(double distance) {
  double x = fabs(distance), a = GRID_CUBIC_A;
  double slope = x <= 1 ? (3 * (a + 2) * x - 2 * (a + 3)) * x : x < 2 ? (3 * a * x - 10 * a) * x + 8 * a : 0;
  return distance < 0 ? -slope : slope;
}

/* The same taps with the derivatives of their weights by the coordinate. */
static void slope_taps(const GridSampleParams *params, double coordinate, int64_t extent, GridTaps *taps) {
  double x = position_of(params, coordinate, extent), base = floor(x);
  double slope = position_slope(params, coordinate, extent);
  for (int t = 0; t < taps->count; t++) {
    if (taps->count == 1) /* the nearest one, wherever in its surroundings */
      taps->weight[t] = 0;
    else if (taps->count == 2)
      taps->weight[t] = t == 0 ? -slope : slope;
    else
      taps->weight[t] = slope * cubic_slope(x - (base + t - 1));
  }
}

typedef struct GridBack {
  Grad *grad;
  int axes;
  int64_t strides[GRAPH_MAX_RANK], channels, places;
  const double *from;
  double *sums; /* of the input's gradient */
} GridBack;

/* Place p of sample n in all channels. */
static void back_place(const GridBack *b, int64_t n, int64_t p) {
  const GridSampleParams *params = b->grad->run.params;
  const Tensor *in = b->grad->run.in[0], *grid = b->grad->run.in[1];
  int64_t first = (n * b->places + p) * b->axes;
  const float *dy = grad_of_output(b->grad, 0);
  float *dgrid = grad_of_input(b->grad, 1);
  GridTaps taps[GRAPH_MAX_RANK];
  for (int d = 0; d < b->axes; d++)
    fill_taps(params, tensor_get(grid, first + b->axes - 1 - d), in->shape.dims[2 + d], &taps[d]);
  for (int64_t c = 0; b->sums != NULL && c < b->channels; c++)
    add_taps(b->sums + n * b->strides[0] + c * b->strides[1], taps, b->strides + 2, b->axes,
             (double)dy[(n * b->channels + c) * b->places + p]);
  for (int d = 0; dgrid != NULL && d < b->axes; d++) {
    GridTaps kept = taps[d];
    double sum = 0;
    slope_taps(params, tensor_get(grid, first + b->axes - 1 - d), in->shape.dims[2 + d], &taps[d]);
    for (int64_t c = 0; c < b->channels; c++)
      sum += (double)dy[(n * b->channels + c) * b->places + p] *
             sum_taps(b->from + n * b->strides[0] + c * b->strides[1], taps, b->strides + 2, b->axes);
    dgrid[first + b->axes - 1 - d] = (float)sum;
    taps[d] = kept;
  }
}

static Status grad_grid_sample(Grad *grad) {
  const Tensor *in = grad->run.in[0], *out = grad->run.out[0];
  GridBack b = {.grad = grad, .axes = in->shape.rank - 2};
  int64_t n = tensor_elements(in);
  float *dx = grad_of_input(grad, 0);
  TRY(grad_zero(grad));
  if (tensor_elements(out) == 0) return OK;
  b.from = reals_of(&grad->run, in);
  b.sums = dx != NULL ? reals_new(&grad->run, n) : NULL;
  if (b.from == NULL || (dx != NULL && b.sums == NULL)) return fail_memory(grad->run.err);
  shape_strides(&in->shape, b.strides);
  b.channels = out->shape.dims[1];
  b.places = shape_product(&out->shape, 2, out->shape.rank);
  for (int64_t i = 0; dx != NULL && i < n; i++) b.sums[i] = 0;
  for (int64_t i = 0; i < out->shape.dims[0] * b.places; i++) back_place(&b, i / b.places, i % b.places);
  for (int64_t i = 0; dx != NULL && i < n; i++) dx[i] = (float)b.sums[i];
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(GridSampleParams, mode, FIELD_CHOICE, .choices = modes),
    ATTRIBUTE(GridSampleParams, padding_mode, FIELD_CHOICE, .choices = paddings),
    ATTRIBUTE(GridSampleParams, align_corners, FIELD_BOOL),
    {0},
};

const Op op_GridSample = {
    .name = "GridSample",
    .brief = "The input at the places that a grid names, between its elements.",
    .versions = {{16, grid_sample_infer, grid_sample_run, NULL, grad_grid_sample}},
    .attributes = attributes,
    .params_bytes = sizeof(GridSampleParams),
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_NUMERIC, "[N, C, ...]"},
               {"grid", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, ..., axes]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_NUMERIC, "[N, C, ...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "the places are data: there is no table of weights to prepare",
    .samples = {{"f32[1,2,3,4], f32[1,2,2,2](-1.5,1.5)", NULL},
                {"f32[1,1,3,4], f32[1,2,2,2](-1.5,1.5)", "mode=\"cubic\" padding_mode=\"border\""},
                {"f32[2,1,3,4], f32[2,2,2,2](-3,3)", "mode=\"nearest\" padding_mode=\"reflection\""},
                {"f32[1,1,2,3,4], f32[1,2,1,2,3](-3,3)", "padding_mode=\"reflection\" align_corners=1"},
                {"f32[1,1,3,4], f32[1,1,3,2]{nan,0,inf,-inf,1e30,0}", "padding_mode=\"reflection\""},
                {"f32[1,1,3,3], f32[1,2,2,2]", "mode=\"bicubic\" opset=16"},
                {"f32[1,1,0,2], f32[1,1,1,2]", "padding_mode=\"reflection\""}},
};
