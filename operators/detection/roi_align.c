/* roi_align.c - RoiAlign: boxes of an image, sampled to one size. */
#include "operators/reals.h"

#include <math.h>

static const char *const modes[] = {"avg", "max", NULL};
static const char *const coordinate_modes[] = {"half_pixel", "output_half_pixel", NULL};
#define ROI_MOST (INT64_C(1) << 16)

typedef struct RoiParams {
  int mode, coordinate_transformation_mode;
  int64_t output_height, output_width, sampling_ratio;
  float spatial_scale;
} RoiParams;

enum { IN_X, IN_ROIS, IN_BATCH };

static Status infer(Infer *infer) {
  const RoiParams *params = infer->params;
  const InferValue *x = &infer->in[IN_X], *rois = &infer->in[IN_ROIS], *batch = &infer->in[IN_BATCH];
  Dim count = DIM_UNKNOWN;
  infer->out[0].type = x->type;
  if (x->has_shape && x->shape.rank != 4)
    return infer_fail(infer, "the input has %d dimensions instead of 4", x->shape.rank);
  if (rois->has_shape) {
    if (rois->shape.rank != 2 || (dim_is_known(rois->shape.dims[1]) && rois->shape.dims[1] != 4))
      return infer_fail(infer, "rois must be [count, 4]");
    count = rois->shape.dims[0];
  }
  if (batch->has_shape) {
    if (batch->shape.rank != 1) return infer_fail(infer, "batch_indices must be a list");
    if (dim_is_known(count) && dim_is_known(batch->shape.dims[0]) && batch->shape.dims[0] != count)
      return infer_fail(infer, "there must be one batch index for each roi");
    if (!dim_is_known(count)) count = batch->shape.dims[0];
  }
  infer_set(infer, 0, x->type,
            &SHAPE(count, x->has_shape ? x->shape.dims[1] : DIM_UNKNOWN, params->output_height,
                   params->output_width));
  return OK;
}

/* One axis of a box: where it begins, the length of a bin, samples in each. */
typedef struct RoiAxis {
  double from, bin;
  int64_t samples, size; /* size: of the image */
} RoiAxis;

/* Where a sample lies between two pixels. */
typedef struct RoiPlace {
  int64_t low, high;
  double weight; /* of `high` */
  bool inside;
} RoiPlace;

static RoiPlace place_of(const RoiAxis *axis, int64_t bin, int64_t sample) {
  double at =
      axis->from + (double)bin * axis->bin + ((double)sample + 0.5) * axis->bin / (double)axis->samples;
  if (!(at >= -1 && at <= (double)axis->size) || axis->size == 0) return (RoiPlace){0};
  if (at < 0) at = 0;
  int64_t low = (int64_t)at;
  if (low >= axis->size - 1) return (RoiPlace){axis->size - 1, axis->size - 1, 0, true};
  return (RoiPlace){low, low + 1, at - (double)low, true};
}

/* The mean of the samples of a bin, or their largest weighted neighbour. */
static double bin_value(const Run *run, int64_t plane, const RoiAxis axes[2], int64_t row, int64_t column) {
  const Tensor *x = run->in[IN_X];
  bool is_mean = ((const RoiParams *)run->params)->mode == 0;
  double sum = 0, most = -INFINITY;
  int64_t base = plane * axes[0].size * axes[1].size, width = axes[1].size;
  for (int64_t i = 0; i < axes[0].samples; i++)
    for (int64_t j = 0; j < axes[1].samples; j++) {
      RoiPlace y = place_of(&axes[0], row, i), z = place_of(&axes[1], column, j);
      double parts[4] = {0, 0, 0, 0};
      if (y.inside && z.inside) {
        parts[0] = (1 - y.weight) * (1 - z.weight) * tensor_get(x, base + y.low * width + z.low);
        parts[1] = (1 - y.weight) * z.weight * tensor_get(x, base + y.low * width + z.high);
        parts[2] = y.weight * (1 - z.weight) * tensor_get(x, base + y.high * width + z.low);
        parts[3] = y.weight * z.weight * tensor_get(x, base + y.high * width + z.high);
      }
      for (int k = 0; k < 4; k++) {
        sum += parts[k];
        most = fmax(most, parts[k]);
      }
    }
  return is_mean ? sum / (double)(axes[0].samples * axes[1].samples) : most;
}

