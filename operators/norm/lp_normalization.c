#include "operators/gradient.h"
#include "operators/reals.h"

#include <math.h>

typedef struct LpNormalizationParams {
  int64_t axis, p;
} LpNormalizationParams;

static const AttributeRow attributes[] = {
    ATTRIBUTE(LpNormalizationParams, axis, FIELD_INT, .otherwise = -1),
    ATTRIBUTE(LpNormalizationParams, p, FIELD_INT, .otherwise = 2, .least = 1, .most = 2),
    {0}};

static Status infer_lp(Infer *infer) {
  const LpNormalizationParams *params = infer->params;
  int axis;
  if (infer->in[0].has_shape && !axis_normalize(params->axis, infer->in[0].shape.rank, &axis))
    return infer_fail(infer, "axis %lld is outside of %d axes", (long long)params->axis,
                      infer->in[0].shape.rank);
  return infer_same(infer);
}

static Status plain_lp(Run *run) {
  const LpNormalizationParams *params = run->params;
  const Shape *shape = &run->in[0]->shape;
  int axis;
  axis_normalize(params->axis, shape->rank, &axis);
  int64_t count = shape->dims[axis], step = shape_product(shape, axis + 1, shape->rank);
  int64_t rows = shape_product(shape, 0, axis) * step;
  const double *x = reals_of(run, run->in[0]);
  if (x == NULL) return fail_memory(run->err);
  for (int64_t row = 0; row < rows; row++) {
    int64_t start = row / step * count * step + row % step;
    double norm = 0;
    for (int64_t i = start; i < start + count * step; i += step)
      norm += params->p == 1 ? fabs(x[i]) : x[i] * x[i];
    if (params->p == 2) norm = sqrt(norm);
    for (int64_t i = start; i < start + count * step; i += step)
      tensor_set(run->out[0], i, norm == 0 ? 0 : x[i] / norm);
  }
  return OK;
}

/* One line: y = x / |x|, and the norm changes with y (2-norm) or with the sign (1-norm). */
static void grad_line(int64_t p, const float *x, const float *dy, int64_t count, int64_t step, float *dx) {
  double norm = 0, along = 0;
  for (int64_t i = 0; i < count * step; i += step) {
    norm += p == 1 ? fabs((double)x[i]) : (double)x[i] * (double)x[i];
    along += (double)dy[i] * (double)x[i];
  }
  if (p == 2) norm = sqrt(norm);
  for (int64_t i = 0; i < count * step; i += step) {
    double value = (double)x[i], sign = (double)((value > 0) - (value < 0));
    double slope = p == 1 ? sign : value / norm;
    dx[i] = norm == 0 ? 0.0f : (float)(((double)dy[i] - slope * along / norm) / norm);
  }
}

static Status grad_lp(Grad *grad) {
  const LpNormalizationParams *params = grad->run.params;
  const Shape *shape = &grad->run.in[0]->shape;
  const float *x = grad->run.in[0]->data, *dy = grad_of_output(grad, 0);
  float *dx = grad_of_input(grad, 0);
  int axis;
  if (dx == NULL || !axis_normalize(params->axis, shape->rank, &axis)) return OK;
  int64_t count = shape->dims[axis], step = shape_product(shape, axis + 1, shape->rank);
  int64_t rows = shape_product(shape, 0, axis) * step;
  for (int64_t row = 0; row < rows; row++) {
    int64_t start = row / step * count * step + row % step;
    grad_line(params->p, x + start, dy + start, count, step, dx + start);
  }
  return OK;
}

const Op op_LpNormalization = {
    .name = "LpNormalization",
    .brief = "Divides by the 1-norm or 2-norm along an axis; a norm of zero gives zeros.",
    .versions = {{22, infer_lp, plain_lp, NULL, grad_lp}, {1, infer_lp, plain_lp, NULL, grad_lp}},
    .attributes = attributes,
    .params_bytes = sizeof(LpNormalizationParams),
    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "float only: its norm changes with every sample and needs more than 8 bits",
    .samples = {{"f32[2,3,4]", ""}, {"f32[2,3,4]", "axis=1 p=1"}, {"f32[5]{0}", "axis=0"}},
};
