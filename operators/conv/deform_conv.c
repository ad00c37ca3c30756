/* deform_conv.c - DeformConv: a convolution whose taps are moved by offsets that the data gives. */
#include "operators/reals.h"
#include "operators/window.h"

#include <math.h>

typedef struct DeformParams {
  WindowParams window;
  int64_t group, offset_group;
} DeformParams;

enum { IN_X, IN_WEIGHT, IN_OFFSET, IN_BIAS, IN_MASK };

static bool dims_differ(Dim a, Dim b) {
  return dim_is_known(a) && dim_is_known(b) && a != b;
}

static Dim times(Dim a, Dim b) {
  return dim_is_known(a) && dim_is_known(b) ? a * b : DIM_UNKNOWN;
}

/* Offsets and mask: `each` numbers for every tap of every output. */
static Status check_taps(const Infer *infer, int i, int64_t each, const Shape *out, const Window *window) {
  const InferValue *in = infer_input(infer, i);
  if (in == NULL || !in->has_shape) return OK;
  const Dim *dims = in->shape.dims;
  Dim taps = times(window->axes[0].kernel, window->axes[1].kernel);
  int64_t groups = ((const DeformParams *)infer->params)->offset_group;
  if (in->shape.rank != 4 || dims_differ(dims[0], out->dims[0]) ||
      dims_differ(dims[1], times(taps, each * groups)) || dims_differ(dims[2], out->dims[2]) ||
      dims_differ(dims[3], out->dims[3]))
    return infer_fail(infer, "input %d does not have %lld numbers for each tap of each output", i,
                      (long long)each);
  return OK;
}

static Status check_channels(const Infer *infer, const Shape *x, const Shape *w) {
  const DeformParams *params = infer->params;
  const InferValue *bias = infer_input(infer, IN_BIAS);
  if (dims_differ(x->dims[1], times(w->dims[1], params->group)) ||
      (dim_is_known(w->dims[0]) && w->dims[0] % params->group != 0) ||
      (dim_is_known(x->dims[1]) && x->dims[1] % params->offset_group != 0))
    return infer_fail(infer, "channels, weight and groups do not fit one another");
  if (bias != NULL && bias->has_shape &&
      (bias->shape.rank != 1 || dims_differ(bias->shape.dims[0], w->dims[0])))
    return infer_fail(infer, "the bias does not fit the output's channels");
  return OK;
}

static Status infer(Infer *infer) {
  const DeformParams *params = infer->params;
  const InferValue *x = &infer->in[IN_X], *w = &infer->in[IN_WEIGHT];
  infer->out[0].type = x->type;
  for (int i = 1; i < infer->input_count; i++)
    if (infer_types_differ(infer, IN_X, i)) return infer_fail(infer, "the inputs have different types");
  if (!x->has_shape || !w->has_shape) return OK;
  if (x->shape.rank != 4 || w->shape.rank != 4)
    return infer_fail(infer, "input and weight must have 4 dimensions");
  TRY(check_channels(infer, &x->shape, &w->shape));
  Window window;
  const char *wrong = window_make(&window, &params->window, &x->shape, w->shape.dims + 2);
  if (wrong != NULL) return infer_fail(infer, "%s", wrong);
  Shape out = window_output(&window, &x->shape, w->shape.dims[0]);
  TRY(check_taps(infer, IN_OFFSET, 2, &out, &window));
  TRY(check_taps(infer, IN_MASK, 1, &out, &window));
  infer_set(infer, 0, x->type, &out);
  return OK;
}

/* ---- the kernel ---- */

typedef struct DeformCase {
  Run *run;
  const DeformParams *params;
  WindowAxis rows, columns;
  int64_t channels, out_channels, group_in, taps, pixels; /* pixels of the output */
} DeformCase;

static double pixel(const Tensor *x, int64_t plane, const DeformCase *c, int64_t row, int64_t column) {
  if (row < 0 || row >= c->rows.in || column < 0 || column >= c->columns.in) return 0;
  return tensor_get(x, (plane * c->rows.in + row) * c->columns.in + column);
}

static double sample(const DeformCase *c, int64_t plane, double row, double column) {
  double top = floor(row), left = floor(column);
  if (!(top >= -1 && top < (double)c->rows.in && left >= -1 && left < (double)c->columns.in)) return 0;
  int64_t i = (int64_t)top, j = (int64_t)left;
  double down = row - top, right = column - left;
  const Tensor *x = c->run->in[IN_X];
  return (1 - down) * ((1 - right) * pixel(x, plane, c, i, j) + right * pixel(x, plane, c, i, j + 1)) +
         down * ((1 - right) * pixel(x, plane, c, i + 1, j) + right * pixel(x, plane, c, i + 1, j + 1));
}

