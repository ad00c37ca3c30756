#include "operators/norm/norm_gradient.h"

#include <math.h>

typedef struct LayerNormalizationParams {
  int64_t axis;
  float epsilon;
  int64_t stash_type; /* element type of the statistics */
} LayerNormalizationParams;

static const AttributeRow attributes[] = {
    ATTRIBUTE(LayerNormalizationParams, axis, FIELD_INT, .otherwise = -1),
    ATTRIBUTE(LayerNormalizationParams, epsilon, FIELD_FLOAT, .otherwise_float = 1e-5F),
    ATTRIBUTE(LayerNormalizationParams, stash_type, FIELD_INT, .otherwise = ELEMENT_FLOAT32,
              .least = ELEMENT_FLOAT32, .most = ELEMENT_BFLOAT16),
    {0}};

static Status check(const Node *node, void *params, Error *err) {
  const LayerNormalizationParams *p = params;
  if (element_is_float((ElementType)p->stash_type)) return OK;
  return fail(err, BAD_INPUT, "node '%s' (LayerNormalization): stash_type must be a float type", node->name);
}

static Status infer_layer(Infer *infer) {
  const LayerNormalizationParams *params = infer->params;
  const InferValue *data = &infer->in[0];
  ElementType stash = (ElementType)params->stash_type;
  infer->out[0].type = data->type;
  for (int i = 1; i < 3; i++)
    if (infer_wants(infer, i)) infer->out[i].type = stash;
  if (!data->has_shape) return OK;
  int axis;
  Shape shape = data->shape;
  if (!axis_normalize(params->axis, shape.rank, &axis))
    return infer_fail(infer, "axis %lld is outside of %d axes", (long long)params->axis, shape.rank);
  for (int i = 1; i < 3; i++) TRY(norm_check_trailing(infer, i, &shape, axis));
  infer_set(infer, 0, data->type, &shape);
  for (int i = axis; i < shape.rank; i++) shape.dims[i] = 1;
  for (int i = 1; i < 3; i++)
    if (infer_wants(infer, i)) infer_set(infer, i, stash, &shape);
  return OK;
}

typedef struct LayerCase {
  int axis;
  int64_t rows, count;
} LayerCase;

static LayerCase layer_case(const Run *run) {
  const LayerNormalizationParams *params = run->params;
  const Shape *shape = &run->in[0]->shape;
  LayerCase c;
  axis_normalize(params->axis, shape->rank, &c.axis);
  c.rows = shape_product(shape, 0, c.axis);
  c.count = shape_product(shape, c.axis, shape->rank);
  return c;
}

static void store_statistics(Run *run, int64_t row, double mean, double inverse) {
  if (run_output(run, 1) != NULL) tensor_set(run->out[1], row, mean);
  if (run_output(run, 2) != NULL) tensor_set(run->out[2], row, inverse);
}

static Status plain_layer(Run *run) {
  const LayerNormalizationParams *params = run->params;
  LayerCase c = layer_case(run);
  const double *x = reals_of(run, run->in[0]);
  const double *scale = norm_trailing(run, 1, c.axis, 1), *bias = norm_trailing(run, 2, c.axis, 0);
  if (x == NULL || scale == NULL || bias == NULL) return fail_memory(run->err);
  for (int64_t row = 0; row < c.rows; row++, x += c.count) {
    Moments moments = moments_of(x, c.count);
    double inverse = 1 / sqrt(moments.variance + (double)params->epsilon);
    store_statistics(run, row, moments.mean, inverse);
    for (int64_t i = 0; run->out[0] != NULL && i < c.count; i++)
      tensor_set(run->out[0], row * c.count + i, (x[i] - moments.mean) * inverse * scale[i] + bias[i]);
  }
  return OK;
}

