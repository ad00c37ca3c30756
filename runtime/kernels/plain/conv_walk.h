/*
 * conv_walk.h - CONV's walk over blocks of pixels, in parts where the caller has threads.
 *
 * A pixel's window is laid out as one row of `depth` int16 values x + 128, in the order of the weights (of an
 * int16 x the codes themselves); then
 * each output is a dot product of that row with a row of weights, which are used as they lie in the file. A
 * few pixels go together, so that weights are read once for all of them.
 *
 * int4 weights are unpacked into the scratch, for a few outputs at a time, and all pixels are walked over for
 * these; so every weight is unpacked once, and the arithmetic is that of int8. Where runs of weights have
 * factors, they are unpacked run by run: [run][output][weights of the run], and each run is a product of its
 * own.
 *
 * The sums of an int16 x have 64 bits. They are put together from sums of EDGE_CONV_CHUNK products, which are
 * below 2^15 * 2^7 * 256 = 2^30 and therefore exact in the 32 bits of the same multiplications.
 */
#ifndef RUNTIME_KERNELS_PLAIN_CONV_WALK_H
#define RUNTIME_KERNELS_PLAIN_CONV_WALK_H

#include "runtime/freestanding.h"
#include "runtime/kernels/plain/conv.h"
#include "runtime/kernels/plain/nibbles.h"
#include "runtime/kernels/plain/window.h"

#define EDGE_CONV_PIXELS 4            /* rows of pixels that are multiplied together */
#define EDGE_CONV_OUTPUTS 64          /* outputs whose sums are held at a time */
#define EDGE_CONV_CHUNK 256           /* products of int16 by int8 that 32 bits hold; a multiple of 16 */
#define EDGE_CONV_UNPACKED 2048       /* int4 weights that are unpacked at a time, */
#define EDGE_CONV_UNPACKED_OUTPUTS 8  /* and the fewest outputs of which they are */
#define EDGE_CONV_PARALLEL_DEPTH 4608 /* longest row that a thread's stack is asked to hold */
#define EDGE_CONV_PARALLEL_PRODUCTS (1 << 18) /* in a part that is worth a thread */

/* What differs between instruction sets. All arguments are as the plain ones in conv.c have them. */
typedef struct EdgeConvSteps {
  /* row[i] = x[i] + 128 */
  void (*widen)(int16_t *row, const int8_t *x, int32_t count);
  /* sum[p * EDGE_CONV_OUTPUTS + o] = dot product of row p with weights o, which begin at w + o * stride.
     Elements of a row behind its depth are not zero. */
  void (*multiply)(int32_t *sum, const int16_t *rows, ptrdiff_t row_length, int32_t pixels, const int8_t *w,
                   ptrdiff_t stride, int32_t depth, int32_t outputs);
  void (*store)(const EdgeConvResult *r, ptrdiff_t at, int32_t first, const int32_t *sum, int32_t count);
} EdgeConvSteps;

/* The output pixel whose window comes next. */
typedef struct EdgeConvCursor {
  const uint8_t *image; /* the batch element's x from the group's first channel on */
  int32_t oy, ox;
  int64_t top;    /* of the window */
  EdgeRange rows; /* of it inside x */
} EdgeConvCursor;

static inline void edge_conv_begin_row(EdgeConvCursor *at, const EdgeConvShape *s, const EdgeConvParams *p) {
  at->ox = 0;
  at->top = (int64_t)at->oy * p->stride_h - p->pad_top;
  at->rows = edge_range_inside(at->top, s->kernel_h, p->dilation_h, s->height);
}

static inline void edge_conv_next(EdgeConvCursor *at, const EdgeConvShape *s, const EdgeConvParams *p) {
  if (++at->ox < s->out_width) return;
  if (++at->oy == s->out_height) {
    at->oy = 0;
    at->image += (ptrdiff_t)s->height * s->width * s->channels * s->x_bytes;
  }
  edge_conv_begin_row(at, s, p);
}

/* `count` neighbouring elements of x. */
EDGE_INLINE void edge_conv_read(EdgeConvSteps steps, const EdgeConvShape *s, int16_t *row, const uint8_t *x,
                                int32_t count) {
  if (s->x_bytes == 2)
    memcpy(row, x, (size_t)count * 2);
  else
    steps.widen(row, (const int8_t *)x, count);
}

