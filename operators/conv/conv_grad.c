/* shared by the family: with the windows of a sample as columns of a matrix (im2col), the gradient of a
   weight is a product of it, and that of the data is a product that is added back to where the windows were.
 */
#include "operators/conv/conv_grad.h"

#include "operators/gradient.h"
#include "operators/sums.h"

#include <string.h>

/* ---- columns ---- */

typedef struct Planes {
  float *image, *row; /* a channel, and a row of the matrix */
} Planes;

static void copy_run(void *context, const WindowRun *run) {
  const Planes *planes = context;
  const float *from = planes->image + run->in;
  float *to = planes->row + run->out;
  if (run->step == 1)
    memcpy(to, from, (size_t)run->count * sizeof *to);
  else
    for (int64_t i = 0; i < run->count; i++) to[i] = from[i * run->step];
}

static void add_run(void *context, const WindowRun *run) {
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
  if (to_columns) memset(columns, 0, (size_t)(f->channels * f->taps * f->window_count) * sizeof *columns);
  for (int64_t c = 0; c < f->channels; c++)
    for (int64_t t = 0; t < f->taps; t++) {
      Planes planes = {image + c * f->image_pixels, columns + (c * f->taps + t) * f->window_count};
      window_walk(f->window, t, to_columns ? copy_run : add_run, &planes);
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

/* ---- convolution ---- */

/* One group of one sample. */
static void columns_of_group(const ConvCase *c, const Form *f, const float *x, const float *weight,
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

Status conv_grad_columns(Run *run, const ConvCase *c, const float *x, const float *weight, const float *dy,
                         float *dw, float *dx) {
  Form f = form_of(c, false);
  int64_t image = c->group_in * c->in_pixels, out = c->group_out * c->out_pixels;
  int64_t weights = c->group_out * c->group_in * c->taps;
  float *columns = floats_new(run, f.is_pointwise ? 1 : f.channels * f.taps * f.window_count);
  if (columns == NULL) return fail_memory(run->err);
  if (dx != NULL) memset(dx, 0, (size_t)(c->batch * c->group * image) * sizeof *dx);
  if (dw != NULL && c->batch == 0) memset(dw, 0, (size_t)(c->group * weights) * sizeof *dw);
  for (int64_t i = 0; i < c->batch * c->group; i++) {
    int64_t g = i % c->group;
    columns_of_group(c, &f, x + i * image, weight + g * weights, dy + i * out, columns, i < c->group,
                     dw == NULL ? NULL : dw + g * weights, dx == NULL ? NULL : dx + i * image);
  }
  return OK;
}

void conv_grad_bias(const ConvCase *c, const float *dy, float *bias) {
  int64_t channels = c->group * c->group_out;
  for (int64_t o = 0; o < channels; o++) {
    double sum = 0;
    for (int64_t n = 0; n < c->batch; n++)
      sum += sum_f32(dy + (n * channels + o) * c->out_pixels, c->out_pixels);
    bias[o] = (float)sum;
  }
}

Status conv_grad(Grad *grad, const ConvCase *c) {
  Run *run = &grad->run;
  const float *x = run->in[0]->data, *weight = run->in[1]->data, *dy = grad_of_output(grad, 0);
  float *dx = grad_of_input(grad, 0), *dw = grad_of_input(grad, 1), *bias = grad_of_input(grad, 2);
  if (bias != NULL) conv_grad_bias(c, dy, bias);
  if (dw != NULL && depthwise_grad_weight_fits(c)) {
    TRY(depthwise_grad_weight(run, c, x, dy, dw));
    dw = NULL;
  } else if (dw != NULL && conv_grad_weight_fits(c)) {
    TRY(conv_grad_weight(run, c, x, dy, dw));
    dw = NULL;
  }
  if (dx != NULL && conv_grad_scatter_fits(c)) {
    TRY(conv_grad_scatter(run, c, dy, weight, dx));
    dx = NULL;
  } else if (dx != NULL && conv_grad_data_fits(c)) {
    TRY(conv_grad_data(run, c, dy, weight, dx));
    dx = NULL;
  }
  return dw != NULL || dx != NULL ? conv_grad_columns(run, c, x, weight, dy, dw, dx) : OK;
}

/* ---- transposed: its output is the image, and its input has an element for each window ---- */

Status conv_transpose_grad(Grad *grad, const ConvCase *c) {
  const float *x = grad->run.in[0]->data, *weight = grad->run.in[1]->data, *dy = grad_of_output(grad, 0);
  float *dx = grad_of_input(grad, 0), *dw = grad_of_input(grad, 1);
  Form f = form_of(c, true);
  int64_t depth = f.channels * f.taps, count = f.window_count;
  int64_t in = c->group_in * c->in_pixels, image = c->group_out * c->out_pixels,
          weights = c->group_in * depth;
  if (grad_of_input(grad, 2) != NULL) conv_grad_bias(c, dy, grad_of_input(grad, 2));
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
