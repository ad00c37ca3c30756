#include "operators/norm/norm_gradient.h"

#include <math.h>

typedef struct GroupNormalizationParams {
  float epsilon;
  int64_t num_groups;
  int64_t stash_type; /* sums are in double whatever it says */
} GroupNormalizationParams;

static const AttributeRow attributes[] = {
    ATTRIBUTE(GroupNormalizationParams, epsilon, FIELD_FLOAT, .otherwise_float = 1e-5F),
    ATTRIBUTE(GroupNormalizationParams, num_groups, FIELD_INT, .required = true, .least = 1,
              .most = INT32_MAX),
    ATTRIBUTE(GroupNormalizationParams, stash_type, FIELD_INT, .otherwise = ELEMENT_FLOAT32),
    {0}};

static Status infer_group(Infer *infer, bool by_channel) {
  const GroupNormalizationParams *params = infer->params;
  const InferValue *data = &infer->in[0];
  if (data->has_shape) {
    if (data->shape.rank < 2) return infer_fail(infer, "the data needs a batch and a channel axis");
    Dim channels = data->shape.dims[1];
    if (dim_is_known(channels) && channels % params->num_groups != 0)
      return infer_fail(infer, "%lld channels cannot be divided into %lld groups", (long long)channels,
                        (long long)params->num_groups);
    for (int i = 1; i < 3; i++) TRY(norm_check_vector(infer, i, by_channel ? channels : params->num_groups));
  }
  return infer_same(infer);
}

static Status infer_by_channel(Infer *infer) {
  return infer_group(infer, true);
}

static Status infer_by_group(Infer *infer) {
  return infer_group(infer, false);
}

/* `own`: channels that share one scale and bias. */
static Status plain_group(Run *run, int64_t own) {
  const GroupNormalizationParams *params = run->params;
  const Shape *shape = &run->in[0]->shape;
  int64_t pixels = shape_product(shape, 2, shape->rank), channels = shape->dims[1];
  int64_t count = channels / params->num_groups * pixels;
  const double *x = reals_of(run, run->in[0]);
  if (x == NULL) return fail_memory(run->err);
  int64_t groups = count == 0 ? 0 : shape->dims[0] * params->num_groups;
  for (int64_t g = 0; g < groups; g++) {
    Moments moments = moments_of(x + g * count, count);
    double inverse = 1 / sqrt(moments.variance + (double)params->epsilon);
    for (int64_t at = g * count; at < (g + 1) * count; at++) {
      int64_t channel = at / pixels % channels / own;
      tensor_set(run->out[0], at,
                 (x[at] - moments.mean) * inverse * tensor_get(run->in[1], channel) +
                     tensor_get(run->in[2], channel));
    }
  }
  return OK;
}

static Status plain_by_channel(Run *run) {
  return plain_group(run, 1);
}

static int64_t channels_of_group(const Run *run) {
  const GroupNormalizationParams *params = run->params;
  int64_t own = run->in[0]->shape.dims[1] / params->num_groups;
  return own == 0 ? 1 : own;
}

static Status plain_by_group(Run *run) {
  return plain_group(run, channels_of_group(run));
}

static Status grad_group(Grad *grad, int64_t own) {
  const GroupNormalizationParams *params = grad->run.params;
  const Shape *shape = &grad->run.in[0]->shape;
  int64_t count = shape->dims[1] / params->num_groups * shape_product(shape, 2, shape->rank);
  NormCase c = {count == 0 ? 0 : shape->dims[0] * params->num_groups, count, (double)params->epsilon, true};
  return norm_grad_channels(grad, &c, own);
}

static Status grad_by_channel(Grad *grad) {
  return grad_group(grad, 1);
}

static Status grad_by_group(Grad *grad) {
  return grad_group(grad, channels_of_group(&grad->run));
}

/* Each group loses the same channels. */
static void group_axes(AxisRules *rules) {
  const GroupNormalizationParams *params = rules->params;
  const Value *x = rules_in(rules, 0);
  int64_t size = axis_size(x, 1) / params->num_groups;
  axes_same_but(rules, x, rules_out(rules, 0), -1);
  for (int64_t g = 1; g < params->num_groups; g++) axis_same_range(rules, x, 1, 0, x, 1, g * size, size);
  for (int i = 1; i < 3; i++)
    if (rules->node->version->since >= 21) axis_same(rules, rules_in(rules, i), 0, x, 1);
}

const Op op_GroupNormalization = {
    .name = "GroupNormalization",
    .brief = "Normalizes groups of channels of each sample by their own mean and variance.",
    .versions = {{21, infer_by_channel, plain_by_channel, NULL, grad_by_channel},
                 {18, infer_by_group, plain_by_group, NULL, grad_by_group}},
    .attributes = attributes,
    .params_bytes = sizeof(GroupNormalizationParams),
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"},
               {"scale", PORT_REQUIRED, ELEMENTS_FLOAT, "[C]"},
               {"bias", PORT_REQUIRED, ELEMENTS_FLOAT, "[C]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"}},
    .axes = group_axes,
    .role = ROLE_FLOAT,
    .role_reason = "float only: its statistics change with every sample and need more than 8 bits",
    .samples = {{"f32[2,4,3,2], f32[4]!, f32[4]!", "num_groups=2"},
                {"f32[1,6,5], f32[3]!, f32[3]!", "num_groups=3 epsilon=0.01 opset=18"}},
};
