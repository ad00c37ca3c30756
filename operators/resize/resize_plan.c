/* shared by the family: resampling along axes, after the definition in ONNX's operator documentation. */
#include "operators/resize/resize_plan.h"

#include "operators/move/element_copy.h"
#include "operators/shape/content.h"

#include <math.h>
#include <string.h>

Status resize_scaled_dim(const Infer *infer, int axis, double scale, int64_t dim, int64_t *result) {
  if (!(scale > 0) || !isfinite(scale)) return infer_fail(infer, "the scale of axis %d is %g", axis, scale);
  double scaled = floor((double)((float)dim * (float)scale));
  if (scaled > (double)CONTENT_MAX_ELEMENTS)
    return infer_fail(infer, "axis %d would have more than %lld elements", axis,
                      (long long)CONTENT_MAX_ELEMENTS);
  *result = (int64_t)scaled;
  return OK;
}

OpRole resize_role_of(int mode, const char **reason) {
  if (mode == RESIZE_NEAREST) return ROLE_SAME_SCALE;
  if (mode == RESIZE_LINEAR) return ROLE_AVERAGE;
  *reason = "cubic interpolation overshoots the range of its input";
  return ROLE_FLOAT;
}

void resize_plan_axes(ResizePlan *plan, const Shape *in, const Shape *out) {
  for (int d = 0; d < in->rank; d++)
    plan->axes[d] = (ResizeAxis){in->dims[d], out->dims[d], .scale = 1, .roi_from = 0, .roi_to = 1};
}

/* `length` is the output's before it was rounded: the definition keeps it so for corners that align. */
double resize_position(const ResizePlan *plan, int d, int64_t i) {
  const ResizeAxis *axis = &plan->axes[d];
  double x = (double)i, in = (double)axis->in, out = (double)axis->out;
  double length = axis->scale * in;
  switch (plan->coordinates) {
  case COORDINATES_HALF_PIXEL_SYMMETRIC:
    return in / 2 * (1 - out / length) + (x + 0.5) / axis->scale - 0.5;
  case COORDINATES_PYTORCH_HALF_PIXEL:
    return axis->out > 1 ? (x + 0.5) / axis->scale - 0.5 : 0;
  case COORDINATES_ALIGN_CORNERS:
    return axis->out > 1 ? x * (in - 1) / (length - 1) : 0;
  case COORDINATES_ASYMMETRIC:
    return x / axis->scale;
  case COORDINATES_TF_HALF_PIXEL_FOR_NN:
    return (x + 0.5) / axis->scale;
  case COORDINATES_TF_CROP_AND_RESIZE:
    if (axis->out == 1) return 0.5 * (axis->roi_from + axis->roi_to) * (in - 1);
    return axis->roi_from * (in - 1) + x * (axis->roi_to - axis->roi_from) * (in - 1) / (length - 1);
  default:
    return (x + 0.5) / axis->scale - 0.5;
  }
}

static bool is_outside(const ResizePlan *plan, const ResizeAxis *axis, double x) {
  return plan->coordinates == COORDINATES_TF_CROP_AND_RESIZE && (x < 0 || x > (double)(axis->in - 1));
}

static bool is_unchanged(const ResizePlan *plan, const ResizeAxis *axis) {
  if (axis->in != axis->out || axis->scale != 1) return false;
  return plan->coordinates != COORDINATES_TF_CROP_AND_RESIZE || (axis->roi_from == 0 && axis->roi_to == 1);
}

/* The whole number within 0..in-1 that is nearest to x (any number, NaN too). */
static int64_t within(double x, int64_t in) {
  if (!(x > 0)) return 0;
  return x >= (double)(in - 1) ? in - 1 : (int64_t)x;
}

/* ---- nearest: elements are copied ---- */

static double round_nearest(int nearest, double x) {
  switch (nearest) {
  case NEAREST_ROUND_PREFER_CEIL:
    return floor(x + 0.5);
  case NEAREST_FLOOR:
    return floor(x);
  case NEAREST_CEIL:
    return ceil(x);
  default:
    return ceil(x - 0.5);
  }
}

