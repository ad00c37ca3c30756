/* col2im.c - Col2Im: columns of blocks added up to an image. */
#include "operators/gradient.h"
#include "operators/reals.h"
#include "operators/shape/content.h"

#include <string.h>

#define COL2IM_MAX_AXES 6
#define COL2IM_MOST (INT64_C(1) << 24)

typedef struct Col2ImParams {
  Ints dilations, pads, strides;
} Col2ImParams;

typedef struct Col2ImAxis {
  int64_t image, block, stride, dilation, pad, steps; /* steps: places of the block */
} Col2ImAxis;

static const char *axis_of(const Col2ImParams *params, int count, int i, int64_t image, int64_t block,
                           Col2ImAxis *axis) {
  int64_t end = params->pads.given ? params->pads.values[count + i] : 0;
  *axis = (Col2ImAxis){.image = image,
                       .block = block,
                       .stride = params->strides.given ? params->strides.values[i] : 1,
                       .dilation = params->dilations.given ? params->dilations.values[i] : 1,
                       .pad = params->pads.given ? params->pads.values[i] : 0};
  if (image < 1 || block < 1 || image > COL2IM_MOST || block > COL2IM_MOST)
    return "image and block must be 1 or larger, and not huge";
  int64_t room = image + axis->pad + end - axis->dilation * (block - 1) - 1;
  if (room < 0) return "the block is larger than the padded image";
  axis->steps = room / axis->stride + 1;
  return NULL;
}

static bool lists_fit(const Col2ImParams *params, int count) {
  return (!params->pads.given || params->pads.count == 2 * count) &&
         (!params->strides.given || params->strides.count == count) &&
         (!params->dilations.given || params->dilations.count == count);
}

static Status infer_known(Infer *infer, const KnownInts *image, const KnownInts *block) {
  const InferValue *x = &infer->in[0];
  int64_t blocks = 1, steps = 1;
  Shape out = {.rank = image->count + 2};
  for (int i = 0; i < image->count; i++) {
    Col2ImAxis axis;
    const char *wrong = axis_of(infer->params, image->count, i, image->values[i], block->values[i], &axis);
    if (wrong != NULL) return infer_fail(infer, "%s", wrong);
    if (__builtin_mul_overflow(blocks, axis.block, &blocks) ||
        __builtin_mul_overflow(steps, axis.steps, &steps))
      return infer_fail(infer, "the blocks are too large");
    out.dims[i + 2] = image->values[i];
  }
  Dim rows = x->shape.dims[1], columns = x->shape.dims[2];
  if ((dim_is_known(rows) && rows % blocks != 0) || (dim_is_known(columns) && columns != steps))
    return infer_fail(infer, "columns of %lld by %lld do not fit %lld places of blocks of %lld",
                      (long long)rows, (long long)columns, (long long)steps, (long long)blocks);
  out.dims[0] = x->shape.dims[0];
  out.dims[1] = dim_is_known(rows) ? rows / blocks : DIM_UNKNOWN;
  return infer_set_sized(infer, 0, x->type, &out);
}

static Status infer(Infer *infer) {
  const InferValue *x = &infer->in[0];
  KnownInts image, block;
  infer->out[0].type = x->type;
  TRY(known_ints(infer, 1, "the image shape", COL2IM_MAX_AXES, &image));
  TRY(known_ints(infer, 2, "the block shape", COL2IM_MAX_AXES, &block));
  if (x->has_shape && x->shape.rank != 3)
    return infer_fail(infer, "the input has %d dimensions instead of 3", x->shape.rank);
  int count = image.count >= 0 ? image.count : block.count;
  if (count >= 0 && ((block.count >= 0 && block.count != count) || !lists_fit(infer->params, count)))
    return infer_fail(infer, "image shape, block shape and attributes are for different numbers of axes");
  if (x->has_shape && image.known && block.known) return infer_known(infer, &image, &block);
  return count >= 0 ? infer_rank(infer, 0, x->type, count + 2) : OK;
}

