/* shared by the family: the way back through windows, float32. */
#include "base/wide.h"
#include "operators/gradient.h"
#include "operators/pool/pool.h"

#include <math.h>
#include <string.h>

/* ---- windows: tap by tap, a row of outputs at a time ---- */

/* One plane. */
typedef struct Plane {
  const float *x, *y;
  float *left; /* by output: what is to be given to its inputs */
  float *dx;
  int64_t p; /* of a norm */
} Plane;

/* The first of equal maxima gets everything, as it is the one that was chosen. */
static inline void give(float *restrict dx, const float *restrict x, const float *restrict y,
                        float *restrict left, int64_t step, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    bool chosen = x[i * step] == y[i];
    dx[i * step] += chosen ? left[i] : 0.0f;
    left[i] = chosen ? 0.0f : left[i];
  }
}

static void give_run(void *context, const WindowRun *run) {
  const Plane *p = context;
  give(p->dx + run->in, p->x + run->in, p->y + run->out, p->left + run->out, run->step, run->count);
}

static inline void add(float *restrict dx, const float *restrict share, int64_t step, int64_t count) {
  for (int64_t i = 0; i < count; i++) dx[i * step] += share[i];
}

static void add_run(void *context, const WindowRun *run) {
  const Plane *p = context;
  if (run->step == 1)
    add(p->dx + run->in, p->left + run->out, 1, run->count);
  else
    add(p->dx + run->in, p->left + run->out, run->step, run->count);
}

/* One x of a window of norm y: (|x| / y)^(p - 1) with the sign of x; 0 where all is 0. */
static float norm_slope(double x, double y, int64_t p) {
  if (x == 0 || y == 0) return 0;
  double size = p == 1 ? 1 : p == 2 ? fabs(x) / y : pow(fabs(x) / y, (double)(p - 1));
  return (float)(x < 0 ? -size : size);
}

static void norm_run(void *context, const WindowRun *run) {
  const Plane *p = context;
  for (int64_t i = 0; i < run->count; i++) {
    int64_t in = run->in + i * run->step, out = run->out + i;
    p->dx[in] += p->left[out] * norm_slope((double)p->x[in], (double)p->y[out], p->p);
  }
}

static int64_t taps_of(const Window *window) {
  return window->axes[0].kernel * window->axes[1].kernel * window->axes[2].kernel;
}

/* How many elements each output is made of, at least 1. */
static void count_inputs(const PoolCase *c, bool padded, float *counts) {
  const WindowAxis *a = c->window.axes;
  for (int64_t o = 0; o < c->out_pixels; o++) {
    int64_t at[3] = {o / (a[1].out * a[2].out), o / a[2].out % a[1].out, o % a[2].out}, count = 1;
    for (int d = 0; d < 3; d++) {
      int64_t first, end;
      window_taps(&a[d], at[d], padded, &first, &end);
      count *= end > first ? end - first : 0;
    }
    counts[o] = (float)(count > 0 ? count : 1);
  }
}

/* `counts`: by output, what dy is divided by; NULL: nothing. `norm`: see Plane. */
static Status back(Grad *grad, const PoolCase *c, const float *counts, int64_t norm, WindowBody body) {
  const float *dy = grad_of_output(grad, 0), *x = grad->run.in[0]->data, *y = grad->run.out[0]->data;
  float *dx = grad_of_input(grad, 0), *left = floats_new(&grad->run, c->out_pixels);
  if (left == NULL) return fail_memory(grad->run.err);
  memset(dx, 0, tensor_bytes(grad->in_grad[0]));
  for (int64_t p = 0; p < c->planes; p++, dy += c->out_pixels) {
    Plane plane = {x + p * c->in_pixels, y + p * c->out_pixels, left, dx + p * c->in_pixels, norm};
    for (int64_t o = 0; o < c->out_pixels; o++) left[o] = counts == NULL ? dy[o] : dy[o] / counts[o];
    for (int64_t t = 0; t < taps_of(&c->window); t++) window_walk(&c->window, t, body, &plane);
  }
  return OK;
}

/* ---- maxima of two by two: all inputs of a row of outputs at once ---- */

static bool is_two_by_two(const PoolCase *c) {
  const WindowAxis *a = c->window.axes;
  for (int d = 1; d < 3; d++)
    if (a[d].kernel != 2 || a[d].stride != 2 || a[d].dilation != 1 || a[d].pad_begin != 0 ||
        a[d].in != 2 * a[d].out)
      return false;
  return a[0].in == 1 && a[0].kernel == 1 && a[0].out == 1;
}

