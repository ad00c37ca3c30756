#include "operators/conv/conv_grad.h"

typedef struct ConvTransposeParams {
  ConvParams conv;
  Ints output_padding, output_shape;
} ConvTransposeParams;

/* Pads of an axis whose output size is given: what the full output has too much, split by auto_pad. */
static void split_pads(const ConvTransposeParams *params, WindowAxis *axis, int64_t full) {
  int64_t total = full > axis->out ? full - axis->out : 0;
  bool upper = params->conv.window.auto_pad == AUTO_PAD_SAME_UPPER;
  axis->pad_begin = upper ? total / 2 : total - total / 2;
  axis->pad_end = total - axis->pad_begin;
}

static const char *axis_output(const ConvTransposeParams *params, int i, WindowAxis *axis) {
  int auto_pad = params->conv.window.auto_pad;
  bool same = auto_pad == AUTO_PAD_SAME_UPPER || auto_pad == AUTO_PAD_SAME_LOWER;
  bool given = params->output_shape.given;
  int64_t extra = params->output_padding.given ? params->output_padding.values[i] : 0;
  if (given) axis->out = params->output_shape.values[i];
  if (!dim_is_known(axis->in) || !dim_is_known(axis->kernel)) return NULL;
  if (axis->in == 0) return "the input is empty";
  if (axis->in > WINDOW_MOST_OUT) return "the input is too large";
  int64_t full = axis->stride * (axis->in - 1) + extra + (axis->kernel - 1) * axis->dilation + 1;
  if (same && !given) axis->out = axis->stride * axis->in;
  if (same || given)
    split_pads(params, axis, full);
  else
    axis->out = full - axis->pad_begin - axis->pad_end;
  if (axis->out < 1) return "the pads leave nothing of the output";
  return axis->out > WINDOW_MOST_OUT ? "the output is too large" : NULL;
}

/* The geometry with `in` and `out` as the node sees them. */
static const char *transpose_window(Window *window, const ConvTransposeParams *params, const Shape *data,
                                    const Dim *kernel) {
  const char *wrong = window_begin(window, &params->conv.window, data, kernel);
  if (wrong != NULL) return wrong;
  if (params->output_padding.given && params->output_padding.count != window->count)
    return "output_padding does not have one entry for each spatial axis";
  if (params->output_shape.given && params->output_shape.count != window->count)
    return "output_shape does not have one entry for each spatial axis";
  for (int i = 0; wrong == NULL && i < window->count; i++) wrong = axis_output(params, i, &window->axes[i]);
  return wrong;
}

static Status infer_transpose(Infer *infer) {
  const InferValue *data = &infer->in[0], *weight = &infer->in[1];
  Dim channels;
  TRY(conv_check(infer, true, &channels));
  infer->out[0].type = data->type;
  if (!data->has_shape) return OK;
  Dim unknown[GRAPH_MAX_RANK];
  for (int i = 0; i < GRAPH_MAX_RANK; i++) unknown[i] = DIM_UNKNOWN;
  Window window;
  const char *wrong = transpose_window(&window, infer->params, &data->shape,
                                       weight->has_shape ? weight->shape.dims + 2 : unknown);
  if (wrong != NULL) return infer_fail(infer, "%s", wrong);
  Shape shape = window_output(&window, &data->shape, channels);
  infer_set(infer, 0, data->type, &shape);
  return OK;
}

static Status begin(Run *run, ConvCase *c) {
  const char *wrong =
      transpose_window(&c->window, run->params, &run->in[0]->shape, run->in[1]->shape.dims + 2);
  if (wrong != NULL) return run_fail(run, "%s", wrong);
  window_widen(&c->window);
  conv_sizes(run, true, c);
  for (int i = 0; i < WINDOW_MAX_AXES; i++) { /* as the convolution that this one turns around */
    WindowAxis *axis = &c->window.axes[i];
    Dim in = axis->in;
    axis->in = axis->out;
    axis->out = in;
  }
  return OK;
}