/* Lays out one window. */
EDGE_INLINE void edge_conv_gather(EdgeConvSteps steps, const EdgeConvShape *s, const EdgeConvParams *p,
                                  const EdgeConvCursor *at, int16_t outside, int16_t *row) {
  int64_t left = (int64_t)at->ox * p->stride_w - p->pad_left;
  EdgeRange rows = at->rows, columns = edge_range_inside(left, s->kernel_w, p->dilation_w, s->width);
  int is_whole = edge_range_length(rows) == s->kernel_h && edge_range_length(columns) == s->kernel_w;
  for (int32_t i = 0; !is_whole && i < s->depth; i++) row[i] = outside;
  if (edge_range_length(columns) == 0) return;
  int is_run = p->dilation_w == 1 && p->groups == 1; /* the columns lie side by side in x */
  int32_t count = s->group_channels * (is_run ? edge_range_length(columns) : 1);
  for (int32_t ky = rows.begin; ky < rows.end; ky++)
    for (int32_t kx = columns.begin; kx < columns.end; kx += is_run ? s->kernel_w : 1) {
      ptrdiff_t iy = (ptrdiff_t)(at->top + (int64_t)ky * p->dilation_h);
      ptrdiff_t ix = (ptrdiff_t)(left + (int64_t)kx * p->dilation_w);
      edge_conv_read(steps, s, row + (ptrdiff_t)(ky * s->kernel_w + kx) * s->group_channels,
                     at->image + (iy * s->width + ix) * s->channels * s->x_bytes, count);
    }
}

/* One call, divided into parts of so many pixels where there is a parallel-for. */
typedef struct EdgeConvJob EdgeConvJob;
typedef void (*EdgeConvPixels)(const EdgeConvJob *job, int16_t *rows, int32_t begin, int32_t end);

struct EdgeConvJob {
  const EdgeCall *call;
  EdgeConvShape shape;
  EdgeConvResult result;
  int32_t first, end;     /* the outputs to be computed */
  const int8_t *weights;  /* of these, as steps.multiply wants them */
  ptrdiff_t output_bytes; /* of them for one output */
  const uint8_t *factors; /* [output][run]; NULL: none */
  int32_t pixels, part;   /* of all batches; of a part, a multiple of EDGE_CONV_PIXELS */
  EdgeConvPixels compute;
};

static inline EdgeConvCursor edge_conv_cursor(const EdgeConvJob *job, int32_t group, int32_t pixel) {
  const EdgeConvShape *s = &job->shape;
  int32_t area = s->out_height * s->out_width, n = pixel / area;
  EdgeConvCursor at = {.oy = pixel % area / s->out_width};
  at.image =
      (const uint8_t *)job->call->in[0].data +
      ((ptrdiff_t)n * s->height * s->width * s->channels + (ptrdiff_t)group * s->group_channels) * s->x_bytes;
  edge_conv_begin_row(&at, s, job->call->params);
  at.ox = pixel % s->out_width;
  return at;
}

/* steps.multiply for `count` outputs from `output` on. */
EDGE_INLINE void edge_conv_sums(EdgeConvSteps steps, const EdgeConvJob *job, const int16_t *rows,
                                int32_t pixels, int32_t output, int32_t count, int32_t *sum) {
  const EdgeConvShape *s = &job->shape;
  const int8_t *w = job->weights + (output - job->first) * job->output_bytes;
  if (job->factors == NULL) {
    steps.multiply(sum, rows, s->row_length, pixels, w, job->output_bytes, s->depth, count);
    return;
  }
  int32_t part[EDGE_CONV_PIXELS * EDGE_CONV_OUTPUTS], length = s->depth / s->runs;
  memset(sum, 0, sizeof part);
  for (int32_t run = 0; run < s->runs;
       run++, rows += length, w += (job->end - job->first) * job->output_bytes) {
    const uint8_t *factors = job->factors + (ptrdiff_t)output * s->runs + run;
    steps.multiply(part, rows, s->row_length, pixels, w, length, length, count);
    for (int32_t i = 0; i < pixels; i++)
      for (int32_t o = 0; o < count; o++) {
        int32_t at = i * EDGE_CONV_OUTPUTS + o;
        sum[at] = (int32_t)((uint32_t)sum[at] + (uint32_t)part[at] * factors[(ptrdiff_t)o * s->runs]);
      }
  }
}

/* sum[] += steps.multiply times the factor of each output, for `length` weights, chunk by chunk. */
EDGE_INLINE void edge_conv_add_wide(EdgeConvSteps steps, const EdgeConvJob *job, const int16_t *rows,
                                    int32_t pixels, const int8_t *w, int32_t length, const uint8_t *factors,
                                    int32_t count, int64_t *sum) {
  const EdgeConvShape *s = &job->shape;
  int32_t part[EDGE_CONV_PIXELS * EDGE_CONV_OUTPUTS];
  for (int32_t begin = 0; begin < length; begin += EDGE_CONV_CHUNK) {
    int32_t left = length - begin, chunk = left < EDGE_CONV_CHUNK ? left : EDGE_CONV_CHUNK;
    steps.multiply(part, rows + begin, s->row_length, pixels, w + begin, job->output_bytes, chunk, count);
    for (int32_t i = 0; i < pixels; i++)
      for (int32_t o = 0; o < count; o++) {
        int32_t at = i * EDGE_CONV_OUTPUTS + o;
        int64_t factor = factors == NULL ? 1 : factors[(ptrdiff_t)o * s->runs];
        sum[at] += part[at] * factor;
      }
  }
}