WIDE_LOOP static void give_pairs(float *restrict dx, float *restrict below, const float *restrict x,
                                 const float *restrict x_below, const float *restrict y,
                                 const float *restrict dy, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    float most = y[i], none = 0, left = dy[i]; /* `left` goes to the first that is chosen */
    float a = x[2 * i], b = x[2 * i + 1], c = x_below[2 * i], d = x_below[2 * i + 1];
    dx[2 * i] = a == most ? left : none;
    left = a == most ? none : left;
    dx[2 * i + 1] = b == most ? left : none;
    left = b == most ? none : left;
    below[2 * i] = c == most ? left : none;
    left = c == most ? none : left;
    below[2 * i + 1] = d == most ? left : none;
  }
}

static void back_two_by_two(const Grad *grad, const PoolCase *c) {
  const float *dy = grad_of_output(grad, 0), *x = grad->run.in[0]->data, *y = grad->run.out[0]->data;
  float *dx = grad_of_input(grad, 0);
  int64_t width = c->window.axes[2].out, rows = c->planes * c->window.axes[1].out;
  for (int64_t r = 0; r < rows; r++) {
    int64_t at = r * 4 * width, below = at + 2 * width;
    give_pairs(dx + at, dx + below, x + at, x + below, y + r * width, dy + r * width, width);
  }
}

Status pool_grad_maximum(Grad *grad) {
  PoolCase c;
  TRY(pool_begin(&grad->run, &c));
  if (grad_of_input(grad, 0) == NULL || grad_of_output(grad, 0) == NULL) return grad_zero(grad);
  if (!is_two_by_two(&c)) return back(grad, &c, NULL, 0, give_run);
  back_two_by_two(grad, &c);
  return OK;
}

/* One window that sees everything and nothing else. */
static bool is_global(const PoolCase *c) {
  for (int d = 0; d < 3; d++) {
    const WindowAxis *a = &c->window.axes[d];
    if (a->kernel != a->in || a->dilation != 1 || a->pad_begin != 0) return false;
  }
  return c->out_pixels == 1;
}

Status pool_grad_average(Grad *grad, bool count_include_pad) {
  PoolCase c;
  TRY(pool_begin(&grad->run, &c));
  if (is_global(&c)) return pool_grad_global_average(grad);
  if (grad_of_input(grad, 0) == NULL || grad_of_output(grad, 0) == NULL) return grad_zero(grad);
  float *counts = floats_new(&grad->run, c.out_pixels);
  if (counts == NULL) return fail_memory(grad->run.err);
  count_inputs(&c, count_include_pad, counts);
  return back(grad, &c, counts, 0, add_run);
}

Status pool_grad_norm(Grad *grad, int64_t p) {
  PoolCase c;
  TRY(pool_begin(&grad->run, &c));
  if (grad_of_input(grad, 0) == NULL || grad_of_output(grad, 0) == NULL) return grad_zero(grad);
  return back(grad, &c, NULL, p, norm_run);
}

/* ---- whole planes ---- */

Status pool_grad_global_norm(Grad *grad, int64_t p) {
  const Shape *shape = &grad->run.in[0]->shape;
  int64_t planes = shape_product(shape, 0, 2), pixels = shape_product(shape, 2, shape->rank);
  float *dx = grad_of_input(grad, 0);
  const float *dy = grad_of_output(grad, 0), *x = grad->run.in[0]->data, *y = grad->run.out[0]->data;
  for (int64_t plane = 0; dx != NULL && plane < planes; plane++, x += pixels, dx += pixels)
    for (int64_t i = 0; i < pixels; i++) dx[i] = dy[plane] * norm_slope((double)x[i], (double)y[plane], p);
  return OK;
}

Status pool_grad_global_average(Grad *grad) {
  const Shape *shape = &grad->run.in[0]->shape;
  int64_t planes = shape_product(shape, 0, 2), pixels = shape_product(shape, 2, shape->rank);
  float *dx = grad_of_input(grad, 0);
  const float *dy = grad_of_output(grad, 0);
  for (int64_t p = 0; dx != NULL && p < planes; p++)
    for (int64_t i = 0; i < pixels; i++) dx[p * pixels + i] = dy[p] / (float)pixels;
  return OK;
}

Status pool_grad_global_maximum(Grad *grad) {
  const Shape *shape = &grad->run.in[0]->shape;
  int64_t planes = shape_product(shape, 0, 2), pixels = shape_product(shape, 2, shape->rank);
  float *dx = grad_of_input(grad, 0);
  const float *dy = grad_of_output(grad, 0), *x = grad->run.in[0]->data;
  if (dx == NULL || pixels == 0) return OK;
  memset(dx, 0, tensor_bytes(grad->in_grad[0]));
  for (int64_t p = 0; p < planes; p++) {
    int64_t best = 0;
    for (int64_t i = 1; i < pixels; i++)
      if (x[p * pixels + i] > x[p * pixels + best]) best = i;
    dx[p * pixels + best] = dy[p];
  }
  return OK;
}