/* Spreads input element `x` at `at` over the outputs of one channel. */
static void spread(const Window *window, double x, const double *weight, const int64_t at[3], double *y) {
  const WindowAxis *a = window->axes;
  int64_t first[3], end[3];
  for (int i = 0; i < 3; i++) window_taps(&a[i], at[i], false, &first[i], &end[i]);
  for (int64_t k = first[0]; k < end[0]; k++)
    for (int64_t l = first[1]; l < end[1]; l++)
      for (int64_t m = first[2]; m < end[2]; m++) {
        int64_t row = window_input(&a[0], at[0], k) * a[1].in + window_input(&a[1], at[1], l);
        y[row * a[2].in + window_input(&a[2], at[2], m)] +=
            x * weight[(k * a[1].kernel + l) * a[2].kernel + m];
      }
}

/* Adds one input channel's part to one output channel. */
static void plain_channel(const ConvCase *c, const double *x, const double *weight, double *y) {
  const WindowAxis *a = c->window.axes;
  int64_t at[3];
  for (at[0] = 0; at[0] < a[0].out; at[0]++)
    for (at[1] = 0; at[1] < a[1].out; at[1]++)
      for (at[2] = 0; at[2] < a[2].out; at[2]++) spread(&c->window, *x++, weight, at, y);
}

static Status plain_transpose(Run *run) {
  ConvCase c;
  TRY(begin(run, &c));
  const Tensor *bias = run_input(run, 2);
  const double *x = reals_of(run, run->in[0]), *weight = reals_of(run, run->in[1]);
  double *y = reals_new(run, c.out_pixels);
  if (x == NULL || weight == NULL || y == NULL) return fail_memory(run->err);
  int64_t channels = c.group * c.group_out;
  for (int64_t i = 0; i < c.batch * channels; i++) {
    int64_t n = i / channels, o = i % channels, g = o / c.group_out;
    for (int64_t p = 0; p < c.out_pixels; p++) y[p] = bias == NULL ? 0 : tensor_get(bias, o);
    for (int64_t j = g * c.group_in; j < (g + 1) * c.group_in; j++)
      plain_channel(&c, x + (n * c.group * c.group_in + j) * c.in_pixels,
                    weight + (j * c.group_out + o % c.group_out) * c.taps, y);
    for (int64_t p = 0; p < c.out_pixels; p++) tensor_set(run->out[0], i * c.out_pixels + p, y[p]);
  }
  return OK;
}

/* Adds one row of the product (a tap of an output channel, over all input pixels) to the channel. */
static void add_tap(const Window *window, const float *product, int64_t k, int64_t l, float *y) {
  const WindowAxis *high = &window->axes[1], *wide = &window->axes[2];
  int64_t first_row, end_row, first, end;
  window_outputs(high, k, &first_row, &end_row);
  window_outputs(wide, l, &first, &end);
  for (int64_t r = first_row; r < end_row; r++) {
    float *row = y + window_input(high, r, k) * wide->in;
    int64_t shift = window_input(wide, 0, l);
    for (int64_t i = first; i < end; i++) row[i * wide->stride + shift] += product[r * wide->out + i];
  }
}

/* One group of one sample: all taps' products at once, then each is added where it belongs. */
static void fast_group(const ConvCase *c, const float *x, const float *weight, float *products, float *y) {
  int64_t rows = c->group_out * c->taps;
  Matrix a = {weight, rows, true}, b = {x, c->in_pixels, false};
  product_f32(rows, c->in_pixels, c->group_in, 1, a, b, 0, products, c->in_pixels);
  const WindowAxis *axes = c->window.axes;
  for (int64_t o = 0; o < c->group_out; o++)
    for (int64_t k = 0; k < axes[1].kernel; k++)
      for (int64_t l = 0; l < axes[2].kernel; l++, products += c->in_pixels)
        add_tap(&c->window, products, k, l, y + o * c->out_pixels);
}

