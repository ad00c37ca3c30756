/* shared by the family: checks and sizes of convolutions. */
#include "operators/conv/conv_case.h"

static Status check_bias(Infer *infer, Dim out_channels) {
  const InferValue *bias = infer_input(infer, 2);
  if (bias == NULL || !bias->has_shape) return OK;
  if (bias->shape.rank != 1) return infer_fail(infer, "the bias must have one axis");
  if (dim_is_known(bias->shape.dims[0]) && dim_is_known(out_channels) && bias->shape.dims[0] != out_channels)
    return infer_fail(infer, "the bias has %lld elements for %lld output channels",
                      (long long)bias->shape.dims[0], (long long)out_channels);
  return OK;
}

Status conv_check(Infer *infer, bool transposed, Dim *out_channels) {
  const ConvParams *params = infer->params;
  const InferValue *data = &infer->in[0], *weight = &infer->in[1];
  if (infer_types_differ(infer, 0, 1) || infer_types_differ(infer, 0, 2))
    return infer_fail(infer, "data, weight and bias differ in type");
  *out_channels = DIM_UNKNOWN;
  if (!weight->has_shape) return OK;
  const Dim *w = weight->shape.dims;
  if (weight->shape.rank < 3) return infer_fail(infer, "the weight needs at least three axes");
  if (data->has_shape && data->shape.rank != weight->shape.rank)
    return infer_fail(infer, "data has %d axes, the weight has %d", data->shape.rank, weight->shape.rank);
  Dim divided = w[0], other = w[1]; /* Conv: [O, C/g, ...]; ConvTranspose: [C, O/g, ...] */
  if (dim_is_known(divided) && divided % params->group != 0)
    return infer_fail(infer, "%lld channels cannot be divided into %lld groups", (long long)divided,
                      (long long)params->group);
  if (dim_is_known(other) && other > INT64_MAX / 16 / params->group)
    return infer_fail(infer, "the weight has too many channels");
  Dim multiplied = dim_is_known(other) ? other * params->group : DIM_UNKNOWN;
  Dim channels = transposed ? divided : multiplied;
  *out_channels = transposed ? multiplied : divided;
  if (data->has_shape && dim_is_known(data->shape.dims[1]) && dim_is_known(channels) &&
      data->shape.dims[1] != channels)
    return infer_fail(infer, "data has %lld channels, the weight is made for %lld",
                      (long long)data->shape.dims[1], (long long)channels);
  return check_bias(infer, *out_channels);
}

void conv_sizes(const Run *run, bool transposed, ConvCase *c) {
  const ConvParams *params = run->params;
  const Shape *data = &run->in[0]->shape, *weight = &run->in[1]->shape, *out = &run->out[0]->shape;
  c->batch = data->dims[0];
  c->group = params->group;
  c->group_in = transposed ? weight->dims[0] / c->group : weight->dims[1];
  c->group_out = transposed ? weight->dims[1] : weight->dims[0] / c->group;
  c->in_pixels = shape_product(data, 2, data->rank);
  c->out_pixels = shape_product(out, 2, out->rank);
  c->taps = shape_product(weight, 2, weight->rank);
}

void conv_start(const float *bias, float *out, int64_t channel, int64_t count) {
  float start = bias == NULL ? 0 : bias[channel];
  for (int64_t i = 0; i < count; i++) out[i] = start;
}

bool conv_f32_fits(const ConvCase *c) {
  const WindowAxis *deep = &c->window.axes[0];
  int64_t depth = c->group_in * c->taps;
  return deep->in == 1 && deep->kernel == 1 && deep->out == 1 && depth > 0 && product_fits(depth) &&
         product_fits(c->out_pixels) && product_fits(c->in_pixels) && product_fits(c->group_out);
}

Status conv_f32(Run *run, const ConvCase *c, const ConvOperands *o) {
  if (depthwise_fits(c)) return depthwise_f32(run, c, o);
  return c->out_pixels > 1 && conv_panels_fit(c) ? conv_panels(run, c, o) : conv_fast(run, c, o);
}

OpRole conv_role(const Node *node, const char **reason) {
  const Value *weight = node_input(node, 1);
  if (weight != NULL && weight->has_shape && weight->shape.rank > 4) {
    *reason = "float only: integer convolution has at most two spatial axes";
    return ROLE_FLOAT;
  }
  return ROLE_LINEAR;
}

int64_t conv_macs(const Node *node, const Value *pixels) {
  const Value *weight = node_input(node, 1);
  if (weight == NULL || pixels == NULL || !weight->has_shape || !pixels->has_shape) return 0;
  double macs = 1;
  for (int i = 0; i < weight->shape.rank; i++) macs *= (double)weight->shape.dims[i];
  for (int i = 0; i < pixels->shape.rank; i++)
    if (i != 1 && (i > 0 || dim_is_known(pixels->shape.dims[i]))) macs *= (double)pixels->shape.dims[i];
  return macs > 0 && macs < 9e18 ? (int64_t)macs : 0;
}
