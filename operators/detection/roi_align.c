/* roi_align.c - RoiAlign: boxes of an image, sampled to one size. */
#include "operators/gradient.h"
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

/* The four neighbours of a sample: where, and how much of each. */
typedef struct RoiTaps {
  int64_t at[4];
  double weight[4]; /* all 0 outside of the image */
} RoiTaps;

static RoiTaps taps_of(const RoiAxis axes[2], int64_t plane, RoiPlace y, RoiPlace z) {
  int64_t width = axes[1].size, base = plane * axes[0].size * width;
  if (!y.inside || !z.inside) return (RoiTaps){{base, base, base, base}, {0}};
  return (RoiTaps){{base + y.low * width + z.low, base + y.low * width + z.high,
                    base + y.high * width + z.low, base + y.high * width + z.high},
                   {(1 - y.weight) * (1 - z.weight), (1 - y.weight) * z.weight, y.weight * (1 - z.weight),
                    y.weight * z.weight}};
}

/* A bin on one plane: the walk over its samples. */
typedef struct RoiBin {
  const RoiAxis *axes;
  int64_t plane, row, column;
} RoiBin;

static int64_t samples_of(const RoiBin *bin) {
  return bin->axes[0].samples * bin->axes[1].samples;
}

static RoiTaps sample_of(const RoiBin *bin, int64_t i) {
  int64_t columns = bin->axes[1].samples;
  return taps_of(bin->axes, bin->plane, place_of(&bin->axes[0], bin->row, i / columns),
                 place_of(&bin->axes[1], bin->column, i % columns));
}

static bool is_mean(const Run *run) {
  return ((const RoiParams *)run->params)->mode == 0;
}

/* What one neighbour adds to a bin; nothing where it is outside, whatever stands there. */
static double part_of(const Tensor *x, const RoiTaps *taps, int k) {
  return taps->weight[k] == 0 ? 0 : taps->weight[k] * tensor_get(x, taps->at[k]);
}

/* The mean of the samples of a bin, or their largest weighted neighbour. */
static void set_bin(void *context, int64_t output, const RoiBin *bin) {
  const Run *run = context;
  double sum = 0, most = -INFINITY;
  for (int64_t i = 0; i < samples_of(bin); i++) {
    RoiTaps taps = sample_of(bin, i);
    for (int k = 0; k < 4; k++) {
      double part = part_of(run->in[IN_X], &taps, k);
      sum += part;
      most = fmax(most, part);
    }
  }
  tensor_set(run->out[0], output, is_mean(run) ? sum / (double)samples_of(bin) : most);
}

static void back_mean(const Grad *grad, int64_t output, const RoiBin *bin) {
  double share = (double)grad_of_output(grad, 0)[output] / (double)samples_of(bin);
  for (int64_t i = 0; i < samples_of(bin); i++) {
    RoiTaps taps = sample_of(bin, i);
    for (int k = 0; k < 4; k++)
      if (taps.weight[k] != 0) grad_of_input(grad, IN_X)[taps.at[k]] += (float)(share * taps.weight[k]);
  }
}

static void back_most(const Grad *grad, int64_t output, const RoiBin *bin) {
  double most = -INFINITY, weight = 0;
  int64_t at = 0;
  for (int64_t i = 0; i < samples_of(bin); i++) {
    RoiTaps taps = sample_of(bin, i);
    for (int k = 0; k < 4; k++) {
      double part = part_of(grad->run.in[IN_X], &taps, k);
      if (!(part > most)) continue;
      most = part;
      weight = taps.weight[k];
      at = taps.at[k];
    }
  }
  if (weight != 0) grad_of_input(grad, IN_X)[at] += (float)(weight * (double)grad_of_output(grad, 0)[output]);
}

static void back_bin(void *context, int64_t output, const RoiBin *bin) {
  const Grad *grad = context;
  if (is_mean(&grad->run))
    back_mean(grad, output, bin);
  else
    back_most(grad, output, bin);
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

typedef void (*RoiVisit)(void *context, int64_t output, const RoiBin *bin);

static Status align(Run *run, bool aligned, RoiVisit visit, void *context) {
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
      RoiBin bin = {axes, n * channels + i / bins, i % bins / y->dims[3], i % y->dims[3]};
      visit(context, r * channels * bins + i, &bin);
    }
  }
  return OK;
}

static bool is_aligned(const Run *run) {
  return ((const RoiParams *)run->params)->coordinate_transformation_mode == 0;
}

static Status run_16(Run *run) {
  return align(run, is_aligned(run), set_bin, run);
}

static Status run_10(Run *run) {
  return align(run, false, set_bin, run);
}

static Status back(Grad *grad, bool aligned) {
  TRY(grad_zero(grad));
  return grad_of_input(grad, IN_X) == NULL ? OK : align(&grad->run, aligned, back_bin, grad);
}

static Status grad_16(Grad *grad) {
  return back(grad, is_aligned(&grad->run));
}

static Status grad_10(Grad *grad) {
  return back(grad, false);
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
    .versions = {{16, infer, run_16, NULL, grad_16}, {10, infer, run_10, NULL, grad_10}},
    .attributes = attributes,
    .params_bytes = sizeof(RoiParams),
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, H, W]"},
               {"rois", PORT_REQUIRED, ELEMENTS_FLOAT, "[count, 4]"},
               {"batch_indices", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT64), "[count]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_FLOAT, "[count, C, height, width]"}},
    .settings = 1 << IN_ROIS,
    .role = ROLE_FLOAT,
    .role_reason = "samples between pixels, at places that the data gives",
    .samples = {{"f32[2,2,6,6], f32[2,4]{0,0,3,4,1,1,5,5}, i64{0,1}", "output_height=2 output_width=3"},
                {"f32[1,1,6,6], f32[1,4]{0,0,5,5}, i64{0}",
                 "mode=\"max\" sampling_ratio=2 spatial_scale=0.5"},
                {"f32[1,1,4,4], f32[1,4]{1,1,1,1}, i64{0}", "opset=10"}},
};
