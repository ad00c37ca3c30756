#include "operators/norm/norm_gradient.h"

#include <math.h>

typedef struct RmsNormalizationParams {
  int64_t axis;
  float epsilon;
  int64_t stash_type; /* sums are in double whatever it says */
} RmsNormalizationParams;

static const AttributeRow attributes[] = {
    ATTRIBUTE(RmsNormalizationParams, axis, FIELD_INT, .otherwise = -1),
    ATTRIBUTE(RmsNormalizationParams, epsilon, FIELD_FLOAT, .otherwise_float = 1e-5F),
    ATTRIBUTE(RmsNormalizationParams, stash_type, FIELD_INT, .otherwise = ELEMENT_FLOAT32),
    {0}};

static Status infer_rms(Infer *infer) {
  const RmsNormalizationParams *params = infer->params;
  const InferValue *data = &infer->in[0];
  infer->out[0].type = infer->in[1].type;
  if (!data->has_shape) return OK;
  int axis;
  Shape shape = data->shape;
  if (!axis_normalize(params->axis, shape.rank, &axis))
    return infer_fail(infer, "axis %lld is outside of %d axes", (long long)params->axis, shape.rank);
  TRY(norm_check_trailing(infer, 1, &shape, axis));
  infer_set(infer, 0, infer->in[1].type, &shape);
  return OK;
}

static Status plain_rms(Run *run) {
  const RmsNormalizationParams *params = run->params;
  const Shape *shape = &run->in[0]->shape;
  int axis;
  axis_normalize(params->axis, shape->rank, &axis);
  int64_t rows = shape_product(shape, 0, axis), count = shape_product(shape, axis, shape->rank);
  const double *x = reals_of(run, run->in[0]), *scale = norm_trailing(run, 1, axis, 1);
  if (x == NULL || scale == NULL) return fail_memory(run->err);
  for (int64_t row = 0; row < rows; row++, x += count) {
    double squares = 0;
    for (int64_t i = 0; i < count; i++) squares += x[i] * x[i];
    double inverse = 1 / sqrt(squares / (double)count + (double)params->epsilon);
    for (int64_t i = 0; i < count; i++) tensor_set(run->out[0], row * count + i, x[i] * inverse * scale[i]);
  }
  return OK;
}

static Status grad_rms(Grad *grad) {
  const RmsNormalizationParams *params = grad->run.params;
  const Shape *shape = &grad->run.in[0]->shape;
  int axis;
  axis_normalize(params->axis, shape->rank, &axis);
  NormCase c = {shape_product(shape, 0, axis), shape_product(shape, axis, shape->rank),
                (double)params->epsilon, false};
  return norm_grad_trailing(grad, &c, axis);
}

const Op op_RMSNormalization = {
    .name = "RMSNormalization",
    .brief = "Divides the trailing axes by their root mean square.",
    .versions = {{23, infer_rms, plain_rms, NULL, grad_rms}},
    .attributes = attributes,
    .params_bytes = sizeof(RmsNormalizationParams),
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"},
               {"scale", PORT_REQUIRED, ELEMENTS_FLOAT, "[the normalized axes]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"}},
    .axes = norm_axes,
    .role = ROLE_FLOAT,
    .role_reason = "float only: integer normalization subtracts a mean",
    .samples = {{"f32[2,3,8], f32[8]!", ""},
                {"f32[2,3,5], f32[3,5]!", "axis=1 epsilon=0.1"},
                {"f32[2,3,4], f32[3,1]!", "axis=-2"}},
};
