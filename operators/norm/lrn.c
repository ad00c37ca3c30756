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

const Op op_LRN = {
    .name = "LRN",
    .brief = "Local response normalization across neighbouring channels.",
    .versions = {{13, infer_lrn, plain_lrn, NULL}, {1, infer_lrn, plain_lrn, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(LrnParams),
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "float only: powers of sums of squares need more than 8 bits",
    .samples = {{"f32[1,7,3,4]", "size=3 alpha=0.5"}, {"f32[2,5,3]", "size=4 beta=0.5 bias=2.0"}},
};
