#include "base/wide.h"
#include "operators/gradient.h"
#include "operators/reals.h"

#include <math.h>

typedef struct LrnParams {
  float alpha, beta, bias;
  int64_t size; /* channels whose squares are summed */
} LrnParams;

static const AttributeRow attributes[] = {
    ATTRIBUTE(LrnParams, alpha, FIELD_FLOAT, .otherwise_float = 1e-4F),
    ATTRIBUTE(LrnParams, beta, FIELD_FLOAT, .otherwise_float = 0.75F),
    ATTRIBUTE(LrnParams, bias, FIELD_FLOAT, .otherwise_float = 1),
    ATTRIBUTE(LrnParams, size, FIELD_INT, .required = true, .least = 1, .most = INT32_MAX),
    {0}};

static Status infer_lrn(Infer *infer) {
  if (infer->in[0].has_shape && infer->in[0].shape.rank < 2)
    return infer_fail(infer, "the data needs a batch and a channel axis");
  return infer_same(infer);
}

/* Channels [*first, *end) around `channel`. */
static void around(const LrnParams *params, int64_t channel, int64_t channels, int64_t *first, int64_t *end) {
  *first = channel - (params->size - 1) / 2;
  *end = channel + params->size / 2 + 1;
  if (*first < 0) *first = 0;
  if (*end > channels) *end = channels;
}

/* The divisor: (bias + alpha / size * squares) ^ beta; roots where beta is what nets use. */
static double divisor(const LrnParams *params, double squares) {
  double base = (double)params->bias + (double)params->alpha / (double)params->size * squares;
  if (params->beta == 0.75F) return sqrt(base) * sqrt(sqrt(base));
  return pow(base, (double)params->beta);
}

static Status plain_lrn(Run *run) {
  const LrnParams *params = run->params;
  const Shape *shape = &run->in[0]->shape;
  int64_t channels = shape->dims[1], pixels = shape_product(shape, 2, shape->rank);
  const double *x = reals_of(run, run->in[0]);
  double *squares = reals_new(run, pixels);
  if (x == NULL || squares == NULL) return fail_memory(run->err);
  for (int64_t plane = 0; plane < shape->dims[0] * channels; plane++) {
    int64_t first, end, sample = plane / channels * channels;
    around(params, plane % channels, channels, &first, &end);
    for (int64_t i = 0; i < pixels; i++) squares[i] = 0;
    for (int64_t c = sample + first; c < sample + end; c++)
      for (int64_t i = 0; i < pixels; i++) squares[i] += x[c * pixels + i] * x[c * pixels + i];
    for (int64_t i = 0; i < pixels; i++)
      tensor_set(run->out[0], plane * pixels + i, x[plane * pixels + i] / divisor(params, squares[i]));
  }
  return OK;
}

/* The part of dx that goes straight through channel c; `part` gets what it gives to each channel that its
   divisor is made of, but for that one's x: dy * y / base. */
static void grad_direct(const LrnParams *params, const float *squares, const float *x, const float *dy,
                        int64_t pixels, float *dx, float *part) {
  double alpha = (double)params->alpha / (double)params->size;
  for (int64_t i = 0; i < pixels; i++) {
    double sum = (double)squares[i], out = (double)dy[i] / divisor(params, sum);
    dx[i] = (float)out;
    part[i] = (float)(out * (double)x[i] / ((double)params->bias + alpha * sum));
  }
}

WIDE_LOOP static void add_squares(float *restrict sum, const float *restrict x, int64_t n) {
  for (int64_t i = 0; i < n; i++) sum[i] += x[i] * x[i];
}

WIDE_LOOP static void add_scaled(float *restrict to, const float *restrict a, const float *restrict b,
                                 float factor, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i] += factor * a[i] * b[i];
}

/* One sample. `squares` has a plane, `parts` one a channel. */
static void grad_sample(const LrnParams *params, int64_t channels, int64_t pixels, const float *x,
                        const float *dy, float *squares, float *parts, float *dx) {
  float factor = -2 * params->alpha / (float)params->size * params->beta;
  int64_t first, end;
  for (int64_t c = 0; c < channels; c++) {
    around(params, c, channels, &first, &end);
    for (int64_t i = 0; i < pixels; i++) squares[i] = 0;
    for (int64_t k = first; k < end; k++) add_squares(squares, x + k * pixels, pixels);
    int64_t at = c * pixels;
    grad_direct(params, squares, x + at, dy + at, pixels, dx + at, parts + at);
  }
  for (int64_t c = 0; c < channels; c++) {
    around(params, c, channels, &first, &end);
    for (int64_t k = first; k < end; k++)
      add_scaled(dx + k * pixels, parts + c * pixels, x + k * pixels, factor, pixels);
  }
}

static Status grad_lrn(Grad *grad) {
  const Shape *shape = &grad->run.in[0]->shape;
  int64_t channels = shape->dims[1], pixels = shape_product(shape, 2, shape->rank);
  const float *x = grad->run.in[0]->data, *dy = grad_of_output(grad, 0);
  float *dx = grad_of_input(grad, 0);
  float *squares = floats_new(&grad->run, pixels), *parts = floats_new(&grad->run, channels * pixels);
  if (dx == NULL) return OK;
  if (squares == NULL || parts == NULL) return fail_memory(grad->run.err);
  for (int64_t n = 0; n < shape->dims[0]; n++) {
    int64_t at = n * channels * pixels;
    grad_sample(grad->run.params, channels, pixels, x + at, dy + at, squares, parts, dx + at);
  }
  return OK;
}

const Op op_LRN = {
    .name = "LRN",
    .brief = "Local response normalization across neighbouring channels.",
    .versions = {{13, infer_lrn, plain_lrn, NULL, grad_lrn}, {1, infer_lrn, plain_lrn, NULL, grad_lrn}},
    .attributes = attributes,
    .params_bytes = sizeof(LrnParams),
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "float only: powers of sums of squares need more than 8 bits",
    .samples = {{"f32[1,7,3,4]", "size=3 alpha=0.5"}, {"f32[2,5,3]", "size=4 beta=0.5 bias=2.0"}},
};
