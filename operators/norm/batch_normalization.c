#include "base/wide.h"
#include "operators/gradient.h"
#include "operators/norm/norm.h"
#include "operators/sums.h"

#include <math.h>

typedef struct BatchNormalizationParams {
  float epsilon, momentum;
  bool training_mode;
  bool spatial; /* of opset 8 and before: one mean a channel; else one an element */
  bool is_test; /* of opset 6 and before */
} BatchNormalizationParams;

static const AttributeRow attributes[] = {
    ATTRIBUTE(BatchNormalizationParams, epsilon, FIELD_FLOAT, .otherwise_float = 1e-5F),
    ATTRIBUTE(BatchNormalizationParams, momentum, FIELD_FLOAT, .otherwise_float = 0.9F),
    ATTRIBUTE(BatchNormalizationParams, training_mode, FIELD_BOOL, .otherwise = 0),
    ATTRIBUTE(BatchNormalizationParams, spatial, FIELD_BOOL, .otherwise = 1),
    ATTRIBUTE(BatchNormalizationParams, is_test, FIELD_BOOL, .otherwise = 0),
    {0}};

static Status check(const Node *node, void *params, Error *err) {
  const BatchNormalizationParams *p = params;
  if (p->spatial) return OK;
  return fail(err, UNSUPPORTED, "node '%s' (BatchNormalization): spatial=0 is not supported", node->name);
}

static Status infer_data(Infer *infer, Dim *channels) {
  const InferValue *data = &infer->in[0];
  infer->out[0].type = data->type;
  *channels = DIM_UNKNOWN;
  if (data->has_shape) {
    if (data->shape.rank < 2) return infer_fail(infer, "the data needs a batch and a channel axis");
    *channels = data->shape.dims[1];
    Shape shape = data->shape;
    infer_set(infer, 0, data->type, &shape);
  }
  for (int i = 1; i < 5; i++) TRY(norm_check_vector(infer, i, *channels));
  return OK;
}

static Status infer_inference(Infer *infer) {
  Dim channels;
  for (int i = 1; i < infer->output_count; i++)
    if (infer_wants(infer, i))
      return infer_fail(infer, "statistics of a training run are not supported before opset 14");
  return infer_data(infer, &channels);
}

static Status infer_either(Infer *infer) {
  const BatchNormalizationParams *params = infer->params;
  Dim channels;
  TRY(infer_data(infer, &channels));
  for (int i = 1; i < infer->output_count && i < 3; i++) {
    if (!infer_wants(infer, i)) continue;
    if (!params->training_mode) return infer_fail(infer, "statistics are given with training_mode=1 only");
    Shape shape = SHAPE(channels);
    infer_set(infer, i, infer->in[3].type, &shape);
  }
  return OK;
}

typedef struct BatchCase {
  int64_t batch, channels, pixels;
} BatchCase;

static BatchCase batch_case(const Run *run) {
  const Shape *shape = &run->in[0]->shape;
  return (BatchCase){shape->dims[0], shape->dims[1], shape_product(shape, 2, shape->rank)};
}

/* Moments of the batch, and what training makes of the running ones. */
static Moments train(Run *run, const BatchCase *b, const double *x, int64_t channel) {
  const BatchNormalizationParams *params = run->params;
  double momentum = (double)params->momentum;
  Moments batch = moments_across(x + channel * b->pixels, b->batch, b->channels * b->pixels, b->pixels);
  double now[2] = {batch.mean, batch.variance};
  for (int i = 0; i < 2; i++) {
    Tensor *running = run_output(run, 1 + i);
    double before = tensor_get(run->in[3 + i], channel);
    if (running != NULL) tensor_set(running, channel, before * momentum + now[i] * (1 - momentum));
  }
  return batch;
}

static Status plain_batch_normalization(Run *run) {
  const BatchNormalizationParams *params = run->params;
  BatchCase b = batch_case(run);
  const double *x = reals_of(run, run->in[0]);
  Tensor *out = run->out[0];
  if (x == NULL) return fail_memory(run->err);
  for (int64_t channel = 0; channel < b.channels; channel++) {
    Moments moments = params->training_mode
                          ? train(run, &b, x, channel)
                          : (Moments){tensor_get(run->in[3], channel), tensor_get(run->in[4], channel)};
    double factor = tensor_get(run->in[1], channel) / sqrt(moments.variance + (double)params->epsilon);
    double bias = tensor_get(run->in[2], channel);
    for (int64_t n = 0; out != NULL && n < b.batch; n++)
      for (int64_t i = 0; i < b.pixels; i++) {
        int64_t at = (n * b.channels + channel) * b.pixels + i;
        tensor_set(out, at, (x[at] - moments.mean) * factor + bias);
      }
  }
  return OK;
}

