/* multinomial.c - Multinomial: classes drawn by their unnormalized log-probabilities. */
#include "operators/random/random_fill.h"

#include "operators/reals.h"
#include "operators/shape/content.h"

#include <math.h>

#define CLASS_TYPES (ELEMENT_BIT(ELEMENT_INT32) | ELEMENT_BIT(ELEMENT_INT64))

static Status infer(Infer *infer) {
  const RandomParams *params = infer->params;
  const InferValue *x = &infer->in[0];
  ElementType type;
  TRY(random_type(infer, CLASS_TYPES, &type));
  if (x->has_shape && x->shape.rank != 2)
    return infer_fail(infer, "the input has %d dimensions instead of 2", x->shape.rank);
  return infer_set_sized(infer, 0, type,
                         &SHAPE(x->has_shape ? x->shape.dims[0] : DIM_UNKNOWN, params->sample_size));
}

static Status run_multinomial(Run *run) {
  const Shape *shape = &run->in[0]->shape;
  int64_t classes = shape->dims[1], draws = run->out[0]->shape.dims[1];
  double *sums = reals_new(run, classes);
  Random random = random_of(run);
  if (sums == NULL) return run->err->status;
  if (classes == 0 && tensor_elements(run->out[0]) > 0) return run_fail(run, "there are no classes to draw");
  for (int64_t n = 0; n < shape->dims[0]; n++) {
    double most = -INFINITY, sum = 0;
    for (int64_t c = 0; c < classes; c++) most = fmax(most, tensor_get(run->in[0], n * classes + c));
    for (int64_t c = 0; c < classes; c++)
      sums[c] = sum += exp(tensor_get(run->in[0], n * classes + c) - most);
    for (int64_t i = 0; i < draws; i++) {
      double place = random_unit(&random) * sum;
      int64_t c = 0;
      while (c + 1 < classes && !(place < sums[c])) c++;
      tensor_set_integer(run->out[0], n * draws + i, c);
    }
  }
  return OK;
}

static const AttributeRow attributes[] = {
    RANDOM_DTYPE(ELEMENT_INT32),
    RANDOM_SEED,
    ATTRIBUTE(RandomParams, sample_size, FIELD_INT, .otherwise = 1, .least = 0, .most = INT32_MAX),
    {0}};

const Op op_Multinomial = {
    .name = "Multinomial",
    .brief = "Draws classes by their log-probabilities.",
    .versions = {{7, infer, run_multinomial, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(RandomParams),
    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_FLOAT, "[batch, classes]"}},
    .outputs = {{"output", PORT_REQUIRED, CLASS_TYPES, "[batch, draws]"}},
    .grad_reason = "not differentiable: drawn at random",
    .role = ROLE_INDEX,
    .samples = {{"f32[2,5]", "sample_size=4 seed=1.0"}, {"f32[1,1]", "dtype=7"}},
};
