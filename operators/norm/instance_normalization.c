#include "operators/norm/norm_gradient.h"

#include <math.h>

typedef struct InstanceNormalizationParams {
  float epsilon;
} InstanceNormalizationParams;

static const AttributeRow attributes[] = {
    ATTRIBUTE(InstanceNormalizationParams, epsilon, FIELD_FLOAT, .otherwise_float = 1e-5F), {0}};

static Status infer_instance(Infer *infer) {
  const InferValue *data = &infer->in[0];
  if (data->has_shape) {
    if (data->shape.rank < 3)
      return infer_fail(infer, "the data needs a batch axis, a channel axis and at least one spatial axis");
    for (int i = 1; i < 3; i++) TRY(norm_check_vector(infer, i, data->shape.dims[1]));
  }
  return infer_same(infer);
}

static Status plain_instance(Run *run) {
  const InstanceNormalizationParams *params = run->params;
  const Shape *shape = &run->in[0]->shape;
  int64_t planes = shape_product(shape, 0, 2), pixels = shape_product(shape, 2, shape->rank);
  const double *x = reals_of(run, run->in[0]);
  if (x == NULL) return fail_memory(run->err);
  for (int64_t plane = 0; plane < planes; plane++, x += pixels) {
    Moments moments = moments_of(x, pixels);
    double bias = tensor_get(run->in[2], plane % shape->dims[1]);
    double factor =
        tensor_get(run->in[1], plane % shape->dims[1]) / sqrt(moments.variance + (double)params->epsilon);
    for (int64_t i = 0; i < pixels; i++)
      tensor_set(run->out[0], plane * pixels + i, (x[i] - moments.mean) * factor + bias);
  }
  return OK;
}

static Status grad_instance(Grad *grad) {
  const Shape *shape = &grad->run.in[0]->shape;
  NormCase c = {shape_product(shape, 0, 2), shape_product(shape, 2, shape->rank),
                (double)((const InstanceNormalizationParams *)grad->run.params)->epsilon, true};
  return norm_grad_channels(grad, &c, 1);
}

const Op op_InstanceNormalization = {
    .name = "InstanceNormalization",
    .brief = "Normalizes each channel of each sample by its own mean and variance.",
    .versions = {{22, infer_instance, plain_instance, NULL, grad_instance},
                 {6, infer_instance, plain_instance, NULL, grad_instance},
                 {1, infer_instance, plain_instance, NULL, grad_instance}},
    .attributes = attributes,
    .params_bytes = sizeof(InstanceNormalizationParams),
    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"},
               {"scale", PORT_REQUIRED, ELEMENTS_FLOAT, "[C]"},
               {"B", PORT_REQUIRED, ELEMENTS_FLOAT, "[C]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"}},
    .axes = axes_per_channel,
    .role = ROLE_FLOAT,
    .role_reason = "float only: its statistics change with every sample and need more than 8 bits",
    .samples = {{"f32[2,3,4,5], f32[3]!, f32[3]!", ""}, {"f32[1,2,7], f32[2]!, f32[2]!", "epsilon=0.1"}},
};