static Status fast_layer(Run *run) {
  const LayerNormalizationParams *params = run->params;
  LayerCase c = layer_case(run);
  const Tensor *scales = run_input(run, 1), *biases = run_input(run, 2);
  if (run->in[0]->type != ELEMENT_FLOAT32 || run->out[0] == NULL || tensor_elements(scales) != c.count ||
      (biases != NULL && tensor_elements(biases) != c.count) || scales->type != ELEMENT_FLOAT32)
    return plain_layer(run);
  const float *x = run->in[0]->data, *scale = scales->data, *bias = biases == NULL ? NULL : biases->data;
  float *out = run->out[0]->data;
  for (int64_t row = 0; row < c.rows; row++, x += c.count, out += c.count) {
    Moments moments = moments_f32(x, c.count);
    double inverse = 1 / sqrt(moments.variance + (double)params->epsilon);
    store_statistics(run, row, moments.mean, inverse);
    float mean = (float)moments.mean, factor = (float)inverse;
    if (bias != NULL)
      for (int64_t i = 0; i < c.count; i++) out[i] = (x[i] - mean) * factor * scale[i] + bias[i];
    else
      for (int64_t i = 0; i < c.count; i++) out[i] = (x[i] - mean) * factor * scale[i];
  }
  return OK;
}

/* What the outputs of the statistics add: the mean is a mean, and the inverse deviation falls with n. */
static void grad_statistics(Grad *grad, const LayerCase *c, double epsilon, float *dx) {
  const float *d_mean = grad_of_output(grad, 1), *d_inverse = grad_of_output(grad, 2);
  const float *x = grad->run.in[0]->data;
  for (int64_t row = 0; row < c->rows; row++, x += c->count, dx += c->count) {
    Moments moments = moments_f32(x, c->count);
    double inverse = 1 / sqrt(moments.variance + epsilon), count = (double)c->count;
    double level = d_mean == NULL ? 0 : (double)d_mean[row] / count;
    double fall = d_inverse == NULL ? 0 : (double)d_inverse[row] * inverse * inverse * inverse / count;
    for (int64_t i = 0; i < c->count; i++) dx[i] += (float)(level - fall * ((double)x[i] - moments.mean));
  }
}

static Status grad_layer(Grad *grad) {
  LayerCase c = layer_case(&grad->run);
  double epsilon = (double)((const LayerNormalizationParams *)grad->run.params)->epsilon;
  float *dx = grad_of_input(grad, 0);
  TRY(norm_grad_trailing(grad, &(NormCase){c.rows, c.count, epsilon, true}, c.axis));
  bool has_statistics = grad_of_output(grad, 1) != NULL || grad_of_output(grad, 2) != NULL;
  if (dx != NULL && has_statistics) grad_statistics(grad, &c, epsilon, dx);
  return OK;
}

const Op op_LayerNormalization = {
    .name = "LayerNormalization",
    .brief = "Normalizes the trailing axes by their own mean and variance.",
    .versions = {{17, infer_layer, plain_layer, fast_layer, grad_layer}},
    .attributes = attributes,
    .params_bytes = sizeof(LayerNormalizationParams),
    .check = check,
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"},
               {"Scale", PORT_REQUIRED, ELEMENTS_FLOAT, "[the normalized axes]"},
               {"B", PORT_OPTIONAL, ELEMENTS_FLOAT, "[the normalized axes]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"},
                {"Mean", PORT_OPTIONAL, ELEMENTS_FLOAT, "[..., 1, ...]"},
                {"InvStdDev", PORT_OPTIONAL, ELEMENTS_FLOAT, "[..., 1, ...]"}},
    .axes = norm_axes,
    .role = ROLE_NORM,
    .samples = {{"f32[2,3,8], f32[8]!, f32[8]!", ""},
                {"f32[2,3,5], f32[3,5]!", "axis=1 outputs=3"},
                {"f32[2,3,4], f32[3,1]!, f32[4]!", "axis=-2 epsilon=0.1"},
                {"f16[3,6], f16[6]!, f16[6]!", ""}},
};
