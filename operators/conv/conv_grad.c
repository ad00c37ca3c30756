/* shared by the family: with the windows of a sample as columns of a matrix (im2col), the gradient of a
   weight is a product of it, and that of the data is a product that is added back to where the windows were.
 */
#include "operators/conv/conv_grad.h"

#include "base/wide.h"
#include "operators/gradient.h"

#include <string.h>

/* Elements that one tap connects: `count` outputs from `out` on, and inputs from `in` on, `step` apart. */
typedef struct TapRun {
  int64_t out, in, step, count;
} TapRun;

typedef void (*TapBody)(void *context, const TapRun *run);

/* Walks what tap `k` of the window connects, row by row. */
static void walk_tap(const Window *window, const int64_t k[3], TapBody body, void *context) {
  const WindowAxis *a = window->axes;
  int64_t first[3], end[3];
  for (int d = 0; d < 3; d++) window_outputs(&a[d], k[d], &first[d], &end[d]);
  if (end[2] <= first[2]) return;
  TapRun run = {.step = a[2].stride, .count = end[2] - first[2]};
  int64_t column = window_input(&a[2], first[2], k[2]);
  for (int64_t z = first[0]; z < end[0]; z++)
    for (int64_t y = first[1]; y < end[1]; y++) {
      run.out = (z * a[1].out + y) * a[2].out + first[2];
      run.in = (window_input(&a[0], z, k[0]) * a[1].in + window_input(&a[1], y, k[1])) * a[2].in + column;
      body(context, &run);
    }
}

/* Tap number `t` by its place along each axis. */
static void tap_at(const Window *window, int64_t t, int64_t k[3]) {
  const WindowAxis *a = window->axes;
  k[0] = t / (a[1].kernel * a[2].kernel);
  k[1] = t / a[2].kernel % a[1].kernel;
  k[2] = t % a[2].kernel;
}

/* ---- columns ---- */

typedef struct Planes {
  float *image, *row; /* a channel, and a row of the matrix */
} Planes;

static void copy_run(void *context, const TapRun *run) {
  const Planes *planes = context;
  const float *from = planes->image + run->in;
  float *to = planes->row + run->out;
  if (run->step == 1)
    memcpy(to, from, (size_t)run->count * sizeof *to);
  else
    for (int64_t i = 0; i < run->count; i++) to[i] = from[i * run->step];
}

static void add_run(void *context, const TapRun *run) {
  const Planes *planes = context;
  float *to = planes->image + run->in;
  const float *from = planes->row + run->out;
  for (int64_t i = 0; i < run->count; i++) to[i * run->step] += from[i];
}

/* The plain convolution whose gradient is computed: its image, its windows. */
typedef struct Form {
  const Window *window;
  int64_t channels; /* of a group of the image */
  int64_t taps, image_pixels, window_count;
  bool is_pointwise; /* the image is the matrix itself */
} Form;

static bool is_pointwise(const Window *window) {
  for (int d = 0; d < WINDOW_MAX_AXES; d++) {
    const WindowAxis *a = &window->axes[d];
    if (a->kernel != 1 || a->stride != 1 || a->pad_begin != 0 || a->pad_end != 0) return false;
  }
  return true;
}

/* Copies the image of a group to the matrix [channels * taps, window_count], or adds the matrix to the image.
 */
static void move_columns(const Form *f, float *image, float *columns, bool to_columns) {
  int64_t k[3];
  if (to_columns) memset(columns, 0, (size_t)(f->channels * f->taps * f->window_count) * sizeof *columns);
  for (int64_t c = 0; c < f->channels; c++)
    for (int64_t t = 0; t < f->taps; t++) {
      Planes planes = {image + c * f->image_pixels, columns + (c * f->taps + t) * f->window_count};
      tap_at(f->window, t, k);
      walk_tap(f->window, k, to_columns ? copy_run : add_run, &planes);
    }
}

/* The matrix of an image: the image itself, or `columns` filled from it. */
static const float *columns_of(const Form *f, const float *image, float *columns) {
  if (f->is_pointwise) return image;
  move_columns(f, (float *)image, columns, true);
  return columns;
}

static Form form_of(const ConvCase *c, bool transposed) {
  return (Form){.window = &c->window,
                .channels = transposed ? c->group_out : c->group_in,
                .taps = c->taps,
                .image_pixels = transposed ? c->out_pixels : c->in_pixels,
                .window_count = transposed ? c->in_pixels : c->out_pixels,
                .is_pointwise = is_pointwise(&c->window)};
}

/* ---- bias ---- */

static void grad_bias(Grad *grad, const ConvCase *c) {
  float *bias = grad_of_input(grad, 2);
  const float *dy = grad_of_output(grad, 0);
  int64_t channels = c->group * c->group_out;
  for (int64_t o = 0; bias != NULL && o < channels; o++) {
    double sum = 0;
    for (int64_t n = 0; n < c->batch; n++) {
      const float *plane = dy + (n * channels + o) * c->out_pixels;
      for (int64_t i = 0; i < c->out_pixels; i++) sum += (double)plane[i];
    }
    bias[o] = (float)sum;
  }
}

/* ---- depthwise: a product of a row and a column, so done tap by tap ---- */

typedef struct Depthwise {
  const float *x, *dy;
  float *dx; /* NULL: not asked for */
  float weight;
  double sum; /* of the weight's gradient */
} Depthwise;

WIDE_LOOP static void add_scaled(float *restrict to, const float *restrict from, float factor, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i] += factor * from[i];
}

