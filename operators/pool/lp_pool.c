#include "operators/axes.h"
#include "operators/pool/pool.h"

typedef struct LpPoolParams {
  WindowParams window;
  int64_t p;
} LpPoolParams;

static const AttributeRow attributes[] = {
    WINDOW_ATTRIBUTES,
    ATTRIBUTE(WindowParams, ceil_mode, FIELD_BOOL, .otherwise = 0),
    ATTRIBUTE(LpPoolParams, p, FIELD_INT, .otherwise = 2, .least = 1, .most = 1024),
    {0}};

static Status plain_lp_pool(Run *run) {
  const LpPoolParams *params = run->params;
  return pool_plain(run, pool_norm, params->p, NULL);
}

static Status grad_lp_pool(Grad *grad) {
  return pool_grad_norm(grad, ((const LpPoolParams *)grad->run.params)->p);
}

const Op op_LpPool = {
    .name = "LpPool",
    .brief = "p-norm of each window.",
    .versions = {{22, pool_infer, plain_lp_pool, NULL, grad_lp_pool},
                 {18, pool_infer, plain_lp_pool, NULL, grad_lp_pool},
                 {2, pool_infer, plain_lp_pool, NULL, grad_lp_pool}},
    .attributes = attributes,
    .params_bytes = sizeof(LpPoolParams),
    .check = pool_check,
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"}},
    .axes = axes_planes,
    .role = ROLE_FLOAT,
    .role_reason = "float only: roots of sums of powers need more than 8 bits",
    .samples = {{"f32[1,2,6,5]", "kernel_shape=[2,2] strides=[2,1] pads=[1,0,0,1] p=3"},
                {"f32[1,3,9]", "kernel_shape=[3] auto_pad=\"SAME_UPPER\""},
                {"f32[1,2,7,7]", "kernel_shape=[2,2] dilations=[2,2] p=1"}},
};
