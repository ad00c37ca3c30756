/* deform_conv.c - DeformConv: a convolution whose taps are moved by offsets that the data gives. */
#include "operators/gradient.h"
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

/* Where a moved tap lies: below and to the right of pixel (i, j) by parts of a pixel. */
typedef struct Spot {
  bool inside; /* false: all around is padding */
  int64_t plane, i, j;
  double down, right;
  int64_t number; /* of the tap's offsets and mask, each `pixels` of the output long */
} Spot;

/* Input channel `channel` of sample n under tap `tap` of output pixel `at`. */
static Spot spot_of(const DeformCase *c, int64_t n, int64_t channel, int64_t tap, int64_t at) {
  const Tensor *offset = c->run->in[IN_OFFSET];
  int64_t groups = c->params->offset_group, group = channel / (c->channels / groups);
  Spot s = {.plane = n * c->channels + channel, .number = (n * groups + group) * c->taps + tap};
  double row = (double)window_input(&c->rows, at / c->columns.out, tap / c->columns.kernel) +
               tensor_get(offset, 2 * s.number * c->pixels + at);
  double column = (double)window_input(&c->columns, at % c->columns.out, tap % c->columns.kernel) +
                  tensor_get(offset, (2 * s.number + 1) * c->pixels + at);
  double top = floor(row), left = floor(column);
  s.inside = top >= -1 && top < (double)c->rows.in && left >= -1 && left < (double)c->columns.in;
  if (!s.inside) return s;
  s.i = (int64_t)top;
  s.j = (int64_t)left;
  s.down = row - top;
  s.right = column - left;
  return s;
}

static double sample(const DeformCase *c, const Spot *s) {
  const Tensor *x = c->run->in[IN_X];
  if (!s->inside) return 0;
  double above =
      (1 - s->right) * pixel(x, s->plane, c, s->i, s->j) + s->right * pixel(x, s->plane, c, s->i, s->j + 1);
  double below = (1 - s->right) * pixel(x, s->plane, c, s->i + 1, s->j) +
                 s->right * pixel(x, s->plane, c, s->i + 1, s->j + 1);
  return (1 - s->down) * above + s->down * below;
}

static double mask_at(const DeformCase *c, const Spot *s, int64_t at) {
  const Tensor *mask = run_input(c->run, IN_MASK);
  return mask != NULL ? tensor_get(mask, s->number * c->pixels + at) : 1;
}

