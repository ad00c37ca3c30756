#include "operators/axes.h"
#include "operators/pool/pool.h"

typedef struct GlobalLpPoolParams {
  int64_t p;
} GlobalLpPoolParams;

static const AttributeRow attributes[] = {
    ATTRIBUTE(GlobalLpPoolParams, p, FIELD_INT, .otherwise = 2, .least = 1, .most = 1024), {0}};

static Status plain_global(Run *run) {
  const GlobalLpPoolParams *params = run->params;
  return pool_plain_global(run, pool_norm, params->p);
}

static Status grad_global(Grad *grad) {
  return pool_grad_global_norm(grad, ((const GlobalLpPoolParams *)grad->run.params)->p);
}

const Op op_GlobalLpPool = {
    .name = "GlobalLpPool",
    .brief = "p-norm of each channel.",
    .versions = {{22, pool_infer_global, plain_global, NULL, grad_global},
                 {2, pool_infer_global, plain_global, NULL, grad_global}},
    .attributes = attributes,
    .params_bytes = sizeof(GlobalLpPoolParams),
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, 1, ...]"}},
    .axes = axes_planes,
    .role = ROLE_FLOAT,
    .role_reason = "float only: roots of sums of powers need more than 8 bits",
    .samples = {{"f32[1,4,5,3]", ""}, {"f32[2,3,8]", "p=1"}, {"f32[1,2,3,2]", "p=3"}},
};
