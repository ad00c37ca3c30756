#include "operators/random/random_fill.h"

#include <math.h>

static const AttributeRow attributes[] = {
    RANDOM_DTYPE(ELEMENT_FLOAT32), RANDOM_SEED, RANDOM_UNIFORM, RANDOM_SHAPE, {0}};

const Op op_RandomUniform = {
    .name = "RandomUniform",
    .brief = "Uniform random numbers.",
    .versions = {{1, random_infer, random_run_uniform, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(RandomParams),

    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"}},
    .grad_reason = "not differentiable: drawn at random",
    .role = ROLE_FLOAT,
    .role_reason = "random numbers are no activations",
    .samples = {{"", "shape=[2,3] seed=7.0 low=-1.0"}, {"", "shape=[4] dtype=11"}},
};
