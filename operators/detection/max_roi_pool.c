/* max_roi_pool.c - MaxRoiPool: the largest element in each bin of boxes of an image. Boxes are rounded to
   whole pixels and hold both ends (Girshick, Fast R-CNN, 2015). */
#include "operators/gradient.h"
#include "operators/reals.h"

#include <math.h>

#define ROI_POOL_MOST (INT64_C(1) << 16)

typedef struct MaxRoiPoolParams {
  Ints pooled_shape;
  float spatial_scale;
} MaxRoiPoolParams;

static Status check(const Node *node, void *params, Error *err) {
  if (((const MaxRoiPoolParams *)params)->pooled_shape.count == 2) return OK;
  return fail(err, BAD_INPUT, "node '%s' (%s): attribute 'pooled_shape' must have 2 numbers", node->name,
              node->type);
}

static Status infer(Infer *infer) {
  const MaxRoiPoolParams *params = infer->params;
  const InferValue *x = &infer->in[0], *rois = &infer->in[1];
  if (infer_types_differ(infer, 0, 1)) return infer_fail(infer, "the input and the rois must have one type");
  if (x->has_shape && x->shape.rank != 4)
    return infer_fail(infer, "the input has %d dimensions instead of 4", x->shape.rank);
  if (rois->has_shape &&
      (rois->shape.rank != 2 || (dim_is_known(rois->shape.dims[1]) && rois->shape.dims[1] != 5)))
    return infer_fail(infer, "rois must be [count, 5]");
  infer_set(infer, 0, x->type,
            &SHAPE(rois->has_shape ? rois->shape.dims[0] : DIM_UNKNOWN,
                   x->has_shape ? x->shape.dims[1] : DIM_UNKNOWN, params->pooled_shape.values[0],
                   params->pooled_shape.values[1]));
  return OK;
}

/* One axis of a box in pixels. */
typedef struct PoolAxis {
  double from, bin; /* first pixel, length of a bin */
  int64_t size;     /* of the image */
} PoolAxis;

static PoolAxis axis_of(double from, double to, double scale, int64_t bins, int64_t size) {
  double first = round(from * scale), length = fmax(round(to * scale) - first + 1, 1);
  return (PoolAxis){first, length / (double)bins, size};
}

/* Pixels of a bin: the first, and the one behind the last. */
static void bin_range(const PoolAxis *axis, int64_t bin, int64_t *first, int64_t *end) {
  double size = (double)axis->size;
  *first = (int64_t)fmin(fmax(floor((double)bin * axis->bin) + axis->from, 0), size);
  *end = (int64_t)fmin(fmax(ceil((double)(bin + 1) * axis->bin) + axis->from, 0), size);
}

/* Where the largest element of a bin is; -1 where it has no pixel. NaN never wins. */
static int64_t largest(const Tensor *x, int64_t plane, const PoolAxis axes[2], int64_t row, int64_t column) {
  int64_t top, bottom, left, right, best = -1;
  bin_range(&axes[0], row, &top, &bottom);
  bin_range(&axes[1], column, &left, &right);
  double most = -(double)INFINITY;
  for (int64_t i = top; i < bottom; i++)
    for (int64_t j = left; j < right; j++) {
      int64_t at = (plane * axes[0].size + i) * axes[1].size + j;
      double value = tensor_get(x, at);
      if (best < 0 || value > most) best = at;
      most = fmax(most, value);
    }
  return best;
}

/* What becomes of a bin, element `to` of the output, whose largest element is `from`. */
typedef void (*PoolVisit)(void *context, int64_t to, int64_t from);

static Status pool_roi(Run *run, int64_t r, PoolVisit visit, void *context) {
  const Tensor *x = run->in[0];
  const Shape *y = &run->out[0]->shape;
  int64_t channels = y->dims[1], bins = y->dims[2] * y->dims[3];
  double scale = (double)((const MaxRoiPoolParams *)run->params)->spatial_scale, at[5];
  for (int k = 0; k < 5; k++) at[k] = tensor_get(run->in[1], r * 5 + k); /* batch, x1, y1, x2, y2 */
  for (int k = 1; k < 5; k++)
    if (!(fabs(at[k] * scale) < 1e15)) return run_fail(run, "roi %lld is no box", (long long)r);
  if (!(at[0] >= 0 && at[0] < (double)x->shape.dims[0]))
    return run_fail(run, "batch index %g is not within 0..%lld", at[0], (long long)x->shape.dims[0] - 1);
  PoolAxis axes[2] = {axis_of(at[2], at[4], scale, y->dims[2], x->shape.dims[2]),
                      axis_of(at[1], at[3], scale, y->dims[3], x->shape.dims[3])};
  for (int64_t i = 0; i < channels * bins; i++) {
    int64_t plane = (int64_t)at[0] * channels + i / bins, bin = i % bins;
    visit(context, r * channels * bins + i, largest(x, plane, axes, bin / y->dims[3], bin % y->dims[3]));
  }
  return OK;
}

static void pick(void *context, int64_t to, int64_t from) {
  const Run *run = context;
  tensor_set(run->out[0], to, from < 0 ? 0 : tensor_get(run->in[0], from));
}

static Status run_plain(Run *run) {
  for (int64_t r = 0; r < run->out[0]->shape.dims[0]; r++) TRY(pool_roi(run, r, pick, run));
  return OK;
}

static void add_back(void *context, int64_t to, int64_t from) {
  const Grad *grad = context;
  if (from >= 0) grad_of_input(grad, 0)[from] += grad_of_output(grad, 0)[to];
}

static Status grad_pool(Grad *grad) {
  TRY(grad_zero(grad));
  for (int64_t r = 0; grad_of_input(grad, 0) != NULL && r < grad->run.out[0]->shape.dims[0]; r++)
    TRY(pool_roi(&grad->run, r, add_back, grad));
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(MaxRoiPoolParams, pooled_shape, FIELD_INTS, .required = true, .least = 1,
              .most = ROI_POOL_MOST),
    ATTRIBUTE(MaxRoiPoolParams, spatial_scale, FIELD_FLOAT, .otherwise_float = 1),
    {0}};

const Op op_MaxRoiPool = {
    .name = "MaxRoiPool",
    .brief = "The largest element in each bin of boxes of an image.",
    .versions = {{1, infer, run_plain, NULL, grad_pool}},
    .attributes = attributes,
    .params_bytes = sizeof(MaxRoiPoolParams),
    .check = check,
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, H, W]"},
               {"rois", PORT_REQUIRED, ELEMENTS_FLOAT, "[count, 5]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_FLOAT, "[count, C, height, width]"}},
    .settings = 1 << 1,
    .role = ROLE_FLOAT,
    .role_reason = "float only: boxes are computed by the model",
    .samples = {{"f32[1,2,6,5], f32[2,5]{0,0,0,4,5,0,1,1,3,3}", "pooled_shape=[2,2]"},
                {"f32[2,1,8,8], f32[1,5]{1,2,2,15,13}", "pooled_shape=[3,2] spatial_scale=0.5"},
                {"f64[1,1,3,3], f64[0,5]", "pooled_shape=[1,1]"}}};