static double moved_tap(const DeformCase *c, int64_t n, int64_t channel, int64_t tap, int64_t at) {
  Spot spot = spot_of(c, n, channel, tap, at);
  return sample(c, &spot) * mask_at(c, &spot, at);
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

static Status begin(Run *run, DeformCase *c) {
  const Shape *x = &run->in[IN_X]->shape, *w = &run->in[IN_WEIGHT]->shape;
  Window window;
  *c = (DeformCase){.run = run, .params = run->params, .channels = x->dims[1], .out_channels = w->dims[0]};
  const char *wrong = window_make(&window, &c->params->window, x, w->dims + 2);
  if (wrong != NULL) return run_fail(run, "%s", wrong);
  c->rows = window.axes[0];
  c->columns = window.axes[1];
  c->group_in = w->dims[1];
  c->taps = c->rows.kernel * c->columns.kernel;
  c->pixels = c->rows.out * c->columns.out;
  return OK;
}

static Status run_deform(Run *run) {
  DeformCase c;
  TRY(begin(run, &c));
  for (int64_t i = 0; i < tensor_elements(run->out[0]); i++)
    tensor_set(run->out[0], i,
               output_at(&c, i / c.pixels / c.out_channels, i / c.pixels % c.out_channels, i % c.pixels));
  return OK;
}

/* ---- the way back: tap by tap ---- */

static void add_to_pixel(const DeformCase *c, float *dx, int64_t plane, int64_t row, int64_t column,
                         double dy) {
  if (row < 0 || row >= c->rows.in || column < 0 || column >= c->columns.in) return;
  dx[(plane * c->rows.in + row) * c->columns.in + column] += (float)dy;
}

static void back_pixels(const DeformCase *c, float *dx, const Spot *s, double dy) {
  add_to_pixel(c, dx, s->plane, s->i, s->j, dy * (1 - s->down) * (1 - s->right));
  add_to_pixel(c, dx, s->plane, s->i, s->j + 1, dy * (1 - s->down) * s->right);
  add_to_pixel(c, dx, s->plane, s->i + 1, s->j, dy * s->down * (1 - s->right));
  add_to_pixel(c, dx, s->plane, s->i + 1, s->j + 1, dy * s->down * s->right);
}

static void back_offsets(const DeformCase *c, float *doffset, const Spot *s, int64_t at, double dy) {
  const Tensor *x = c->run->in[IN_X];
  double a = pixel(x, s->plane, c, s->i, s->j), b = pixel(x, s->plane, c, s->i, s->j + 1);
  double d = pixel(x, s->plane, c, s->i + 1, s->j), e = pixel(x, s->plane, c, s->i + 1, s->j + 1);
  double by_down = (1 - s->right) * (d - a) + s->right * (e - b);
  double by_right = (1 - s->down) * (b - a) + s->down * (e - d);
  doffset[2 * s->number * c->pixels + at] += (float)(dy * by_down);
  doffset[(2 * s->number + 1) * c->pixels + at] += (float)(dy * by_right);
}

/* What the outputs make of one moved tap: its gradient; those of the weights on the way. */
static double back_outputs(const Grad *grad, const DeformCase *c, int64_t n, int64_t channel, int64_t tap,
                           int64_t at, double value) {
  const float *weight = grad->run.in[IN_WEIGHT]->data, *dy = grad_of_output(grad, 0);
  float *dweight = grad_of_input(grad, IN_WEIGHT);
  int64_t each = c->out_channels / c->params->group, first = channel / c->group_in * each;
  double sum = 0;
  for (int64_t o = first; o < first + each; o++) {
    int64_t w = (o * c->group_in + channel % c->group_in) * c->taps + tap;
    double d = (double)dy[(n * c->out_channels + o) * c->pixels + at];
    sum += d * (double)weight[w];
    if (dweight != NULL) dweight[w] += (float)(d * value);
  }
  return sum;
}

static void back_tap(const Grad *grad, const DeformCase *c, int64_t n, int64_t channel, int64_t tap,
                     int64_t at) {
  float *dx = grad_of_input(grad, IN_X), *doffset = grad_of_input(grad, IN_OFFSET);
  float *dmask = grad_of_input(grad, IN_MASK);
  Spot spot = spot_of(c, n, channel, tap, at);
  if (!spot.inside) return;
  double value = sample(c, &spot), mask = mask_at(c, &spot, at);
  double dy = back_outputs(grad, c, n, channel, tap, at, value * mask);
  if (dx != NULL) back_pixels(c, dx, &spot, dy * mask);
  if (doffset != NULL) back_offsets(c, doffset, &spot, at, dy * mask);
  if (dmask != NULL) dmask[spot.number * c->pixels + at] += (float)(dy * value);
}

static Status grad_deform(Grad *grad) {
  DeformCase c;
  float *dbias = grad_of_input(grad, IN_BIAS);
  const float *dy = grad_of_output(grad, 0);
  int64_t batch = grad->run.in[IN_X]->shape.dims[0];
  TRY(begin(&grad->run, &c));
  TRY(grad_zero(grad));
  for (int64_t line = 0; line < batch * c.channels * c.taps; line++)
    for (int64_t at = 0; at < c.pixels; at++)
      back_tap(grad, &c, line / c.taps / c.channels, line / c.taps % c.channels, line % c.taps, at);
  for (int64_t i = 0; dbias != NULL && i < batch * c.out_channels * c.pixels; i++)
    dbias[i / c.pixels % c.out_channels] += dy[i];
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
    .versions = {{19, infer, run_deform, NULL, grad_deform}},
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
