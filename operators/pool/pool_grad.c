/* shared by the family: the way back through windows, float32. */
#include "operators/gradient.h"
#include "operators/pool/pool.h"

#include <math.h>
#include <string.h>

/* The taps of one output that lie inside the input. */
typedef struct Inside {
  int64_t first[3], end[3], at[3];
  int64_t count, padded; /* how many: of them, and with the padding */
} Inside;

static Inside inside_of(const Window *window, int64_t output) {
  const WindowAxis *a = window->axes;
  Inside inside = {.at = {output / (a[1].out * a[2].out), output / a[2].out % a[1].out, output % a[2].out},
                   .count = 1,
                   .padded = 1};
  for (int d = 0; d < 3; d++) {
    int64_t first, end;
    window_taps(&a[d], inside.at[d], true, &first, &end);
    inside.padded *= end - first;
    window_taps(&a[d], inside.at[d], false, &inside.first[d], &inside.end[d]);
    inside.count *= inside.end[d] > inside.first[d] ? inside.end[d] - inside.first[d] : 0;
  }
  return inside;
}

/* One window, whose result is `y`: reads `x`, adds to `dx`; both of the plane. */
typedef void (*WindowBack)(const Window *window, const Inside *inside, const float *x, float y, float dy,
                           int64_t option, float *dx);

static int64_t position(const Window *window, const Inside *inside, int64_t k, int64_t l, int64_t m) {
  const WindowAxis *a = window->axes;
  return (window_input(&a[0], inside->at[0], k) * a[1].in + window_input(&a[1], inside->at[1], l)) * a[2].in +
         window_input(&a[2], inside->at[2], m);
}

/* The first of equal maxima gets everything, as it is the one that was chosen. */
static void back_maximum(const Window *window, const Inside *inside, const float *x, float y, float dy,
                         int64_t option, float *dx) {
  int64_t best = -1;
  (void)option, (void)y;
  for (int64_t k = inside->first[0]; k < inside->end[0]; k++)
    for (int64_t l = inside->first[1]; l < inside->end[1]; l++)
      for (int64_t m = inside->first[2]; m < inside->end[2]; m++) {
        int64_t at = position(window, inside, k, l, m);
        if (best < 0 || x[at] > x[best]) best = at;
      }
  if (best >= 0) dx[best] += dy;
}

static void back_average(const Window *window, const Inside *inside, const float *x, float y, float dy,
                         int64_t option, float *dx) {
  int64_t count = option != 0 ? inside->padded : inside->count;
  (void)x, (void)y;
  if (count == 0) return;
  float share = dy / (float)count;
  for (int64_t k = inside->first[0]; k < inside->end[0]; k++)
    for (int64_t l = inside->first[1]; l < inside->end[1]; l++)
      for (int64_t m = inside->first[2]; m < inside->end[2]; m++)
        dx[position(window, inside, k, l, m)] += share;
}

/* One x of a window of norm y: (|x| / y)^(p - 1) with the sign of x; 0 where all is 0. */
static float norm_slope(double x, double y, int64_t p) {
  if (x == 0 || y == 0) return 0;
  double size = p == 1 ? 1 : p == 2 ? fabs(x) / y : pow(fabs(x) / y, (double)(p - 1));
  return (float)(x < 0 ? -size : size);
}

static void back_norm(const Window *window, const Inside *inside, const float *x, float y, float dy,
                      int64_t p, float *dx) {
  for (int64_t k = inside->first[0]; k < inside->end[0]; k++)
    for (int64_t l = inside->first[1]; l < inside->end[1]; l++)
      for (int64_t m = inside->first[2]; m < inside->end[2]; m++) {
        int64_t at = position(window, inside, k, l, m);
        dx[at] += dy * norm_slope((double)x[at], (double)y, p);
      }
}

static Status back(Grad *grad, WindowBack body, int64_t option) {
  PoolCase c;
  float *dx = grad_of_input(grad, 0);
  const float *x = grad->run.in[0]->data, *y = grad->run.out[0]->data, *dy = grad_of_output(grad, 0);
  TRY(pool_begin(&grad->run, &c));
  if (dx == NULL || dy == NULL) return grad_zero(grad);
  memset(dx, 0, tensor_bytes(grad->in_grad[0]));
  for (int64_t o = 0; o < c.out_pixels; o++) {
    Inside inside = inside_of(&c.window, o);
    for (int64_t p = 0; p < c.planes; p++)
      body(&c.window, &inside, x + p * c.in_pixels, y[p * c.out_pixels + o], dy[p * c.out_pixels + o], option,
           dx + p * c.in_pixels);
  }
  return OK;
}

Status pool_grad_maximum(Grad *grad) {
  return back(grad, back_maximum, 0);
}

Status pool_grad_average(Grad *grad, bool count_include_pad) {
  return back(grad, back_average, count_include_pad);
}

Status pool_grad_norm(Grad *grad, int64_t p) {
  return back(grad, back_norm, p);
}

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
