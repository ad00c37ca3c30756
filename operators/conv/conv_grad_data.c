/* shared by the family: the gradient of a convolution's data, which is a convolution of dy by the kernel
   turned around. With a stride s, inputs fall into s phases along an axis that different taps see: a
   convolution for each. */
#include "operators/conv/conv_grad.h"

#include <string.h>

/* Inputs first, first + stride ... of an axis; tap, tap + stride ... of the kernel see them. */
typedef struct Phase {
  int64_t first, tap;
  WindowAxis axis; /* of the convolution that computes them: its input is dy */
} Phase;

static Phase phase_of(const WindowAxis *a, int64_t first) {
  Phase phase = {.first = first, .tap = (first + a->pad_begin) % a->stride};
  int64_t kernel = a->kernel > phase.tap ? (a->kernel - phase.tap + a->stride - 1) / a->stride : 0;
  int64_t out = a->in > first ? (a->in - first + a->stride - 1) / a->stride : 0;
  int64_t begin = (kernel - 1) * a->dilation - (first + a->pad_begin - phase.tap) / a->stride;
  phase.axis = (WindowAxis){.in = a->out,
                            .kernel = kernel,
                            .out = out,
                            .stride = 1,
                            .dilation = a->dilation,
                            .pad_begin = begin,
                            .pad_end = out - 1 + (kernel - 1) * a->dilation - begin - (a->out - 1)};
  return phase;
}

static ConvCase case_of(const ConvCase *c, const Phase *high, const Phase *wide) {
  ConvCase turned = *c;
  turned.window.axes[1] = high->axis;
  turned.window.axes[2] = wide->axis;
  turned.group_in = c->group_out;
  turned.group_out = c->group_in;
  turned.in_pixels = c->out_pixels;
  turned.out_pixels = high->axis.out * wide->axis.out;
  turned.taps = high->axis.kernel * wide->axis.kernel;
  return turned;
}

/* Padding wider than the kernel would have to be cut off. */
static bool axis_fits(const WindowAxis *a) {
  if (a->stride > 1 && a->dilation > 1) return false;
  for (int64_t first = 0; first < a->stride; first++) {
    Phase phase = phase_of(a, first);
    if (phase.axis.kernel > 0 && phase.axis.pad_begin < 0) return false;
  }
  return true;
}

bool conv_grad_data_fits(const ConvCase *c) {
  const WindowAxis *high = &c->window.axes[1], *wide = &c->window.axes[2];
  return conv_f32_fits(c) && c->out_pixels > 0 && product_fits(c->group_out * c->taps) &&
         high->stride <= high->kernel + high->in && wide->stride <= wide->kernel + wide->in &&
         axis_fits(high) && axis_fits(wide);
}

/* The weights [group, out, in, taps] as [group, in, out, the phase's taps turned around]. */
static void turn_weights(const ConvCase *c, const Phase *high, const Phase *wide, const float *weight,
                         float *to) {
  const WindowAxis *h = &c->window.axes[1], *w = &c->window.axes[2];
  for (int64_t g = 0; g < c->group; g++)
    for (int64_t i = 0; i < c->group_in; i++)
      for (int64_t o = 0; o < c->group_out; o++) {
        const float *from = weight + ((g * c->group_out + o) * c->group_in + i) * c->taps;
        for (int64_t k = high->axis.kernel - 1; k >= 0; k--)
          for (int64_t l = wide->axis.kernel - 1; l >= 0; l--)
            *to++ = from[(high->tap + k * h->stride) * w->kernel + wide->tap + l * w->stride];
      }
}

/* Puts the inputs of a phase to their places. */
static void spread(const ConvCase *c, const Phase *high, const Phase *wide, const float *from, float *dx) {
  const WindowAxis *h = &c->window.axes[1], *w = &c->window.axes[2];
  int64_t planes = c->batch * c->group * c->group_in;
  for (int64_t p = 0; p < planes; p++)
    for (int64_t y = 0; y < high->axis.out; y++, from += wide->axis.out) {
      float *to = dx + p * c->in_pixels + (high->first + y * h->stride) * w->in + wide->first;
      for (int64_t x = 0; x < wide->axis.out; x++) to[x * w->stride] = from[x];
    }
}

typedef struct Job {
  Run *run;
  const ConvCase *c;
  const float *dy, *weight;
  float *dx, *turned, *spaced; /* spaced: the results of a phase; NULL where there is but one */
} Job;

static Status do_phase(const Job *job, const Phase *high, const Phase *wide) {
  ConvCase turned = case_of(job->c, high, wide);
  if (turned.taps == 0 || turned.out_pixels == 0) return OK;
  turn_weights(job->c, high, wide, job->weight, job->turned);
  ConvOperands operands = {
      .x = job->dy, .weight = job->turned, .out = job->spaced != NULL ? job->spaced : job->dx};
  TRY(conv_f32(job->run, &turned, &operands));
  if (job->spaced != NULL) spread(job->c, high, wide, job->spaced, job->dx);
  return OK;
}

/* Whether some inputs are seen by no tap. */
static bool has_gaps(const WindowAxis *a) {
  return a->stride > a->kernel;
}

static Status prepare(Job *job) {
  const ConvCase *c = job->c;
  const WindowAxis *high = &c->window.axes[1], *wide = &c->window.axes[2];
  int64_t planes = c->batch * c->group * c->group_in;
  Phase first_high = phase_of(high, 0), first_wide = phase_of(wide, 0); /* the largest ones */
  job->turned = floats_new(job->run, c->group * c->group_in * c->group_out * c->taps);
  if (job->turned == NULL) return fail_memory(job->run->err);
  if (has_gaps(high) || has_gaps(wide)) memset(job->dx, 0, (size_t)(planes * c->in_pixels) * sizeof *job->dx);
  if (high->stride == 1 && wide->stride == 1) return OK;
  job->spaced = floats_new(job->run, planes * first_high.axis.out * first_wide.axis.out);
  return job->spaced != NULL ? OK : fail_memory(job->run->err);
}

Status conv_grad_data(Run *run, const ConvCase *c, const float *dy, const float *weight, float *dx) {
  Job job = {.run = run, .c = c, .dy = dy, .weight = weight, .dx = dx};
  TRY(prepare(&job));
  for (int64_t y = 0; y < c->window.axes[1].stride; y++)
    for (int64_t x = 0; x < c->window.axes[2].stride; x++) {
      Phase high = phase_of(&c->window.axes[1], y), wide = phase_of(&c->window.axes[2], x);
      TRY(do_phase(&job, &high, &wide));
    }
  return OK;
}