/* Offset in the image of element `tap` of the block at place `step`; -1 in the padding. */
static int64_t place_of(const Col2ImAxis *axes, int count, int64_t tap, int64_t step) {
  int64_t at = 0, stride = 1;
  for (int i = count - 1; i >= 0; i--) {
    const Col2ImAxis *a = &axes[i];
    int64_t here = step % a->steps * a->stride - a->pad + tap % a->block * a->dilation;
    if (here < 0 || here >= a->image) return -1;
    at += here * stride;
    step /= a->steps;
    tap /= a->block;
    stride *= a->image;
  }
  return at;
}

/* The axes, which inference has checked; their number. */
static int axes_of(const Run *run, Col2ImAxis axes[COL2IM_MAX_AXES]) {
  const Shape *image = &run->out[0]->shape;
  int count = image->rank - 2;
  for (int i = 0; i < count; i++)
    (void)axis_of(run->params, count, i, image->dims[i + 2], tensor_get_integer(run->in[2], i), &axes[i]);
  return count;
}

static Status run_col2im(Run *run) {
  const Tensor *x = run->in[0];
  Tensor *y = run->out[0];
  Col2ImAxis axes[COL2IM_MAX_AXES];
  int count = axes_of(run, axes);
  int64_t planes = y->shape.dims[0] * y->shape.dims[1], pixels = shape_product(&y->shape, 2, y->shape.rank);
  int64_t steps = x->shape.dims[2], taps = planes > 0 ? x->shape.dims[0] * x->shape.dims[1] / planes : 0;
  double *image = reals_new(run, pixels);
  if (image == NULL) return run->err->status;
  for (int64_t p = 0; p < planes; p++) {
    for (int64_t i = 0; i < pixels; i++) image[i] = 0;
    for (int64_t i = 0; i < taps * steps; i++) {
      int64_t at = place_of(axes, count, i / steps, i % steps);
      if (at >= 0) image[at] += tensor_get(x, p * taps * steps + i);
    }
    for (int64_t i = 0; i < pixels; i++) tensor_set(y, p * pixels + i, image[i]);
  }
  return OK;
}

/* Every element of a column has the gradient of the pixel that it was added to. */
static Status grad_col2im(Grad *grad) {
  const Shape *x = &grad->run.in[0]->shape, *y = &grad->run.out[0]->shape;
  float *dx = grad_of_input(grad, 0);
  const float *dy = grad_of_output(grad, 0);
  Col2ImAxis axes[COL2IM_MAX_AXES];
  int count = axes_of(&grad->run, axes);
  int64_t planes = y->dims[0] * y->dims[1], pixels = shape_product(y, 2, y->rank), steps = x->dims[2];
  int64_t taps = planes > 0 ? x->dims[0] * x->dims[1] / planes : 0;
  for (int64_t i = 0; dx != NULL && i < taps * steps; i++) {
    int64_t at = place_of(axes, count, i / steps, i % steps);
    for (int64_t p = 0; p < planes; p++) dx[p * taps * steps + i] = at < 0 ? 0 : dy[p * pixels + at];
  }
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(Col2ImParams, dilations, FIELD_INTS, .least = 1, .most = COL2IM_MOST),
    ATTRIBUTE(Col2ImParams, pads, FIELD_INTS, .least = 0, .most = COL2IM_MOST),
    ATTRIBUTE(Col2ImParams, strides, FIELD_INTS, .least = 1, .most = COL2IM_MOST),
    {0}};

const Op op_Col2Im = {
    .name = "Col2Im",
    .brief = "Adds columns of blocks up to images.",
    .versions = {{18, infer, run_col2im, NULL, grad_col2im}},
    .attributes = attributes,
    .params_bytes = sizeof(Col2ImParams),
    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_NUMERIC, "[N, C * block, L]"},
               {"image_shape", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT64), "[axes]"},
               {"block_shape", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT64), "[axes]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_NUMERIC, "[N, C, ...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "overlapping blocks add up to sums of different lengths",
    .samples = {{"f32[1,5,5], i64{5,5}!, i64{1,5}!", ""},
                {"f32[2,8,4], i64{3,3}!, i64{2,2}!", ""},
                {"f32[1,4,4], i64{4,4}!, i64{2,2}!", "pads=[1,0,0,1] strides=[2,2] dilations=[1,1]"}},
};
