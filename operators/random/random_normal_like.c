#include "operators/gradient.h"
#include "operators/random/random_fill.h"

#include <math.h>

static const AttributeRow attributes[] = {RANDOM_DTYPE(0), RANDOM_SEED, RANDOM_NORMAL, {0}};

const Op op_RandomNormalLike = {
    .name = "RandomNormalLike",
    .brief = "Normally distributed random numbers in the shape of the input.",
    .versions = {{1, random_infer_like, random_run_normal, NULL, grad_zero}},
    .attributes = attributes,
    .params_bytes = sizeof(RandomParams),
    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_WIDE, "[...]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "random numbers are no activations",
    .samples = {{"f32[2,3]", "seed=1.5"}, {"i64[4]", "dtype=1"}},
};
