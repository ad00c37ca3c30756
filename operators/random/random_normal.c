#include "operators/random/random_fill.h"

#include <math.h>

static const AttributeRow attributes[] = {
    RANDOM_DTYPE(ELEMENT_FLOAT32), RANDOM_SEED, RANDOM_NORMAL, RANDOM_SHAPE, {0}};

const Op op_RandomNormal = {
    .name = "RandomNormal",
    .brief = "Normally distributed random numbers.",
    .versions = {{1, random_infer, random_run_normal, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(RandomParams),

    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"}},
    .grad_reason = "not differentiable: drawn at random",
    .role = ROLE_FLOAT,
    .role_reason = "random numbers are no activations",
    .samples = {{"", "shape=[2,3] seed=7.0 scale=2.0"}, {"", "shape=[4] dtype=11"}},
};
