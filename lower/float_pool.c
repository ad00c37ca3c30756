/*
 * MaxPool and AveragePool in float32: a reduction over each window. What is outside the input is put around
 * it before: the lowest number, or zeros, and then the sums are divided by how many positions count.
 */
#include "lower/float_ops.h"

#include "lower/windows.h"

#include <math.h>
#include <string.h>

/* The image with its border: as far as any window reaches. */
typedef struct Padded {
  int32_t tensor;
  int64_t height, width; /* with the border */
} Padded;

static int64_t reach(int64_t out, int32_t stride, int32_t kernel, int32_t dilation) {
  return (out - 1) * stride + (int64_t)(kernel - 1) * dilation + 1;
}

static int64_t at_least(int64_t a, int64_t b) {
  return a > b ? a : b;
}

/* x [N,H,W,C] from its place in the border. */
static Padded with_border(Builder *b, int32_t x, const Window2 *w, const uint32_t out[4], float outside) {
  EdgeTensor in = b->tensors[x].info;
  int64_t height = in.dims[1], width = in.dims[2], channels = in.dims[3];
  Padded padded = {x, at_least(reach(out[1], w->stride_h, w->kernel_h, w->dilation_h), height + w->pad_top),
                   at_least(reach(out[2], w->stride_w, w->kernel_w, w->dilation_w), width + w->pad_left)};
  if (padded.height == height && padded.width == width) return padded;
  uint32_t dims[] = {in.dims[0], (uint32_t)padded.height, (uint32_t)padded.width, in.dims[3]};
  EdgeFillParams fill;
  memcpy(&fill.value, &outside, sizeof outside);
  padded.tensor = build_tensor(b, EDGE_F32, 4, dims, 0.0f, 0);
  build_emit(b, EDGE_OP_FILL, NULL, 0, padded.tensor, &fill, sizeof fill);
  int64_t row = padded.width * channels;
  Loops loops = {.operands = 2};
  loops_add(&loops, in.dims[0],
            (int32_t[LOOP_OPERANDS]){(int32_t)(padded.height * row), (int32_t)(height * width * channels)});
  loops_add(&loops, height, (int32_t[LOOP_OPERANDS]){(int32_t)row, (int32_t)(width * channels)});
  loops_add(&loops, width * channels, (int32_t[LOOP_OPERANDS]){1, 1});
  build_copy(b, x, 0, padded.tensor, w->pad_top * row + w->pad_left * channels, &loops);
  return padded;
}

/* Loops over output pixels and channels, and over the window. */
static EdgeReduceParams reduce_of(const Padded *x, const Window2 *w, const uint32_t out[4],
                                  EdgeReduceKind kind) {
  int32_t channels = (int32_t)out[3], row = (int32_t)(x->width * channels);
  EdgeReduceParams params = {
      .kind = (int32_t)kind,
      .outer_rank = 4,
      .outer_dims = {(int32_t)out[0], (int32_t)out[1], (int32_t)out[2], channels},
      .outer_stride = {(int32_t)x->height * row, w->stride_h * row, w->stride_w * channels, 1},
      .inner_rank = 2,
      .inner_dims = {w->kernel_h, w->kernel_w},
      .inner_stride = {w->dilation_h * row, w->dilation_w * channels},
      .mult = 1};
  for (int d = 0; d < EDGE_MAX_RANK; d++) {
    if (d >= params.outer_rank) params.outer_dims[d] = 1;
    if (d >= params.inner_rank) params.inner_dims[d] = 1;
  }
  return params;
}

/* Positions of a window along one axis that a mean counts. */
static int64_t counted(int64_t at, int32_t stride, int32_t kernel, int32_t dilation, int64_t low,
                       int64_t high) {
  int64_t count = 0;
  for (int64_t k = 0; k < kernel; k++) {
    int64_t place = at * stride + k * dilation;
    count += place >= low && place < high;
  }
  return count;
}

/* What the sum of each output pixel is divided by, [OH,OW,1]; with the pads counted, those inside x extended
   by them. */
static int32_t divisors(Builder *b, const Window2 *w, const EdgeTensor *in, const uint32_t out[4],
                        bool with_pads) {
  float *counts = arena_new(&b->scratch, (size_t)out[1] * out[2], sizeof *counts, b->err);
  if (counts == NULL) {
    b->status = SYSTEM;
    return 0;
  }
  int64_t top = w->pad_top, left = w->pad_left, bottom = top + in->dims[1], right = left + in->dims[2];
  for (uint32_t y = 0; y < out[1]; y++)
    for (uint32_t x = 0; x < out[2]; x++) {
      int64_t rows = counted(y, w->stride_h, w->kernel_h, w->dilation_h, with_pads ? 0 : top,
                             with_pads ? bottom + w->pad_bottom : bottom);
      int64_t columns = counted(x, w->stride_w, w->kernel_w, w->dilation_w, with_pads ? 0 : left,
                                with_pads ? right + w->pad_right : right);
      counts[y * out[2] + x] = (float)at_least(rows * columns, 1);
    }
  return build_constant(b, EDGE_F32, 3, (uint32_t[]){out[1], out[2], 1}, counts, 0.0f, 0);
}

/* y = sum / divisors, over images [N,OH,OW,C]. */
static void divide(Builder *b, int32_t sum, int32_t by, const uint32_t out[4], int32_t y) {
  int32_t pixels = (int32_t)(out[1] * out[2]), channels = (int32_t)out[3];
  EdgeBinaryF32Params params = {.kind = EDGE_BINARY_DIV,
                                .rank = 3,
                                .dims = {(int32_t)out[0], pixels, channels, 1, 1, 1, 1, 1},
                                .a_stride = {pixels * channels, channels, 1},
                                .b_stride = {0, 1, 0}};
  build_emit(b, EDGE_OP_BINARY_F32, INPUTS(sum, by), y, &params, sizeof params);
}

Status float_pool(Builder *b) {
  const Node *node = b->node;
  const Value *in = node->inputs[0], *result = node->outputs[0];
  bool is_mean = node_is(node, "AveragePool");
  Window2 w;
  if (!window2_of(node, &in->shape, NULL, &w)) return build_unsupported(b, "more than two spatial axes");
  int32_t x = build_image(b, in, FORM_REAL);
  if (b->status != OK) return b->status;
  EdgeTensor image = b->tensors[x].info;
  uint32_t out[4];
  layout_image(&result->shape, out);
  Padded padded = with_border(b, x, &w, out, is_mean ? 0.0f : -INFINITY);
  bool is_whole = padded.tensor == x;
  EdgeReduceKind kind = !is_mean ? EDGE_REDUCE_MAX : is_whole ? EDGE_REDUCE_MEAN : EDGE_REDUCE_SUM;
  EdgeReduceParams params = reduce_of(&padded, &w, out, kind);
  int32_t y = build_alias(b, build_result(b, result, FORM_REAL, LAYOUT_LAST), 4, out);
  int32_t sum = is_mean && !is_whole ? build_tensor(b, EDGE_F32, 4, out, 0.0f, 0) : y;
  build_emit(b, EDGE_OP_REDUCE_F32, INPUTS(padded.tensor), sum, &params, sizeof params);
  if (sum != y)
    divide(b, sum, divisors(b, &w, &image, out, node_int(node, "count_include_pad", 0) != 0), out, y);
  return b->status;
}
