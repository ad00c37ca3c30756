/* bernoulli.c - Bernoulli: 1 with the probability that the input gives, else 0. */
#include "operators/random/random_fill.h"

#include <math.h>

#define BERNOULLI_TYPES (ELEMENTS_NUMERIC | ELEMENT_BIT(ELEMENT_BOOL))

static Status infer(Infer *infer) {
  TRY(random_type(infer, BERNOULLI_TYPES, &infer->out[0].type));
  infer->out[0].has_shape = infer->in[0].has_shape;
  infer->out[0].shape = infer->in[0].shape;
  return OK;
}

static Status run_bernoulli(Run *run) {
  Random random = random_of(run);
  for (int64_t i = 0; i < tensor_elements(run->out[0]); i++)
    tensor_set(run->out[0], i, random_unit(&random) < tensor_get(run->in[0], i) ? 1 : 0);
  return OK;
}

static const AttributeRow attributes[] = {RANDOM_DTYPE(0), RANDOM_SEED, {0}};

const Op op_Bernoulli = {
    .name = "Bernoulli",
    .brief = "1 with the probability that the input gives, else 0.",
    .versions = {{15, infer, run_bernoulli, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(RandomParams),
    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"}},
    .outputs = {{"output", PORT_REQUIRED, BERNOULLI_TYPES, "[...]"}},
    .grad_reason = "not differentiable: drawn at random",
    .role = ROLE_FLOAT,
    .role_reason = "random numbers are no activations",
    .samples = {{"f32[2,3](0,1)", "seed=3.0"}, {"f32{0,1}", "dtype=9"}, {"f64[4](0,1)", ""}},
};