static Status fast_transpose(Run *run) {
  ConvCase c;
  TRY(begin(run, &c));
  const WindowAxis *depth = &c.window.axes[0];
  bool flat = depth->in == 1 && depth->kernel == 1 && depth->out == 1;
  if (run->in[0]->type != ELEMENT_FLOAT32 || !flat || !product_fits(c.group_out * c.taps) ||
      !product_fits(c.in_pixels) || !product_fits(c.group_in))
    return plain_transpose(run);
  const float *x = run->in[0]->data, *weight = run->in[1]->data;
  const float *bias = run_input(run, 2) == NULL ? NULL : run->in[2]->data;
  float *y = run->out[0]->data, *products = floats_new(run, c.group_out * c.taps * c.in_pixels);
  if (products == NULL) return fail_memory(run->err);
  int64_t channels = c.group * c.group_out;
  for (int64_t o = 0; o < c.batch * channels; o++)
    conv_start(bias, y + o * c.out_pixels, o % channels, c.out_pixels);
  for (int64_t i = 0; i < c.batch * c.group; i++)
    fast_group(&c, x + i * c.group_in * c.in_pixels, weight + i % c.group * c.group_in * c.group_out * c.taps,
               products, y + i * c.group_out * c.out_pixels);
  return OK;
}

static Status grad_transpose(Grad *grad) {
  ConvCase c;
  TRY(begin(&grad->run, &c));
  return conv_transpose_grad(grad, &c);
}

static Status linear_form(const Node *node, LinearForm *form, Error *err) {
  (void)node;
  (void)err;
  *form = (LinearForm){.data = 0, .weight = 1, .bias = 2, .channel_axis = 1};
  return OK;
}

static OpCost cost(const Node *node) {
  return (OpCost){.macs = conv_macs(node, node_input(node, 0))};
}

static const AttributeRow attributes[] = {
    CONV_ATTRIBUTES,
    ATTRIBUTE(ConvTransposeParams, output_padding, FIELD_INTS, .least = 0, .most = WINDOW_MOST),
    ATTRIBUTE(ConvTransposeParams, output_shape, FIELD_INTS, .least = 1, .most = WINDOW_MOST),
    {0}};

const Op op_ConvTranspose = {
    .name = "ConvTranspose",
    .brief = "Transposed convolution: spreads each input element over a window of outputs.",
    .versions = {{22, infer_transpose, plain_transpose, fast_transpose, grad_transpose},
                 {11, infer_transpose, plain_transpose, fast_transpose, grad_transpose},
                 {1, infer_transpose, plain_transpose, fast_transpose, grad_transpose}},
    .attributes = attributes,
    .params_bytes = sizeof(ConvTransposeParams),
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"},
               {"W", PORT_REQUIRED, ELEMENTS_FLOAT, "[C, O/group, kernel...]"},
               {"B", PORT_OPTIONAL, ELEMENTS_FLOAT, "[O]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, O, ...]"}},
    .axes = conv_transpose_axes,
    .slim = conv_slim,
    .role = ROLE_LINEAR,
    .role_of = conv_role,
    .linear = linear_form,
    .cost = cost,
    .samples = {{"f32[1,3,4,5], f32[3,2,3,3]!, f32[2]!", "strides=[2,2] pads=[1,1,1,1] output_padding=[1,1]"},
                {"f32[2,4,3,3], f32[4,3,2,3]!", "group=2 dilations=[2,1] pads=[0,1,1,0]"},
                {"f32[1,2,3,3], f32[2,2,3,3]!", "strides=[3,2] output_shape=[10,8]"},
                {"f32[1,2,3,4], f32[2,1,3,3]!, f32[1]!", "strides=[2,2] auto_pad=\"SAME_UPPER\""},
                {"f32[1,3,5], f32[3,2,2]!", "strides=[3] auto_pad=\"SAME_LOWER\""},
                {"f32[1,2,2,3,2], f32[2,2,2,2,3]!", "strides=[1,2,1]"}},
};