static Status make_axis(Run *run, double from, double to, int64_t bins, int64_t size, bool aligned,
                        RoiAxis *axis) {
  const RoiParams *params = run->params;
  double scale = (double)params->spatial_scale, shift = aligned ? 0.5 : 0;
  double length = to * scale - from * scale;
  if (!aligned && length < 1) length = 1;
  axis->from = from * scale - shift;
  axis->bin = length / (double)bins;
  axis->size = size;
  double samples = params->sampling_ratio > 0 ? (double)params->sampling_ratio : ceil(axis->bin);
  if (!(samples <= (double)ROI_MOST)) return run_fail(run, "a roi is too large");
  axis->samples = samples >= 1 ? (int64_t)samples : 1;
  return OK;
}

static Status align(Run *run, bool aligned) {
  const Shape *x = &run->in[IN_X]->shape, *y = &run->out[0]->shape;
  int64_t channels = x->dims[1], bins = y->dims[2] * y->dims[3];
  for (int64_t r = 0; r < y->dims[0]; r++) {
    int64_t n = tensor_get_integer(run->in[IN_BATCH], r);
    RoiAxis axes[2] = {{0}};
    double at[4];
    for (int k = 0; k < 4; k++) at[k] = tensor_get(run->in[IN_ROIS], r * 4 + k); /* x1, y1, x2, y2 */
    if (n < 0 || n >= x->dims[0])
      return run_fail(run, "batch index %lld is not within 0..%lld", (long long)n, (long long)x->dims[0] - 1);
    TRY(make_axis(run, at[1], at[3], y->dims[2], x->dims[2], aligned, &axes[0]));
    TRY(make_axis(run, at[0], at[2], y->dims[3], x->dims[3], aligned, &axes[1]));
    for (int64_t i = 0; i < channels * bins; i++) {
      int64_t c = i / bins, bin = i % bins;
      tensor_set(run->out[0], r * channels * bins + i,
                 bin_value(run, n * channels + c, axes, bin / y->dims[3], bin % y->dims[3]));
    }
  }
  return OK;
}

static Status run_16(Run *run) {
  return align(run, ((const RoiParams *)run->params)->coordinate_transformation_mode == 0);
}

static Status run_10(Run *run) {
  return align(run, false);
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(RoiParams, mode, FIELD_CHOICE, .choices = modes),
    ATTRIBUTE(RoiParams, coordinate_transformation_mode, FIELD_CHOICE, .choices = coordinate_modes),
    ATTRIBUTE(RoiParams, output_height, FIELD_INT, .otherwise = 1, .least = 1, .most = ROI_MOST),
    ATTRIBUTE(RoiParams, output_width, FIELD_INT, .otherwise = 1, .least = 1, .most = ROI_MOST),
    ATTRIBUTE(RoiParams, sampling_ratio, FIELD_INT, .otherwise = 0, .least = 0, .most = ROI_MOST),
    ATTRIBUTE(RoiParams, spatial_scale, FIELD_FLOAT, .otherwise_float = 1),
    {0}};

const Op op_RoiAlign = {
    .name = "RoiAlign",
    .brief = "Samples boxes of an image to one size.",
    .versions = {{16, infer, run_16, NULL}, {10, infer, run_10, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(RoiParams),
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, H, W]"},
               {"rois", PORT_REQUIRED, ELEMENTS_FLOAT, "[count, 4]"},
               {"batch_indices", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT64), "[count]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_FLOAT, "[count, C, height, width]"}},
    .role = ROLE_FLOAT,
    .role_reason = "samples between pixels, at places that the data gives",
    .samples = {{"f32[2,2,6,6], f32[2,4]{0,0,3,4,1,1,5,5}, i64{0,1}", "output_height=2 output_width=3"},
                {"f32[1,1,6,6], f32[1,4]{0,0,5,5}, i64{0}",
                 "mode=\"max\" sampling_ratio=2 spatial_scale=0.5"},
                {"f32[1,1,4,4], f32[1,4]{1,1,1,1}, i64{0}", "opset=10"}},
};
