#include "operators/axes.h"
#include "operators/pool/pool.h"

static const AttributeRow attributes[] = {AVERAGE_POOL_ATTRIBUTES, {0}};

static Status plain_average_pool(Run *run) {
  const AveragePoolParams *params = run->params;
  return pool_plain(run, pool_average, params->count_include_pad, NULL);
}

static Status fast_average_pool(Run *run) {
  const AveragePoolParams *params = run->params;
  PoolCase c;
  TRY(pool_begin(run, &c));
  return pool_fast_fits(run, &c) ? pool_fast_average(run, &c, params->count_include_pad)
                                 : plain_average_pool(run);
}

static Status grad_average_pool(Grad *grad) {
  const AveragePoolParams *params = grad->run.params;
  return pool_grad_average(grad, params->count_include_pad);
}

const Op op_AveragePool = {
    .name = "AveragePool",
    .brief = "Mean of each window, of the padding too where wanted.",
    .versions = {{22, pool_infer, plain_average_pool, fast_average_pool, grad_average_pool},
                 {19, pool_infer, plain_average_pool, fast_average_pool, grad_average_pool},
                 {7, pool_infer, plain_average_pool, fast_average_pool, grad_average_pool},
                 {1, pool_infer, plain_average_pool, fast_average_pool, grad_average_pool}},
    .attributes = attributes,
    .params_bytes = sizeof(AveragePoolParams),
    .check = pool_check,
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"}},
    .axes = axes_planes,
    .role = ROLE_AVERAGE,
    .samples = {{"f32[1,3,8,6]", "kernel_shape=[2,2] strides=[2,2]"},
                {"f32[2,2,7,8]", "kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1]"},
                {"f32[1,2,7,7]",
                 "kernel_shape=[3,3] strides=[2,3] pads=[1,0,1,1] count_include_pad=1 ceil_mode=1"},
                {"f32[1,2,9,8]", "kernel_shape=[3,2] dilations=[2,2] auto_pad=\"SAME_UPPER\""},
                {"f32[1,2,6,5]", "kernel_shape=[2,4] auto_pad=\"SAME_LOWER\""},
                {"f32[1,3,10]", "kernel_shape=[4] strides=[3] ceil_mode=1"},
                {"f32[1,2,4,4,5]", "kernel_shape=[2,3,2] pads=[1,0,1,0,1,1]"}},
};
