/* causal_conv_with_state.c - CausalConvWithState: a depthwise convolution over time that keeps its tail. */
#include "operators/gradient.h"
#include "operators/reals.h"

#include <math.h>

static const char *const activations[] = {"none", "silu", "swish", NULL};

typedef struct CausalConvParams {
  int activation;
} CausalConvParams;

enum { IN_X, IN_WEIGHT, IN_BIAS, IN_PAST };

static bool dims_differ(Dim a, Dim b) {
  return dim_is_known(a) && dim_is_known(b) && a != b;
}

static Status check_shapes(const Infer *infer, const Shape *x, const Shape *w) {
  const InferValue *bias = infer_input(infer, IN_BIAS), *past = infer_input(infer, IN_PAST);
  if (x->rank != 3 || w->rank != 3) return infer_fail(infer, "input and weight must have 3 dimensions");
  if (dims_differ(x->dims[1], w->dims[0]) || dims_differ(w->dims[1], 1) || w->dims[2] == 0)
    return infer_fail(infer, "the weight does not fit the input's channels");
  if (bias != NULL && bias->has_shape &&
      (bias->shape.rank != 1 || dims_differ(bias->shape.dims[0], x->dims[1])))
    return infer_fail(infer, "the bias does not fit the input's channels");
  if (past == NULL || !past->has_shape) return OK;
  Dim tail = dim_is_known(w->dims[2]) ? w->dims[2] - 1 : DIM_UNKNOWN;
  if (past->shape.rank != 3 || dims_differ(past->shape.dims[0], x->dims[0]) ||
      dims_differ(past->shape.dims[1], x->dims[1]) || dims_differ(past->shape.dims[2], tail))
    return infer_fail(infer, "the past state does not fit input and weight");
  return OK;
}

static Status infer(Infer *infer) {
  const InferValue *x = &infer->in[IN_X], *w = &infer->in[IN_WEIGHT];
  for (int i = 0; i < infer->output_count; i++) infer->out[i].type = x->type;
  for (int i = 1; i < infer->input_count; i++)
    if (infer_types_differ(infer, IN_X, i)) return infer_fail(infer, "the inputs have different types");
  if (!x->has_shape || !w->has_shape) return OK;
  TRY(check_shapes(infer, &x->shape, &w->shape));
  infer_set(infer, 0, x->type, &x->shape);
  if (infer->output_count < 2) return OK;
  Dim tail = dim_is_known(w->shape.dims[2]) ? w->shape.dims[2] - 1 : DIM_UNKNOWN;
  infer_set(infer, 1, x->type, &SHAPE(x->shape.dims[0], x->shape.dims[1], tail));
  return OK;
}

/* Input of a channel at time t, negative ones from the past state. */
static double input_at(const Run *run, int64_t line, int64_t t, int64_t length, int64_t tail) {
  const Tensor *past = run_input(run, IN_PAST);
  if (t >= 0) return tensor_get(run->in[IN_X], line * length + t);
  return past != NULL ? tensor_get(past, line * tail + tail + t) : 0;
}

/* Of a channel at time t, before the activation. */
static double sum_at(const Run *run, int64_t line, int64_t channel, int64_t t) {
  const Tensor *weight = run->in[IN_WEIGHT], *bias = run_input(run, IN_BIAS);
  int64_t length = run->in[IN_X]->shape.dims[2], kernel = weight->shape.dims[2], tail = kernel - 1;
  double sum = bias != NULL ? tensor_get(bias, channel) : 0;
  for (int64_t k = 0; k < kernel; k++)
    sum += tensor_get(weight, channel * kernel + k) * input_at(run, line, t - tail + k, length, tail);
  return sum;
}

static Status run_conv(Run *run) {
  const Shape *x = &run->in[IN_X]->shape;
  Tensor *y = run_output(run, 0), *present = run_output(run, 1);
  int64_t channels = x->dims[1], length = x->dims[2], tail = run->in[IN_WEIGHT]->shape.dims[2] - 1;
  bool silu = ((const CausalConvParams *)run->params)->activation != 0;
  for (int64_t line = 0; line < x->dims[0] * channels; line++) {
    for (int64_t t = 0; y != NULL && t < length; t++) {
      double sum = sum_at(run, line, line % channels, t);
      tensor_set(y, line * length + t, silu ? sum / (1 + exp(-sum)) : sum);
    }
    for (int64_t i = 0; present != NULL && i < tail; i++)
      tensor_set(present, line * tail + i, input_at(run, line, length - tail + i, length, tail));
  }
  return OK;
}