int64_t resize_nearest_index(const ResizePlan *plan, int d, int64_t i) {
  const ResizeAxis *axis = &plan->axes[d];
  if (is_unchanged(plan, axis)) return i;
  double x = resize_position(plan, d, i);
  return is_outside(plan, axis, x) ? -1 : within(round_nearest(plan->nearest, x), axis->in);
}

static Status run_nearest(Run *run, const ResizePlan *plan) {
  const Tensor *in = run->in[0], *out = run->out[0];
  int64_t *maps[GRAPH_MAX_RANK];
  TRY(copy_new_maps(run, &out->shape, maps));
  for (int d = 0; d < out->shape.rank; d++)
    for (int64_t i = 0; i < out->shape.dims[d]; i++) maps[d][i] = resize_nearest_index(plan, d, i);
  uint64_t bytes = 0;
  Tensor fill = {.type = in->type, .data = &bytes};
  static const char *const empty = "";
  if (in->type != ELEMENT_STRING) tensor_set(&fill, 0, plan->extrapolation);
  copy_mapped(out, in, maps, in->type == ELEMENT_STRING ? (const void *)&empty : &bytes);
  return OK;
}

/* ---- linear and cubic: weighted sums of neighbours ---- */

/* For each output element of an axis `count` neighbours: their indices and weights. */
typedef struct ResizeTaps {
  int count, first; /* neighbours lie at base + first ... */
  int64_t *indices; /* [out][count] */
  double *weights;  /* [out][count] */
} ResizeTaps;