/* edge_conv_sums() of an int16 x. Below 2^54: depth, code, weight and factor have 24, 15, 7 and 8 bits. */
EDGE_INLINE void edge_conv_sums_wide(EdgeConvSteps steps, const EdgeConvJob *job, const int16_t *rows,
                                     int32_t pixels, int32_t output, int32_t count, int64_t *sum) {
  const EdgeConvShape *s = &job->shape;
  const int8_t *w = job->weights + (output - job->first) * job->output_bytes;
  int32_t length = s->depth / s->runs;
  memset(sum, 0, sizeof *sum * EDGE_CONV_PIXELS * EDGE_CONV_OUTPUTS);
  for (int32_t run = 0; run < s->runs;
       run++, rows += length, w += (job->end - job->first) * job->output_bytes) {
    const uint8_t *factors = job->factors == NULL ? NULL : job->factors + (ptrdiff_t)output * s->runs + run;
    edge_conv_add_wide(steps, job, rows, pixels, w, length, factors, count, sum);
  }
}

/* Sums and stores `count` outputs of a few pixels. */
EDGE_INLINE void edge_conv_finish(EdgeConvSteps steps, const EdgeConvJob *job, const int16_t *rows,
                                  int32_t pixels, ptrdiff_t at, int32_t output, int32_t count) {
  int32_t sum[EDGE_CONV_PIXELS * EDGE_CONV_OUTPUTS];
  edge_conv_sums(steps, job, rows, pixels, output, count, sum);
  for (int32_t i = 0; i < pixels; i++)
    steps.store(&job->result, at + (ptrdiff_t)i * job->shape.outputs, output,
                sum + (ptrdiff_t)i * EDGE_CONV_OUTPUTS, count);
}

EDGE_INLINE void edge_conv_finish_wide(EdgeConvSteps steps, const EdgeConvJob *job, const int16_t *rows,
                                       int32_t pixels, ptrdiff_t at, int32_t output, int32_t count) {
  int64_t sum[EDGE_CONV_PIXELS * EDGE_CONV_OUTPUTS];
  edge_conv_sums_wide(steps, job, rows, pixels, output, count, sum);
  for (int32_t i = 0; i < pixels; i++)
    edge_conv_store_wide(&job->result, at + (ptrdiff_t)i * job->shape.outputs, output,
                         sum + (ptrdiff_t)i * EDGE_CONV_OUTPUTS, count);
}

/* Multiplies a few finished rows, which stand for the pixels from `first` on, and stores one group. */
EDGE_INLINE void edge_conv_multiply(EdgeConvSteps steps, const EdgeConvJob *job, const int16_t *rows,
                                    int32_t group, int32_t first, int32_t pixels) {
  const EdgeConvShape *s = &job->shape;
  int32_t begin = group * s->group_outputs, end = begin + s->group_outputs;
  if (begin < job->first) begin = job->first;
  if (end > job->end) end = job->end;
  for (int32_t output = begin; output < end; output += EDGE_CONV_OUTPUTS) {
    int32_t left = end - output, count = left < EDGE_CONV_OUTPUTS ? left : EDGE_CONV_OUTPUTS;
    ptrdiff_t at = (ptrdiff_t)first * s->outputs + output;
    if (s->x_bytes == 2)
      edge_conv_finish_wide(steps, job, rows, pixels, at, output, count);
    else
      edge_conv_finish(steps, job, rows, pixels, at, output, count);
  }
}

/* Pixels begin..end-1; `rows` is as large as the scratch. */
EDGE_INLINE void edge_conv_compute(EdgeConvSteps steps, const EdgeConvJob *job, int16_t *rows, int32_t begin,
                                   int32_t end) {
  const EdgeConvParams *p = job->call->params;
  const EdgeConvShape *s = &job->shape;
  int16_t outside = (int16_t)(job->call->in[0].info->zero_point + (s->x_bytes == 2 ? 0 : 128));
  for (int32_t group = job->first / s->group_outputs; group * s->group_outputs < job->end; group++) {
    EdgeConvCursor at = edge_conv_cursor(job, group, begin);
    for (int32_t first = begin; first < end; first += EDGE_CONV_PIXELS) {
      int32_t left = end - first, count = left < EDGE_CONV_PIXELS ? left : EDGE_CONV_PIXELS;
      for (int32_t i = 0; i < count; i++, edge_conv_next(&at, s, p)) {
        edge_conv_gather(steps, s, p, &at, outside, rows + (ptrdiff_t)i * s->row_length);
      }
      edge_conv_multiply(steps, job, rows, group, first, count);
    }
  }
}

