/*
 * conv_f32_coded.h - the walk of CONV_F32_CODED over groups, blocks of outputs and pixels.
 *
 * A pixel's window is one row of `depth` floats in the order of the weights: where it lies in x if it lies
 * there in one piece, else gathered, with zeros for what is outside x. Weights are used as they lie, int4
 * ones are unpacked for a few outputs at a time, for which all pixels are walked over.
 */
#ifndef RUNTIME_KERNELS_PLAIN_CONV_F32_CODED_H
#define RUNTIME_KERNELS_PLAIN_CONV_F32_CODED_H

#include "runtime/freestanding.h"
#include "runtime/kernels/plain/conv.h"
#include "runtime/kernels/plain/nibbles.h"
#include "runtime/kernels/plain/window.h"

#define EDGE_CODED_LANES 8       /* partial sums of a row, by place modulo this: part of the definition */
#define EDGE_CODED_PIXELS 4      /* rows that are multiplied together */
#define EDGE_CODED_UNPACKED 4096 /* int4 weights that are unpacked at a time, */
#define EDGE_CODED_OUTPUTS 8     /* and the fewest outputs of which they are */

/* Rows of pixels, and the weights of some outputs that go with them. */
typedef struct EdgeCodedBlock {
  const float *row[EDGE_CODED_PIXELS];
  const int8_t *w;        /* [output][depth] */
  const uint8_t *factors; /* [output][runs]; NULL: all 1 */
  int32_t depth, runs;    /* a run is depth / runs weights */
} EdgeCodedBlock;

/* sum[output * EDGE_CODED_PIXELS + pixel] of `pixels` rows (1 to EDGE_CODED_PIXELS) and `outputs` outputs, in
   the order that the definition gives. */
typedef void (*EdgeCodedSums)(float *sum, const EdgeCodedBlock *block, int32_t pixels, int32_t outputs);