/* ---- the way back ---- */

/* Adds to the gradient of a channel's input at time t. */
static void add_to_input(const Grad *grad, int64_t line, int64_t t, int64_t length, int64_t tail, float dx) {
  float *x = grad_of_input(grad, IN_X), *past = grad_of_input(grad, IN_PAST);
  if (t >= 0 && x != NULL) x[line * length + t] += dx;
  if (t < 0 && past != NULL) past[line * tail + tail + t] += dx;
}

/* The gradient of the sum at one time, before the activation. */
static void back_sum(const Grad *grad, int64_t line, int64_t channel, int64_t t, int64_t length,
                     int64_t kernel, double dsum) {
  const float *weight = grad->run.in[IN_WEIGHT]->data;
  float *dweight = grad_of_input(grad, IN_WEIGHT), *dbias = grad_of_input(grad, IN_BIAS);
  int64_t tail = kernel - 1;
  if (dbias != NULL) dbias[channel] += (float)dsum;
  for (int64_t k = 0; k < kernel; k++) {
    int64_t from = t - tail + k, w = channel * kernel + k;
    if (dweight != NULL) dweight[w] += (float)(dsum * input_at(&grad->run, line, from, length, tail));
    add_to_input(grad, line, from, length, tail, (float)(dsum * (double)weight[w]));
  }
}

static double slope_of_silu(double x) {
  double s = 1 / (1 + exp(-x));
  return s * (1 + x * (1 - s));
}

static Status grad_conv(Grad *grad) {
  const Run *run = &grad->run;
  const Shape *x = &run->in[IN_X]->shape;
  int64_t channels = x->dims[1], length = x->dims[2], kernel = run->in[IN_WEIGHT]->shape.dims[2];
  const float *dy = grad_of_output(grad, 0), *dpresent = grad_of_output(grad, 1);
  bool silu = ((const CausalConvParams *)run->params)->activation != 0;
  TRY(grad_zero(grad));
  for (int64_t line = 0; line < x->dims[0] * channels; line++) {
    int64_t c = line % channels, tail = kernel - 1;
    for (int64_t t = 0; dy != NULL && t < length; t++) {
      double slope = silu ? slope_of_silu(sum_at(run, line, c, t)) : 1;
      back_sum(grad, line, c, t, length, kernel, slope * (double)dy[line * length + t]);
    }
    for (int64_t i = 0; dpresent != NULL && i < tail; i++)
      add_to_input(grad, line, length - tail + i, length, tail, dpresent[line * tail + i]);
  }
  return OK;
}

static OpCost cost(const Node *node) {
  const Value *x = node_input(node, IN_X), *w = node_input(node, IN_WEIGHT);
  if (x == NULL || w == NULL || !x->has_shape || !w->has_shape || w->shape.rank != 3) return (OpCost){0};
  double macs = (double)shape_elements(&x->shape) * (double)w->shape.dims[2];
  return (OpCost){.macs = macs > 0 && macs < 9e18 ? (int64_t)macs : 0};
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(CausalConvParams, activation, FIELD_CHOICE, .choices = activations), {0}};

const Op op_CausalConvWithState = {
    .name = "CausalConvWithState",
    .brief = "Depthwise convolution over the past, whose tail is handed on to the next call.",
    .versions = {{27, infer, run_conv, NULL, grad_conv}},
    .attributes = attributes,
    .params_bytes = sizeof(CausalConvParams),
    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_FLOAT, "[batch, channels, length]"},
               {"weight", PORT_REQUIRED, ELEMENTS_FLOAT, "[channels, 1, kernel]"},
               {"bias", PORT_OPTIONAL, ELEMENTS_FLOAT, "[channels]"},
               {"past_state", PORT_OPTIONAL, ELEMENTS_FLOAT, "[batch, channels, kernel - 1]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_FLOAT, "[batch, channels, length]"},
                {"present_state", PORT_OPTIONAL, ELEMENTS_FLOAT, "[batch, channels, kernel - 1]"}},
    .role = ROLE_FLOAT,
    .role_reason = "its state joins two calls, which one scale cannot bound",
    .cost = cost,
    .samples = {{"f32[2,3,4], f32[3,1,3]!", "outputs=2"},
                {"f32[1,2,1], f32[2,1,4]!, f32{0.5,1}!, f32[1,2,3]", "activation=\"silu\" outputs=2"}},
};
