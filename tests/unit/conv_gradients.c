/* The fast ways back through convolutions against sums in float64, tap by tap, over many geometries. */
#include "operators/conv/conv_grad.h"

#include "operators/gradient.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_conv_gradients(void);

typedef struct Geometry {
  int64_t batch, group, group_in, group_out;
  int64_t in[2], kernel[2], stride[2], dilation[2], pads[4];
} Geometry;

static const Geometry geometries[] = {
    {2, 1, 3, 5, {9, 11}, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {3, 1, 4, 16, {32, 32}, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {2, 1, 7, 25, {8, 8}, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}},
    {2, 1, 7, 9, {9, 8}, {3, 3}, {2, 2}, {1, 1}, {0, 0, 1, 1}},
    {2, 2, 3, 10, {12, 13}, {5, 4}, {1, 1}, {1, 1}, {2, 0, 1, 3}},
    {2, 1, 2, 3, {11, 12}, {2, 3}, {3, 2}, {1, 1}, {1, 2, 0, 1}},
    {2, 1, 3, 17, {10, 10}, {1, 1}, {2, 2}, {1, 1}, {0, 0, 0, 0}}, /* inputs that no tap sees */
    {5, 3, 6, 7, {5, 3}, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {2, 1, 6, 33, {40, 40}, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}}, /* deeper than a panel */
    {2, 1, 2, 4, {12, 14}, {3, 3}, {1, 1}, {2, 3}, {2, 3, 2, 3}},
    {2, 1, 2, 4, {12, 14}, {3, 3}, {2, 2}, {2, 1}, {2, 1, 2, 1}}, /* stride and dilation */
    {2, 1, 2, 4, {6, 7}, {2, 2}, {1, 1}, {1, 1}, {3, 4, 2, 1}},   /* more padding than kernel */
    {2, 1, 3, 4, {24, 24}, {5, 5}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {3, 1, 4, 7, {12, 12}, {5, 5}, {1, 1}, {1, 1}, {0, 0, 0, 0}}, /* far fewer outputs than inputs */
    {2, 2, 3, 4, {9, 10}, {5, 5}, {2, 2}, {1, 1}, {0, 0, 0, 0}},
    {2, 1, 3, 4, {9, 10}, {3, 3}, {2, 1}, {2, 3}, {1, 0, 0, 0}},
    {2, 6, 1, 1, {9, 9}, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {2, 5, 1, 1, {16, 16}, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}},
    {2, 3, 1, 1, {15, 14}, {5, 5}, {2, 1}, {1, 1}, {2, 2, 2, 2}},
    {2, 3, 1, 1, {8, 8}, {2, 2}, {2, 2}, {1, 1}, {0, 0, 0, 0}},
    {2, 3, 1, 4, {8, 9}, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {1, 1, 5, 6, {4, 4}, {4, 4}, {1, 1}, {1, 1}, {0, 0, 0, 0}}, /* one output */
};

/* Sums in float64 of what each array of gradients is to be, and of the sizes of their terms. */
typedef struct Sums {
  double *sum, *size;
} Sums;

static ConvCase case_of(const Geometry *g) {
  ConvCase c = {.batch = g->batch, .group = g->group, .group_in = g->group_in, .group_out = g->group_out};
  c.window.count = 3;
  c.window.axes[0] = (WindowAxis){.in = 1, .kernel = 1, .out = 1, .stride = 1, .dilation = 1};
  for (int d = 0; d < 2; d++) {
    int64_t reach = (g->kernel[d] - 1) * g->dilation[d] + 1, room = g->in[d] + g->pads[d] + g->pads[2 + d];
    c.window.axes[1 + d] = (WindowAxis){.in = g->in[d],
                                        .kernel = g->kernel[d],
                                        .out = (room - reach) / g->stride[d] + 1,
                                        .stride = g->stride[d],
                                        .dilation = g->dilation[d],
                                        .pad_begin = g->pads[d],
                                        .pad_end = g->pads[2 + d]};
  }
  c.in_pixels = g->in[0] * g->in[1];
  c.out_pixels = c.window.axes[1].out * c.window.axes[2].out;
  c.taps = g->kernel[0] * g->kernel[1];
  return c;
}

static float *noise(int64_t count, uint64_t seed) {
  float *made = malloc((size_t)count * sizeof *made);
  Random random = {seed};
  for (int64_t i = 0; i < count; i++) made[i] = (float)random_normal(&random);
  return made;
}

static Sums sums_new(int64_t count) {
  return (Sums){calloc((size_t)count, sizeof(double)), calloc((size_t)count, sizeof(double))};
}

static void sums_free(Sums *sums) {
  free(sums->sum);
  free(sums->size);
}

static void add_term(Sums *sums, int64_t at, double term) {
  sums->sum[at] += term;
  sums->size[at] += fabs(term);
}

/* All that tap (k, l) between channels i and o of group g connects in sample n. */
static void add_tap(const ConvCase *c, const float *x, const float *weight, const float *dy, Sums *dw,
                    Sums *dx, int64_t n, int64_t g, int64_t o, int64_t i, int64_t k, int64_t l) {
  const WindowAxis *high = &c->window.axes[1], *wide = &c->window.axes[2];
  int64_t w = ((g * c->group_out + o) * c->group_in + i) * c->taps + k * wide->kernel + l;
  for (int64_t y = 0; y < high->out; y++)
    for (int64_t z = 0; z < wide->out; z++) {
      int64_t row = window_input(high, y, k), column = window_input(wide, z, l);
      if (row < 0 || row >= high->in || column < 0 || column >= wide->in) continue;
      int64_t in = ((n * c->group + g) * c->group_in + i) * c->in_pixels + row * wide->in + column;
      int64_t out = ((n * c->group + g) * c->group_out + o) * c->out_pixels + y * wide->out + z;
      add_term(dw, w, (double)x[in] * (double)dy[out]);
      add_term(dx, in, (double)weight[w] * (double)dy[out]);
    }
}

static void add_all(const ConvCase *c, const float *x, const float *weight, const float *dy, Sums *dw,
                    Sums *dx) {
  for (int64_t n = 0; n < c->batch; n++)
    for (int64_t g = 0; g < c->group; g++)
      for (int64_t o = 0; o < c->group_out; o++)
        for (int64_t i = 0; i < c->group_in; i++)
          for (int64_t t = 0; t < c->taps; t++)
            add_tap(c, x, weight, dy, dw, dx, n, g, o, i, t / c->window.axes[2].kernel,
                    t % c->window.axes[2].kernel);
}

static void check_array(const char *what, const float *got, const Sums *sums, int64_t count) {
  for (int64_t j = 0; j < count; j++)
    ck_assert_msg(fabs((double)got[j] - sums->sum[j]) <= 1e-5 * sums->size[j] + 1e-30, "%s[%d]: %g, not %g",
                  what, (int)j, (double)got[j], sums->sum[j]);
}

static Arena scratch;

static void *take_scratch(void *context, size_t bytes, Error *err) {
  (void)context;
  return arena_new(&scratch, bytes < 4096 ? 4096 : bytes, 1, err);
}

START_TEST(gradients_are_right) {
  ConvCase c = case_of(&geometries[_i]);
  int64_t in = c.batch * c.group * c.group_in * c.in_pixels,
          out = c.batch * c.group * c.group_out * c.out_pixels;
  int64_t weights = c.group * c.group_out * c.group_in * c.taps;
  float *x = noise(in, 1), *weight = noise(weights, 2), *dy = noise(out, 3), *dw = noise(weights, 4),
        *dx = noise(in, 5);
  Sums dw_sums = sums_new(weights), dx_sums = sums_new(in);
  Error err = {0};
  RunMemory memory = {.scratch = take_scratch};
  Tensor data = {.type = ELEMENT_FLOAT32, .shape = SHAPE(in), .data = x}, kernel = {.data = weight};
  Tensor gradient = {.data = dy}, data_gradient = {.data = dx}, kernel_gradient = {.data = dw};
  Grad grad = {.run = {.input_count = 2,
                       .output_count = 1,
                       .in = (const Tensor *[]){&data, &kernel},
                       .memory = &memory,
                       .err = &err},
               .out_grad = (const Tensor *[]){&gradient},
               .in_grad = (Tensor *[]){&data_gradient, &kernel_gradient}};
  ck_assert_msg(conv_grad(&grad, &c) == OK, "%s", err.text);
  add_all(&c, x, weight, dy, &dw_sums, &dx_sums);
  check_array("dw", dw, &dw_sums, weights);
  check_array("dx", dx, &dx_sums, in);
  sums_free(&dw_sums);
  sums_free(&dx_sums);
  free(x), free(weight), free(dy), free(dw), free(dx);
  arena_free(&scratch);
}
END_TEST

Suite *suite_conv_gradients(void) {
  Suite *suite = suite_create("conv_gradients");
  TCase *tests = tcase_create("geometries");
  tcase_add_loop_test(tests, gradients_are_right, 0, sizeof geometries / sizeof geometries[0]);
  suite_add_tcase(suite, tests);
  return suite;
}