/* Input channel `channel` of sample n under tap `tap` of output pixel `at`. */
static double moved_tap(const DeformCase *c, int64_t n, int64_t channel, int64_t tap, int64_t at) {
  const Tensor *offset = c->run->in[IN_OFFSET], *mask = run_input(c->run, IN_MASK);
  int64_t groups = c->params->offset_group, group = channel / (c->channels / groups);
  int64_t number = (n * groups + group) * c->taps + tap;
  int64_t row = window_input(&c->rows, at / c->columns.out, tap / c->columns.kernel);
  int64_t column = window_input(&c->columns, at % c->columns.out, tap % c->columns.kernel);
  double down = tensor_get(offset, 2 * number * c->pixels + at);
  double right = tensor_get(offset, (2 * number + 1) * c->pixels + at);
  double value = sample(c, n * c->channels + channel, (double)row + down, (double)column + right);
  return mask != NULL ? value * tensor_get(mask, number * c->pixels + at) : value;
}

static double output_at(const DeformCase *c, int64_t n, int64_t o, int64_t at) {
  const Tensor *weight = c->run->in[IN_WEIGHT], *bias = run_input(c->run, IN_BIAS);
  int64_t first = o / (c->out_channels / c->params->group) * c->group_in;
  double sum = bias != NULL ? tensor_get(bias, o) : 0;
  for (int64_t i = 0; i < c->group_in; i++)
    for (int64_t tap = 0; tap < c->taps; tap++)
      sum += tensor_get(weight, (o * c->group_in + i) * c->taps + tap) * moved_tap(c, n, first + i, tap, at);
  return sum;
}

static Status run_deform(Run *run) {
  const Shape *x = &run->in[IN_X]->shape, *w = &run->in[IN_WEIGHT]->shape;
  DeformCase c = {.run = run, .params = run->params, .channels = x->dims[1], .out_channels = w->dims[0]};
  Window window;
  const char *wrong = window_make(&window, &c.params->window, x, w->dims + 2);
  if (wrong != NULL) return run_fail(run, "%s", wrong);
  c.rows = window.axes[0];
  c.columns = window.axes[1];
  c.group_in = w->dims[1];
  c.taps = c.rows.kernel * c.columns.kernel;
  c.pixels = c.rows.out * c.columns.out;
  for (int64_t i = 0; i < tensor_elements(run->out[0]); i++)
    tensor_set(run->out[0], i,
               output_at(&c, i / c.pixels / c.out_channels, i / c.pixels % c.out_channels, i % c.pixels));
  return OK;
}

static OpCost cost(const Node *node) {
  const Value *w = node_input(node, IN_WEIGHT), *y = node->outputs[0];
  if (w == NULL || y == NULL || !w->has_shape || !y->has_shape || w->shape.rank != 4) return (OpCost){0};
  double macs = (double)shape_elements(&y->shape) * (double)w->shape.dims[1] * (double)w->shape.dims[2] *
                (double)w->shape.dims[3];
  return (OpCost){.macs = shape_elements(&y->shape) > 0 && macs > 0 && macs < 9e18 ? (int64_t)macs : 0};
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(WindowParams, kernel_shape, FIELD_INTS, .least = 1, .most = WINDOW_MOST),
    ATTRIBUTE(WindowParams, pads, FIELD_INTS, .least = 0, .most = WINDOW_MOST),
    ATTRIBUTE(WindowParams, strides, FIELD_INTS, .least = 1, .most = WINDOW_MOST),
    ATTRIBUTE(WindowParams, dilations, FIELD_INTS, .least = 1, .most = WINDOW_MOST),
    ATTRIBUTE(DeformParams, group, FIELD_INT, .otherwise = 1, .least = 1, .most = INT32_MAX),
    ATTRIBUTE(DeformParams, offset_group, FIELD_INT, .otherwise = 1, .least = 1, .most = INT32_MAX),
    {0}};

const Op op_DeformConv = {
    .name = "DeformConv",
    .brief = "Convolution whose taps are moved by offsets from another input.",
    .versions = {{19, infer, run_deform, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(DeformParams),
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, H, W]"},
               {"W", PORT_REQUIRED, ELEMENTS_FLOAT, "[O, C/group, kernel, kernel]"},
               {"offset", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, 2 taps, H', W']"},
               {"B", PORT_OPTIONAL, ELEMENTS_FLOAT, "[O]"},
               {"mask", PORT_OPTIONAL, ELEMENTS_FLOAT, "[N, taps, H', W']"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, O, H', W']"}},
    .role = ROLE_FLOAT,
    .role_reason = "samples between pixels, at places that the data gives",
    .cost = cost,
    .samples = {{"f32[1,2,4,4], f32[3,2,2,2]!, f32[1,8,3,3], f32[3]!, f32[1,4,3,3]", ""},
                {"f32[2,4,3,3], f32[2,2,2,2]!, f32[2,16,4,4]", "group=2 offset_group=2 pads=[1,1,1,1]"}},
};
