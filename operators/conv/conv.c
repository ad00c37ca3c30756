#include "operators/conv/conv_grad.h"

static Status infer_conv(Infer *infer) {
  const InferValue *data = &infer->in[0], *weight = &infer->in[1];
  Dim channels;
  TRY(conv_check(infer, false, &channels));
  infer->out[0].type = data->type;
  if (!data->has_shape) return OK;
  Dim unknown[GRAPH_MAX_RANK];
  for (int i = 0; i < GRAPH_MAX_RANK; i++) unknown[i] = DIM_UNKNOWN;
  Window window;
  const ConvParams *params = infer->params;
  const char *wrong = window_make(&window, &params->window, &data->shape,
                                  weight->has_shape ? weight->shape.dims + 2 : unknown);
  if (wrong != NULL) return infer_fail(infer, "%s", wrong);
  Shape shape = window_output(&window, &data->shape, channels);
  infer_set(infer, 0, data->type, &shape);
  return OK;
}

static Status begin(Run *run, ConvCase *c) {
  const ConvParams *params = run->params;
  const char *wrong =
      window_make(&c->window, &params->window, &run->in[0]->shape, run->in[1]->shape.dims + 2);
  if (wrong != NULL) return run_fail(run, "%s", wrong);
  window_widen(&c->window);
  conv_sizes(run, false, c);
  return OK;
}

/* Sum over one channel's window at output (d, h, w). */
static double window_sum(const Window *window, const double *x, const double *weight, const int64_t at[3]) {
  const WindowAxis *a = window->axes;
  int64_t first[3], end[3];
  for (int i = 0; i < 3; i++) window_taps(&a[i], at[i], false, &first[i], &end[i]);
  double sum = 0;
  for (int64_t k = first[0]; k < end[0]; k++)
    for (int64_t l = first[1]; l < end[1]; l++)
      for (int64_t m = first[2]; m < end[2]; m++) {
        int64_t row = window_input(&a[0], at[0], k) * a[1].in + window_input(&a[1], at[1], l);
        sum += x[row * a[2].in + window_input(&a[2], at[2], m)] *
               weight[(k * a[1].kernel + l) * a[2].kernel + m];
      }
  return sum;
}

/* One output channel of one sample: `x` is its group's first input channel, `y` the index of its first
   output. */
static void plain_channel(const ConvCase *c, const double *x, const double *weight, double bias, Tensor *out,
                          int64_t y) {
  const WindowAxis *a = c->window.axes;
  int64_t at[3];
  for (at[0] = 0; at[0] < a[0].out; at[0]++)
    for (at[1] = 0; at[1] < a[1].out; at[1]++)
      for (at[2] = 0; at[2] < a[2].out; at[2]++) {
        double sum = bias;
        for (int64_t i = 0; i < c->group_in; i++)
          sum += window_sum(&c->window, x + i * c->in_pixels, weight + i * c->taps, at);
        tensor_set(out, y++, sum);
      }
}

static Status plain_conv(Run *run) {
  ConvCase c;
  TRY(begin(run, &c));
  const Tensor *bias = run_input(run, 2);
  const double *x = reals_of(run, run->in[0]), *weight = reals_of(run, run->in[1]);
  if (x == NULL || weight == NULL) return fail_memory(run->err);
  int64_t channels = c.group * c.group_out;
  for (int64_t n = 0; n < c.batch; n++)
    for (int64_t o = 0; o < channels; o++)
      plain_channel(&c, x + (n * c.group + o / c.group_out) * c.group_in * c.in_pixels,
                    weight + o * c.group_in * c.taps, bias == NULL ? 0 : tensor_get(bias, o), run->out[0],
                    (n * channels + o) * c.out_pixels);
  return OK;
}

static Status fast_conv(Run *run) {
  ConvCase c;
  TRY(begin(run, &c));
  if (run->in[0]->type != ELEMENT_FLOAT32 || !conv_f32_fits(&c)) return plain_conv(run);
  const Tensor *bias = run_input(run, 2);
  ConvOperands operands = {run->in[0]->data, run->in[1]->data, bias == NULL ? NULL : bias->data,
                           run->out[0]->data};
  return conv_f32(run, &c, &operands);
}

static Status grad_conv(Grad *grad) {
  ConvCase c;
  TRY(begin(&grad->run, &c));
  return conv_grad(grad, &c);
}

static Status linear_form(const Node *node, LinearForm *form, Error *err) {
  (void)node;
  (void)err;
  *form = (LinearForm){.data = 0, .weight = 1, .bias = 2, .channel_axis = 0};
  return OK;
}

static OpCost cost(const Node *node) {
  return (OpCost){.macs = conv_macs(node, node->outputs[0])};
}

static const AttributeRow attributes[] = {CONV_ATTRIBUTES, {0}};

const Op op_Conv = {
    .name = "Conv",
    .brief = "Convolution over one to three spatial axes, with groups, dilations and an optional bias.",
    .versions = {{22, infer_conv, plain_conv, fast_conv, grad_conv},
                 {11, infer_conv, plain_conv, fast_conv, grad_conv},
                 {1, infer_conv, plain_conv, fast_conv, grad_conv}},
    .attributes = attributes,
    .params_bytes = sizeof(ConvParams),
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"},
               {"W", PORT_REQUIRED, ELEMENTS_FLOAT, "[O, C/group, kernel...]"},
               {"B", PORT_OPTIONAL, ELEMENTS_FLOAT, "[O]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, O, ...]"}},
    .axes = conv_axes,
    .slim = conv_slim,
    .role = ROLE_LINEAR,
    .role_of = conv_role,
    .linear = linear_form,
    .cost = cost,
    .samples = {{"f32[1,3,7,6], f32[4,3,3,3]!, f32[4]!", "pads=[1,1,1,1]"},
                {"f32[2,4,9,8], f32[6,2,3,2]!", "group=2 strides=[2,1] dilations=[1,2] pads=[0,1,2,1]"},
                {"f32[1,5,8,9], f32[5,1,3,3]!, f32[5]!", "group=5 strides=[2,2] auto_pad=\"SAME_UPPER\""},
                {"f32[1,4,6,5], f32[8,1,5,3]!", "group=4 auto_pad=\"SAME_LOWER\""},
                {"f32[2,3,11], f32[4,3,4]!, f32[4]!", "strides=[3] pads=[2,1]"},
                {"f32[1,8,5,4], f32[7,8,1,1]!, f32[7]!", "auto_pad=\"VALID\""},
                {"f32[1,2,4,5,3], f32[3,2,2,3,2]!", "pads=[1,0,1,0,1,0] strides=[1,2,1]"}},
};