static double weight_at(const ResizePlan *plan, double distance) {
  double x = fabs(distance), a = plan->cubic_a;
  if (plan->mode == RESIZE_LINEAR) return x < 1 ? 1 - x : 0;
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/* The filter is stretched when shrinking with antialiasing. */
static double stretch(const ResizePlan *plan, const ResizeAxis *axis) {
  return plan->antialias && axis->scale < 1 ? axis->scale : 1;
}

static Status new_taps(Run *run, const ResizePlan *plan, const ResizeAxis *axis, ResizeTaps *taps) {
  double support = plan->mode == RESIZE_LINEAR ? 1 : 2;
  double first = floor(-support / stretch(plan, axis)) + 1, count = 2 - 2 * first;
  size_t room;
  if (count > INT32_MAX || !size_multiply((size_t)axis->out, (size_t)count, &room) ||
      !size_multiply(room, sizeof(double), &room))
    return run_fail(run, "a scale of %g is too small", axis->scale);
  taps->count = (int)count;
  taps->first = (int)first;
  taps->indices = run_scratch(run, room);
  taps->weights = run_scratch(run, room);
  return taps->indices == NULL || taps->weights == NULL ? run->err->status : OK;
}

/* Neighbours of output element i. Weights sum up to 1; those outside count for the edge, or not at all. */
static void fill_taps(const ResizePlan *plan, int d, int64_t i, ResizeTaps *taps) {
  const ResizeAxis *axis = &plan->axes[d];
  double x = resize_position(plan, d, i), base = ceil(x) - 1, sum = 0, narrow = stretch(plan, axis);
  int64_t *indices = taps->indices + i * taps->count;
  double *weights = taps->weights + i * taps->count;
  for (int t = 0; t < taps->count; t++) {
    double at = base + taps->first + t;
    indices[t] = within(at, axis->in);
    weights[t] = weight_at(plan, narrow * (at - x));
    if (plan->exclude_outside && (at < 0 || at > (double)(axis->in - 1))) weights[t] = 0;
    sum += weights[t];
  }
  for (int t = 0; t < taps->count; t++) weights[t] /= sum;
}

/* to[outer][out][inner] = sum over taps of from[outer][in][inner]. */
static void resample(const ResizeAxis *axis, const ResizeTaps *taps, int64_t outer, int64_t inner,
                     const double *from, double *to) {
  for (int64_t o = 0; o < outer; o++, from += axis->in * inner)
    for (int64_t i = 0; i < axis->out; i++, to += inner) {
      for (int64_t k = 0; k < inner; k++) to[k] = 0;
      for (int t = 0; t < taps->count; t++) {
        double weight = taps->weights[i * taps->count + t];
        const double *row = from + taps->indices[i * taps->count + t] * inner;
        for (int64_t k = 0; k < inner; k++) to[k] += weight * row[k];
      }
    }
}

/* Room for the largest tensor between two axes. */
static double *new_buffer(Run *run, const ResizePlan *plan) {
  Shape shape = run->in[0]->shape;
  size_t most = (size_t)shape_elements(&shape), bytes;
  for (int d = 0; d < shape.rank; d++) {
    shape.dims[d] = plan->axes[d].out;
    int64_t elements = shape_elements(&shape);
    if (elements > CONTENT_MAX_ELEMENTS || elements < 0) {
      run_fail(run, "what lies between two axes has too many elements");
      return NULL;
    }
    if ((size_t)elements > most) most = (size_t)elements;
  }
  if (!size_multiply(most, sizeof(double), &bytes)) {
    run_fail(run, "the input has too many elements");
    return NULL;
  }
  return run_scratch(run, bytes);
}

/* Overwrites what an axis has from outside the crop. */
static void extrapolate(const ResizePlan *plan, Tensor *out) {
  for (int d = 0; d < out->shape.rank; d++) {
    int64_t outer = shape_product(&out->shape, 0, d), extent = out->shape.dims[d];
    int64_t inner = shape_product(&out->shape, d + 1, out->shape.rank);
    for (int64_t i = 0; i < extent; i++) {
      if (!is_outside(plan, &plan->axes[d], resize_position(plan, d, i))) continue;
      for (int64_t o = 0; o < outer; o++)
        for (int64_t k = 0; k < inner; k++)
          tensor_set(out, (o * extent + i) * inner + k, plan->extrapolation);
    }
  }
}

static Status run_weighted(Run *run, const ResizePlan *plan) {
  Tensor *out = run->out[0];
  Shape shape = run->in[0]->shape;
  double *from = new_buffer(run, plan), *to = from == NULL ? NULL : new_buffer(run, plan);
  if (to == NULL) return run->err->status;
  int64_t count = tensor_elements(run->in[0]);
  for (int64_t i = 0; i < count; i++) from[i] = tensor_get(run->in[0], i);
  for (int d = 0; d < shape.rank; d++) {
    const ResizeAxis *axis = &plan->axes[d];
    if (is_unchanged(plan, axis)) continue;
    ResizeTaps taps = {0};
    TRY(new_taps(run, plan, axis, &taps));
    for (int64_t i = 0; i < axis->out; i++) fill_taps(plan, d, i, &taps);
    resample(axis, &taps, shape_product(&shape, 0, d), shape_product(&shape, d + 1, shape.rank), from, to);
    shape.dims[d] = axis->out;
    double *swap = from;
    from = to;
    to = swap;
  }
  count = tensor_elements(out);
  for (int64_t i = 0; i < count; i++) tensor_set(out, i, from[i]);
  extrapolate(plan, out);
  return OK;
}

Status resize_run_plan(Run *run, const ResizePlan *plan) {
  if (tensor_elements(run->out[0]) == 0) return OK;
  if (plan->mode == RESIZE_NEAREST) return run_nearest(run, plan);
  if (run->in[0]->type == ELEMENT_STRING) return run_fail(run, "strings cannot be averaged");
  return run_weighted(run, plan);
}

/* ---- the way back ---- */

/* to[outer][in][inner] gets what from[outer][out][inner] took from it. */
static void give_back(const ResizeAxis *axis, const ResizeTaps *taps, int64_t outer, int64_t inner,
                      const double *from, double *to) {
  for (int64_t i = 0; i < outer * axis->in * inner; i++) to[i] = 0;
  for (int64_t o = 0; o < outer; o++, to += axis->in * inner)
    for (int64_t i = 0; i < axis->out; i++, from += inner)
      for (int t = 0; t < taps->count; t++) {
        double weight = taps->weights[i * taps->count + t];
        double *row = to + taps->indices[i * taps->count + t] * inner;
        for (int64_t k = 0; k < inner; k++) row[k] += weight * from[k];
      }
}

/* The gradient of the output as doubles, zero where the output is from outside the crop. */
static void load_gradient(const Grad *grad, const ResizePlan *plan, double *to) {
  const float *dy = grad_of_output(grad, 0);
  Tensor whole = {.type = ELEMENT_FLOAT64, .shape = grad->run.out[0]->shape, .data = to};
  int64_t count = tensor_elements(&whole);
  for (int64_t i = 0; i < count; i++) to[i] = (double)dy[i];
  ResizePlan zero = *plan;
  zero.extrapolation = 0;
  extrapolate(&zero, &whole);
}

/* The axes are gone back along in the opposite order. */
static Status grad_weighted(Grad *grad, const ResizePlan *plan) {
  Run *run = &grad->run;
  Shape shape = run->out[0]->shape;
  double *from = new_buffer(run, plan), *to = from == NULL ? NULL : new_buffer(run, plan);
  if (to == NULL) return run->err->status;
  load_gradient(grad, plan, from);
  for (int d = shape.rank - 1; d >= 0; d--) {
    const ResizeAxis *axis = &plan->axes[d];
    if (is_unchanged(plan, axis)) continue;
    ResizeTaps taps = {0};
    TRY(new_taps(run, plan, axis, &taps));
    for (int64_t i = 0; i < axis->out; i++) fill_taps(plan, d, i, &taps);
    give_back(axis, &taps, shape_product(&shape, 0, d), shape_product(&shape, d + 1, shape.rank), from, to);
    shape.dims[d] = axis->in;
    double *swap = from;
    from = to;
    to = swap;
  }
  float *dx = grad_of_input(grad, 0);
  int64_t count = tensor_elements(run->in[0]);
  for (int64_t i = 0; i < count; i++) dx[i] = (float)from[i];
  return OK;
}

/* Place in the input that output element `at` was copied from; -1: none. */
static int64_t nearest_source(const Shape *in, const Shape *out, int64_t *const *maps, int64_t at) {
  int64_t source = 0, step = 1;
  for (int d = out->rank - 1; d >= 0; d--) {
    int64_t index = maps[d][at % out->dims[d]];
    if (index < 0) return -1;
    source += index * step;
    step *= in->dims[d];
    at /= out->dims[d];
  }
  return source;
}

static Status grad_nearest(Grad *grad, const ResizePlan *plan) {
  const Shape *in = &grad->run.in[0]->shape, *out = &grad->run.out[0]->shape;
  const float *dy = grad_of_output(grad, 0);
  float *dx = grad_of_input(grad, 0);
  int64_t *maps[GRAPH_MAX_RANK], count = shape_elements(out);
  TRY(copy_new_maps(&grad->run, out, maps));
  for (int d = 0; d < out->rank; d++)
    for (int64_t i = 0; i < out->dims[d]; i++) maps[d][i] = resize_nearest_index(plan, d, i);
  for (int64_t i = 0; i < count; i++) {
    int64_t source = nearest_source(in, out, maps, i);
    if (source >= 0) dx[source] += dy[i];
  }
  return OK;
}

Status resize_grad_plan(Grad *grad, const ResizePlan *plan) {
  TRY(grad_zero(grad));
  if (grad_of_input(grad, 0) == NULL || tensor_elements(grad->run.out[0]) == 0) return OK;
  return plan->mode == RESIZE_NEAREST ? grad_nearest(grad, plan) : grad_weighted(grad, plan);
}