/* Parts run at the same time, so each has its rows on its own stack. */
static inline void edge_conv_part(void *context, uint32_t i) {
  const EdgeConvJob *job = context;
  int16_t rows[EDGE_CONV_PARALLEL_DEPTH * EDGE_CONV_PIXELS];
  int32_t begin = (int32_t)i * job->part, left = job->pixels - begin;
  job->compute(job, rows, begin, begin + (left < job->part ? left : job->part));
}

/* Pixels of a part that is large enough to be worth a thread; 0: all at once. */
static inline int32_t edge_conv_part_pixels(const EdgeConvJob *job) {
  const EdgeHooks *hooks = job->call->hooks;
  if (hooks == NULL || hooks->parallel_for == NULL) return 0;
  if (job->shape.row_length > EDGE_CONV_PARALLEL_DEPTH) return 0;
  int64_t products = (int64_t)job->shape.depth * job->shape.outputs; /* of a pixel */
  int64_t part = (EDGE_CONV_PARALLEL_PRODUCTS / products / EDGE_CONV_PIXELS + 1) * EDGE_CONV_PIXELS;
  return part < job->pixels ? (int32_t)part : 0;
}

/* Bytes of the rows of pixels, with which the scratch begins. */
static inline uint32_t edge_conv_row_bytes(const EdgeConvShape *s) {
  return (uint32_t)s->row_length * EDGE_CONV_PIXELS * (uint32_t)sizeof(int16_t);
}

/* Outputs whose int4 weights are unpacked at a time. */
static inline int32_t edge_conv_block(const EdgeConvShape *s) {
  int32_t outputs = EDGE_CONV_UNPACKED / s->depth;
  if (outputs < EDGE_CONV_UNPACKED_OUTPUTS) outputs = EDGE_CONV_UNPACKED_OUTPUTS;
  return outputs < s->outputs ? outputs : s->outputs;
}

/* The next outputs to be computed are first..first+count-1, whose int4 weights are unpacked behind the rows:
   kernels may read a few bytes in front of weights. */
static inline void edge_conv_unpack(EdgeConvJob *job, int32_t first, int32_t count) {
  int8_t *weights = (int8_t *)job->call->scratch + edge_conv_row_bytes(&job->shape);
  size_t depth = (size_t)job->shape.depth, length = depth / (size_t)job->shape.runs;
  job->weights = weights;
  for (size_t run = 0; run < (size_t)job->shape.runs; run++)
    for (int32_t o = first; o < first + count; o++, weights += length)
      edge_unpack_s4(weights, job->call->in[1].data, (size_t)o * depth + run * length, length);
  job->first = first;
  job->end = first + count;
}

/* All outputs, with the weights as they lie in the file. */
static inline EdgeConvJob edge_conv_job(const EdgeCall *call, EdgeConvPixels compute) {
  EdgeConvJob job = {
      .call = call, .shape = edge_conv_shape(call), .result = edge_conv_result(call), .compute = compute};
  job.end = job.shape.outputs;
  job.weights = call->in[1].data;
  job.output_bytes = job.shape.depth / job.shape.runs;
  job.factors = call->in[5].info != NULL ? call->in[5].data : NULL;
  job.pixels = job.shape.batches * job.shape.out_height * job.shape.out_width;
  job.part = edge_conv_part_pixels(&job);
  return job;
}

/* The outputs first..end-1 of all pixels. */
static inline EdgeStatus edge_conv_run_outputs(const EdgeConvJob *job) {
  const EdgeHooks *hooks = job->call->hooks;
  if (job->part == 0)
    job->compute(job, job->call->scratch, 0, job->pixels);
  else
    hooks->parallel_for(hooks->pool, (uint32_t)((job->pixels - 1) / job->part) + 1, edge_conv_part,
                        (void *)(uintptr_t)job);
  return EDGE_OK;
}

static inline EdgeStatus edge_conv_run(EdgeConvJob *job) {
  if (!edge_is_s4(&job->call->in[1])) return edge_conv_run_outputs(job);
  int32_t outputs = job->shape.outputs, block = edge_conv_block(&job->shape);
  for (int32_t first = 0; first < outputs; first += block) {
    edge_conv_unpack(job, first, outputs - first < block ? outputs - first : block);
    edge_conv_run_outputs(job);
  }
  return EDGE_OK;
}

#endif