/* In double, squares of float32 are exact: no mean has to be known before their sum is made. */
static Moments channel_moments(const BatchCase *b, const float *x, int64_t channel) {
  double sum = 0, squares = 0, count = (double)(b->batch * b->pixels);
  for (int64_t n = 0; n < b->batch; n++)
    sum_squares_f32(x + (n * b->channels + channel) * b->pixels, b->pixels, &sum, &squares);
  double mean = sum / count, variance = squares / count - mean * mean;
  return (Moments){mean, variance < 0 ? 0 : variance};
}

WIDE_LOOP static void normalize(float *restrict y, const float *restrict x, int64_t n, float centre,
                                float factor, float added) {
  for (int64_t i = 0; i < n; i++) y[i] = (x[i] - centre) * factor + added;
}

static void move_running(Run *run, int64_t channel, const Moments *batch) {
  double momentum = (double)((const BatchNormalizationParams *)run->params)->momentum;
  double now[2] = {batch->mean, batch->variance};
  for (int i = 0; i < 2; i++) {
    Tensor *running = run_output(run, 1 + i);
    if (running == NULL) continue;
    double before = (double)((const float *)run->in[3 + i]->data)[channel];
    ((float *)running->data)[channel] = (float)(before * momentum + now[i] * (1 - momentum));
  }
}

static void train_f32(Run *run, const BatchCase *b) {
  const BatchNormalizationParams *params = run->params;
  const float *x = run->in[0]->data, *scale = run->in[1]->data, *bias = run->in[2]->data;
  float *y = run->out[0] == NULL ? NULL : run->out[0]->data;
  for (int64_t c = 0; c < b->channels; c++) {
    Moments moments = channel_moments(b, x, c);
    move_running(run, c, &moments);
    float factor = (float)((double)scale[c] / sqrt(moments.variance + (double)params->epsilon));
    float centre = (float)moments.mean, added = bias[c];
    for (int64_t n = 0; y != NULL && n < b->batch; n++) {
      int64_t at = (n * b->channels + c) * b->pixels;
      normalize(y + at, x + at, b->pixels, centre, factor, added);
    }
  }
}

static Status fast_batch_normalization(Run *run) {
  const BatchNormalizationParams *params = run->params;
  for (int i = 0; i < 5; i++)
    if (run->in[i]->type != ELEMENT_FLOAT32) return plain_batch_normalization(run);
  BatchCase b = batch_case(run);
  if (params->training_mode) {
    train_f32(run, &b);
    return OK;
  }
  const float *scale = run->in[1]->data, *bias = run->in[2]->data, *mean = run->in[3]->data;
  const float *variance = run->in[4]->data;
  for (int64_t plane = 0; plane < b.batch * b.channels; plane++) {
    int64_t channel = plane % b.channels;
    const float *x = (const float *)run->in[0]->data + plane * b.pixels;
    float *out = (float *)run->out[0]->data + plane * b.pixels;
    float centre = mean[channel], added = bias[channel];
    float factor =
        (float)((double)scale[channel] / sqrt((double)variance[channel] + (double)params->epsilon));
    normalize(out, x, b.pixels, centre, factor, added);
  }
  return OK;
}

/* What the gradient of one channel is made of. */
typedef struct ChannelGrad {
  double mean, inverse; /* of the data: mean, one over deviation */
  double sum, product;  /* of dy; of dy times the normalized data */
} ChannelGrad;

static ChannelGrad channel_grad(const Grad *grad, const BatchCase *b, int64_t channel) {
  const BatchNormalizationParams *params = grad->run.params;
  const float *x = grad->run.in[0]->data, *dy = grad_of_output(grad, 0);
  Moments moments = params->training_mode ? channel_moments(b, x, channel)
                                          : (Moments){tensor_get(grad->run.in[3], channel),
                                                      tensor_get(grad->run.in[4], channel)};
  ChannelGrad c = {.mean = moments.mean, .inverse = 1 / sqrt(moments.variance + (double)params->epsilon)};
  for (int64_t n = 0; n < b->batch; n++) {
    int64_t at = (n * b->channels + channel) * b->pixels;
    sum_products_f32(x + at, dy + at, b->pixels, &c.sum, &c.product);
  }
  c.product = (c.product - c.mean * c.sum) * c.inverse;
  return c;
}

/* dx = factor * (dy - shift - (x - mean) * slope) */
typedef struct Line {
  float factor, shift, mean, slope;
} Line;

WIDE_LOOP static void go_back(float *restrict dx, const float *restrict dy, const float *restrict x,
                              int64_t n, const Line *line) {
  float factor = line->factor, shift = line->shift, mean = line->mean, slope = line->slope;
  for (int64_t i = 0; i < n; i++) dx[i] = factor * (dy[i] - shift - (x[i] - mean) * slope);
}