static void depthwise_run(void *context, const TapRun *run) {
  Depthwise *d = context;
  const float *x = d->x + run->in, *dy = d->dy + run->out;
  float sum[4] = {0};
  int64_t i = 0;
  for (; i + 4 <= run->count; i += 4)
    for (int j = 0; j < 4; j++) sum[j] += x[(i + j) * run->step] * dy[i + j];
  for (; i < run->count; i++) sum[0] += x[i * run->step] * dy[i];
  d->sum += (double)(sum[0] + sum[1] + sum[2] + sum[3]);
  if (d->dx == NULL) return;
  float *dx = d->dx + run->in;
  if (run->step == 1)
    add_scaled(dx, dy, d->weight, run->count);
  else
    for (i = 0; i < run->count; i++) dx[i * run->step] += d->weight * dy[i];
}

static void depthwise_grad(Grad *grad, const ConvCase *c) {
  const float *x = grad->run.in[0]->data, *weight = grad->run.in[1]->data, *dy = grad_of_output(grad, 0);
  float *dx = grad_of_input(grad, 0), *dw = grad_of_input(grad, 1);
  int64_t k[3], images = c->group * c->in_pixels, windows = c->group * c->out_pixels;
  if (dx != NULL) memset(dx, 0, (size_t)(c->batch * images) * sizeof *dx);
  for (int64_t g = 0; g < c->group; g++)
    for (int64_t t = 0; t < c->taps; t++) {
      Depthwise d = {.weight = weight[g * c->taps + t]};
      tap_at(&c->window, t, k);
      for (int64_t n = 0; n < c->batch; n++) {
        d.x = x + n * images + g * c->in_pixels;
        d.dy = dy + n * windows + g * c->out_pixels;
        d.dx = dx == NULL ? NULL : dx + n * images + g * c->in_pixels;
        walk_tap(&c->window, k, depthwise_run, &d);
      }
      if (dw != NULL) dw[g * c->taps + t] = (float)d.sum;
    }
}

/* ---- convolution ---- */

/* One group of one sample. */
static void conv_group_grad(const ConvCase *c, const Form *f, const float *x, const float *weight,
                            const float *dy, float *columns, bool is_first, float *dw, float *dx) {
  int64_t depth = f->channels * f->taps, count = f->window_count;
  Matrix y = {dy, count, false};
  if (dw != NULL) {
    Matrix windows = {columns_of(f, x, columns), count, true};
    product_f32(c->group_out, depth, count, 1, y, windows, is_first ? 0 : 1, dw, depth);
  }
  if (dx == NULL) return;
  Matrix w = {weight, depth, true};
  product_f32(depth, count, c->group_out, 1, w, y, 0, f->is_pointwise ? dx : columns, count);
  if (!f->is_pointwise) move_columns(f, dx, columns, false);
}

Status conv_grad(Grad *grad, const ConvCase *c) {
  const float *x = grad->run.in[0]->data, *weight = grad->run.in[1]->data, *dy = grad_of_output(grad, 0);
  float *dx = grad_of_input(grad, 0), *dw = grad_of_input(grad, 1);
  grad_bias(grad, c);
  if (c->group_in == 1 && c->group_out == 1) {
    depthwise_grad(grad, c);
    return OK;
  }
  Form f = form_of(c, false);
  int64_t image = c->group_in * c->in_pixels, out = c->group_out * c->out_pixels;
  int64_t weights = c->group_out * c->group_in * c->taps;
  float *columns = floats_new(&grad->run, f.is_pointwise ? 1 : f.channels * f.taps * f.window_count);
  if (columns == NULL) return fail_memory(grad->run.err);
  if (dx != NULL) memset(dx, 0, tensor_bytes(grad->in_grad[0]));
  if (dw != NULL && c->batch == 0) memset(dw, 0, tensor_bytes(grad->in_grad[1]));
  for (int64_t i = 0; i < c->batch * c->group; i++) {
    int64_t g = i % c->group;
    conv_group_grad(c, &f, x + i * image, weight + g * weights, dy + i * out, columns, i < c->group,
                    dw == NULL ? NULL : dw + g * weights, dx == NULL ? NULL : dx + i * image);
  }
  return OK;
}

/* ---- transposed: its output is the image, and its input has an element for each window ---- */

Status conv_transpose_grad(Grad *grad, const ConvCase *c) {
  const float *x = grad->run.in[0]->data, *weight = grad->run.in[1]->data, *dy = grad_of_output(grad, 0);
  float *dx = grad_of_input(grad, 0), *dw = grad_of_input(grad, 1);
  Form f = form_of(c, true);
  int64_t depth = f.channels * f.taps, count = f.window_count;
  int64_t in = c->group_in * c->in_pixels, image = c->group_out * c->out_pixels,
          weights = c->group_in * depth;
  grad_bias(grad, c);
  float *columns = floats_new(&grad->run, f.is_pointwise ? 1 : depth * count);
  if (columns == NULL) return fail_memory(grad->run.err);
  if (dw != NULL && c->batch == 0) memset(dw, 0, tensor_bytes(grad->in_grad[1]));
  for (int64_t i = 0; i < c->batch * c->group; i++) {
    int64_t g = i % c->group;
    const float *windows = columns_of(&f, dy + i * image, columns);
    Matrix a = {weight + g * weights, depth, false}, b = {windows, count, false},
           across = {windows, count, true};
    if (dx != NULL) product_f32(c->group_in, count, depth, 1, a, b, 0, dx + i * in, count);
    if (dw != NULL)
      product_f32(c->group_in, depth, count, 1, (Matrix){x + i * in, count, false}, across,
                  i < c->group ? 0 : 1, dw + g * weights, depth);
  }
  return OK;
}
