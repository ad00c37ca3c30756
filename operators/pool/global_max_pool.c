#include "operators/axes.h"
#include "operators/pool/pool.h"

static Status plain_global(Run *run) {
  return pool_plain_global(run, pool_maximum, 0);
}

const Op op_GlobalMaxPool = {
    .name = "GlobalMaxPool",
    .brief = "Largest element of each channel.",
    .versions = {{22, pool_infer_global, plain_global, NULL, pool_grad_global_maximum},
                 {1, pool_infer_global, plain_global, NULL, pool_grad_global_maximum}},
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, 1, ...]"}},
    .axes = axes_planes,
    .role = ROLE_SAME_SCALE,
    .samples = {{"f32[1,4,5,3]", ""}, {"f32[2,3,8]", ""}, {"f32[1,2,3,2,2]", ""}},
};
