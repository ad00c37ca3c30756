/* shared by the family: the gradient of a depthwise convolution's weight. That of a tap is the sum of dy
   times what the tap saw in a padded copy of the channel, eight neighbours at a time. */
#include "operators/conv/conv_grad.h"
#include "operators/conv/plane.h"

#include <string.h>

#define LANES 8
#define MOST_TAPS 5 /* whose sums are made together */

#define ALWAYS_INLINE inline __attribute__((always_inline))

typedef float Lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));

/* One channel of one sample. */
typedef struct Channel {
  const float *dy; /* rows of `pitch` floats, a multiple of LANES, zero behind the outputs */
  int64_t rows, pitch;
  const float *plane;
  int64_t row_step; /* in the plane, between rows of outputs */
} Channel;

/* Adds the sums of `count` taps, a constant wherever this is inlined. The order of a sum is that of the
 * lanes. */
static ALWAYS_INLINE void add_taps(const Channel *c, const int64_t *offsets, double *sums, int count) {
  Lanes lanes[MOST_TAPS] = {0};
  for (int64_t y = 0; y < c->rows; y++) {
    const float *dy = c->dy + y * c->pitch, *x = c->plane + y * c->row_step;
    for (int64_t i = 0; i < c->pitch; i += LANES) {
      Lanes gradient = *(const Lanes *)(dy + i);
      for (int t = 0; t < count; t++) lanes[t] += gradient * *(const Lanes *)(x + offsets[t] + i);
    }
  }
  for (int t = 0; t < count; t++)
    for (int l = 0; l < LANES; l++) sums[t] += (double)lanes[t][l];
}

static ALWAYS_INLINE void add_channel(const Channel *c, const int64_t *offsets, int64_t taps, double *sums) {
  for (; taps >= MOST_TAPS; taps -= MOST_TAPS, offsets += MOST_TAPS, sums += MOST_TAPS)
    add_taps(c, offsets, sums, MOST_TAPS);
  switch (taps) {
  case 4:
    add_taps(c, offsets, sums, 4);
    break;
  case 3:
    add_taps(c, offsets, sums, 3);
    break;
  case 2:
    add_taps(c, offsets, sums, 2);
    break;
  case 1:
    add_taps(c, offsets, sums, 1);
    break;
  default:
    break;
  }
}

static void add_channel_plain(const Channel *c, const int64_t *offsets, int64_t taps, double *sums) {
  add_channel(c, offsets, taps, sums);
}

#ifdef __x86_64__
/* The same sums in the same order, twice as wide. */
__attribute__((target("avx2"))) static void add_channel_avx2(const Channel *c, const int64_t *offsets,
                                                             int64_t taps, double *sums) {
  add_channel(c, offsets, taps, sums);
}
#endif

typedef void (*ChannelKernel)(const Channel *c, const int64_t *offsets, int64_t taps, double *sums);

static ChannelKernel channel_kernel(void) {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2")) return add_channel_avx2;
#endif
  return add_channel_plain;
}

bool depthwise_grad_weight_fits(const ConvCase *c) {
  Plane plane;
  return c->group_in == 1 && c->group_out == 1 && conv_f32_fits(c) && c->out_pixels > 0 &&
         plane_sizes(c, LANES, &plane);
}

/* Rows of outputs with what lacks to a multiple of LANES, or as they are where nothing does. */
static const float *widen(const ConvCase *c, const float *dy, int64_t pitch, float *wide) {
  int64_t width = c->window.axes[2].out, rows = c->window.axes[1].out;
  if (pitch == width) return dy;
  for (int64_t y = 0; y < rows; y++) memcpy(wide + y * pitch, dy + y * width, (size_t)width * sizeof *dy);
  return wide;
}

typedef struct Memory {
  Plane plane;
  float *wide;
  double *sums; /* of each weight */
} Memory;

static Status prepare(Run *run, const ConvCase *c, int64_t pitch, Memory *memory) {
  Plane *plane = &memory->plane;
  int64_t rows = c->window.axes[1].out, weights = c->group * c->taps;
  plane_sizes(c, LANES, plane);
  plane->data = floats_new(run, plane_floats(plane));
  plane->offsets = run_scratch(run, (size_t)c->taps * sizeof *plane->offsets);
  memory->wide = floats_new(run, rows * pitch);
  memory->sums = reals_new(run, weights);
  if (plane->data == NULL || plane->offsets == NULL || memory->wide == NULL || memory->sums == NULL)
    return fail_memory(run->err);
  memset(plane->data, 0, (size_t)plane_floats(plane) * sizeof *plane->data);
  memset(memory->wide, 0, (size_t)(rows * pitch) * sizeof *memory->wide);
  for (int64_t i = 0; i < weights; i++) memory->sums[i] = 0;
  plane_offsets(c, plane);
  return OK;
}

Status depthwise_grad_weight(Run *run, const ConvCase *c, const float *x, const float *dy, float *dw) {
  Memory memory;
  int64_t pitch = (c->window.axes[2].out + LANES - 1) / LANES * LANES;
  ChannelKernel kernel = channel_kernel();
  TRY(prepare(run, c, pitch, &memory));
  Channel channel = {.rows = c->window.axes[1].out,
                     .pitch = pitch,
                     .plane = memory.plane.data,
                     .row_step = plane_row_step(c, &memory.plane)};
  for (int64_t i = 0; i < c->batch * c->group; i++) {
    plane_fill(c, &memory.plane, x + i * c->in_pixels);
    channel.dy = widen(c, dy + i * c->out_pixels, pitch, memory.wide);
    kernel(&channel, memory.plane.offsets, c->taps, memory.sums + i % c->group * c->taps);
  }
  for (int64_t i = 0; i < c->group * c->taps; i++) dw[i] = (float)memory.sums[i];
  return OK;
}