/* dx = scale / deviation * (dy - mean(dy) - xhat * mean(dy * xhat)); at inference the means are no part of
 * it. */
static void grad_data(const Grad *grad, const BatchCase *b, const ChannelGrad *c, int64_t channel,
                      float *dx) {
  const BatchNormalizationParams *params = grad->run.params;
  const float *x = grad->run.in[0]->data, *dy = grad_of_output(grad, 0);
  double count = params->training_mode ? (double)(b->batch * b->pixels) : INFINITY;
  Line line = {.factor = (float)(tensor_get(grad->run.in[1], channel) * c->inverse),
               .shift = (float)(c->sum / count),
               .mean = (float)c->mean,
               .slope = (float)(c->product * c->inverse / count)};
  for (int64_t n = 0; n < b->batch; n++) {
    int64_t at = (n * b->channels + channel) * b->pixels;
    go_back(dx + at, dy + at, x + at, b->pixels, &line);
  }
}

/* Given statistics have a gradient at inference only. */
static void grad_statistics(const Grad *grad, const ChannelGrad *c, int64_t channel) {
  const BatchNormalizationParams *params = grad->run.params;
  float *mean = grad_of_input(grad, 3), *variance = grad_of_input(grad, 4);
  double scale = params->training_mode ? 0 : tensor_get(grad->run.in[1], channel);
  if (mean != NULL) mean[channel] = (float)(-scale * c->inverse * c->sum);
  if (variance != NULL) variance[channel] = (float)(-0.5 * scale * c->inverse * c->inverse * c->product);
}

static Status grad_batch_normalization(Grad *grad) {
  BatchCase b = batch_case(&grad->run);
  float *dx = grad_of_input(grad, 0), *scale = grad_of_input(grad, 1), *bias = grad_of_input(grad, 2);
  if (grad_of_output(grad, 0) == NULL) return grad_zero(grad);
  for (int64_t channel = 0; channel < b.channels; channel++) {
    ChannelGrad c = channel_grad(grad, &b, channel);
    if (dx != NULL) grad_data(grad, &b, &c, channel, dx);
    if (scale != NULL) scale[channel] = (float)c.product;
    if (bias != NULL) bias[channel] = (float)c.sum;
    grad_statistics(grad, &c, channel);
  }
  return OK;
}

const Op op_BatchNormalization = {
    .name = "BatchNormalization",
    .brief = "Normalizes each channel by given statistics, or by the batch's own in training mode.",
    .versions =
        {{15, infer_either, plain_batch_normalization, fast_batch_normalization, grad_batch_normalization},
         {14, infer_either, plain_batch_normalization, fast_batch_normalization, grad_batch_normalization},
         {9, infer_inference, plain_batch_normalization, fast_batch_normalization, grad_batch_normalization},
         {7, infer_inference, plain_batch_normalization, fast_batch_normalization, grad_batch_normalization},
         {1, infer_inference, plain_batch_normalization, fast_batch_normalization, grad_batch_normalization}},
    .attributes = attributes,
    .params_bytes = sizeof(BatchNormalizationParams),
    .check = check,
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"},
               {"scale", PORT_REQUIRED, ELEMENTS_FLOAT, "[C]"},
               {"B", PORT_REQUIRED, ELEMENTS_FLOAT, "[C]"},
               {"input_mean", PORT_REQUIRED, ELEMENTS_FLOAT, "[C]"},
               {"input_var", PORT_REQUIRED, ELEMENTS_FLOAT, "[C]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"},
                {"running_mean", PORT_OPTIONAL, ELEMENTS_FLOAT, "[C]"},
                {"running_var", PORT_OPTIONAL, ELEMENTS_FLOAT, "[C]"},
                {"saved_mean", PORT_OPTIONAL, ELEMENTS_FLOAT, "[C], before opset 14"},
                {"saved_var", PORT_OPTIONAL, ELEMENTS_FLOAT, "[C], before opset 14"}},
    .statistics = 1 << 1 | 1 << 2,
    .axes = axes_per_channel,
    .role = ROLE_FLOAT,
    .role_reason = "float only: it could be neither folded into a neighbour nor rewritten as Mul and Add",
    .samples = {{"f32[1,3,4,5], f32[3]!, f32[3]!, f32[3]!, f32[3](0.1,4)!", ""},
                {"f32[2,4], f32[4]!, f32[4]!, f32[4]!, f32[4](0.1,4)!", "epsilon=0.01"},
                {"f32[2,3,4], f32[3]!, f32[3]!, f32[3]!, f32[3](0.1,4)!", "training_mode=1 outputs=3"},
                {"f32[1,2,3,2], f32[2]!, f32[2]!, f32[2]!, f32[2](0.1,4)!", "opset=9"}},
};