/* Lanes to a sum. */
static inline float edge_coded_total(const float *lane) {
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

typedef struct EdgeCodedJob {
  const EdgeCall *call;
  EdgeConvShape shape;
  EdgeCodedSums sums;
  const float *scale, *bias; /* bias may be NULL */
  const uint8_t *factors;    /* or NULL */
  float *rows;               /* scratch of EDGE_CODED_PIXELS rows */
  int8_t *unpacked;          /* scratch behind them */
} EdgeCodedJob;

/* A pixel's window lies in x as one row: a product of matrices. */
static inline int edge_coded_is_matrix(const EdgeCall *call, const EdgeConvShape *s) {
  const EdgeConvParams *p = call->params;
  return s->kernel_h == 1 && s->kernel_w == 1 && p->groups == 1 && p->stride_h == 1 && p->stride_w == 1 &&
         p->pad_top == 0 && p->pad_left == 0 && s->out_height == s->height && s->out_width == s->width;
}

/* Outputs whose int4 weights are unpacked together. */
static inline int32_t edge_coded_block(const EdgeConvShape *s) {
  int32_t count = EDGE_CODED_UNPACKED / s->depth;
  if (count < EDGE_CODED_OUTPUTS) count = EDGE_CODED_OUTPUTS;
  return count < s->group_outputs ? count : s->group_outputs;
}

static inline uint32_t edge_coded_row_bytes(const EdgeCall *call, const EdgeConvShape *s) {
  return edge_coded_is_matrix(call, s) ? 0 : (uint32_t)s->depth * (EDGE_CODED_PIXELS * 4);
}

/* The window of output pixel (oy, ox) of one image and group, as a row. */
static inline void edge_coded_gather(const EdgeCodedJob *job, const float *image, int32_t oy, int32_t ox,
                                     float *row) {
  const EdgeConvShape *s = &job->shape;
  const EdgeConvParams *p = job->call->params;
  int64_t top = (int64_t)oy * p->stride_h - p->pad_top, left = (int64_t)ox * p->stride_w - p->pad_left;
  EdgeRange rows = edge_range_inside(top, s->kernel_h, p->dilation_h, s->height),
            columns = edge_range_inside(left, s->kernel_w, p->dilation_w, s->width);
  size_t bytes = (size_t)s->group_channels * sizeof(float);
  if (edge_range_length(rows) < s->kernel_h || edge_range_length(columns) < s->kernel_w)
    memset(row, 0, (size_t)s->depth * sizeof(float));
  for (int32_t ky = rows.begin; ky < rows.end; ky++)
    for (int32_t kx = columns.begin; kx < columns.end; kx++) {
      ptrdiff_t iy = (ptrdiff_t)(top + (int64_t)ky * p->dilation_h);
      ptrdiff_t ix = (ptrdiff_t)(left + (int64_t)kx * p->dilation_w);
      memcpy(row + (ptrdiff_t)(ky * s->kernel_w + kx) * s->group_channels,
             image + (iy * s->width + ix) * s->channels, bytes);
    }
}

/* Row of pixel `pixel` (counted over all images) for a group: in x, or at `room`. */
static inline const float *edge_coded_row(const EdgeCodedJob *job, int32_t group, int32_t pixel,
                                          float *room) {
  const EdgeConvShape *s = &job->shape;
  const float *x = job->call->in[0].data;
  int32_t area = s->out_height * s->out_width;
  if (edge_coded_is_matrix(job->call, s)) return x + (ptrdiff_t)pixel * s->depth;
  x += (ptrdiff_t)(pixel / area) * s->height * s->width * s->channels + (ptrdiff_t)group * s->group_channels;
  edge_coded_gather(job, x, pixel % area / s->out_width, pixel % s->out_width, room);
  return room;
}

/* Sums of `outputs` outputs from `first` on to y, whose row of outputs for the first pixel is given. */
static inline void edge_coded_store(const EdgeCodedJob *job, const float *sum, float *y, int32_t pixels,
                                    int32_t first, int32_t outputs) {
  for (int32_t i = 0; i < pixels; i++, y += job->shape.outputs)
    for (int32_t o = 0; o < outputs; o++) {
      float value = sum[o * EDGE_CODED_PIXELS + i] * job->scale[first + o];
      y[first + o] = job->bias != NULL ? value + job->bias[first + o] : value;
    }
}

/* Outputs first..first+count-1, which belong to one group, of all pixels. */
static inline void edge_coded_outputs(const EdgeCodedJob *job, int32_t first, int32_t count,
                                      const int8_t *w) {
  const EdgeConvShape *s = &job->shape;
  int32_t pixels = s->batches * s->out_height * s->out_width, group = first / s->group_outputs;
  float *y = job->call->out[0].data;
  EdgeCodedBlock block = {.depth = s->depth, .runs = s->runs};
  for (int32_t pixel = 0; pixel < pixels; pixel += EDGE_CODED_PIXELS) {
    int32_t left = pixels - pixel, together = left < EDGE_CODED_PIXELS ? left : EDGE_CODED_PIXELS;
    for (int32_t i = 0; i < together; i++)
      block.row[i] = edge_coded_row(job, group, pixel + i, job->rows + (ptrdiff_t)i * s->depth);
    for (int32_t o = 0; o < count; o += EDGE_CODED_OUTPUTS) {
      float sum[EDGE_CODED_OUTPUTS * EDGE_CODED_PIXELS];
      int32_t outputs = count - o < EDGE_CODED_OUTPUTS ? count - o : EDGE_CODED_OUTPUTS;
      block.w = w + (ptrdiff_t)o * s->depth;
      block.factors = job->factors != NULL ? job->factors + (ptrdiff_t)(first + o) * s->runs : NULL;
      job->sums(sum, &block, together, outputs);
      edge_coded_store(job, sum, y + (ptrdiff_t)pixel * s->outputs, together, first + o, outputs);
    }
  }
}

static inline EdgeStatus edge_coded_run(const EdgeCall *call, EdgeCodedSums sums) {
  EdgeCodedJob job = {.call = call, .shape = edge_conv_shape(call), .sums = sums, .scale = call->in[2].data};
  const EdgeConvShape *s = &job.shape;
  const EdgeArg *w = &call->in[1];
  if (call->in[3].info != NULL) job.bias = call->in[3].data;
  if (call->in[4].info != NULL) {
    job.factors = call->in[4].data;
    job.shape.runs = (int32_t)call->in[4].info->dims[1];
  }
  job.rows = call->scratch;
  job.unpacked = (int8_t *)call->scratch + edge_coded_row_bytes(call, s);
  int32_t most = edge_is_s4(w) ? edge_coded_block(s) : s->group_outputs;
  for (int32_t first = 0, count; first < s->outputs; first += count) {
    int32_t left = s->group_outputs - first % s->group_outputs; /* of the group */
    count = left < most ? left : most;
    const int8_t *codes = job.unpacked;
    if (edge_is_s4(w))
      edge_unpack_s4(job.unpacked, w->data, (size_t)first * (size_t)s->depth,
                     (size_t)count * (size_t)s->depth);
    else
      codes = (const int8_t *)w->data + (ptrdiff_t)first * s->depth;
    edge_coded_outputs(&job, first, count, codes);
  }
  return EDGE_OK;
}

#endif
