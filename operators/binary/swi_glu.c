#include "operators/binary/binary.h"

#include <math.h>

typedef struct SwiGluParams {
  float alpha;
} SwiGluParams;

static Status run_swiglu(Run *run) {
  double alpha = (double)((const SwiGluParams *)run->params)->alpha;
  const Tensor *a = run->in[0], *b = run->in[1];
  Tensor *y = run->out[0];
  Broadcast plan;
  BroadcastPlace at = {0};
  broadcast_plan(&plan, &y->shape, (const Shape *[]){&a->shape, &b->shape}, 2);
  for (int64_t r = 0; r < plan.runs; r++, broadcast_next(&plan, &at))
    for (int64_t i = 0; i < plan.length; i++) {
      double gate = tensor_get(a, at.offset[0] + i * plan.step[0]);
      double value = tensor_get(b, at.offset[1] + i * plan.step[1]);
      tensor_set(y, r * plan.length + i, gate / (1 + exp(-alpha * gate)) * value);
    }
  return OK;
}

static const AttributeRow attributes[] = {ATTRIBUTE(SwiGluParams, alpha, FIELD_FLOAT, .otherwise_float = 1),
                                          {0}};

const Op op_SwiGLU = {
    .name = "SwiGLU",
    .brief = "a * sigmoid(alpha * a) * b.",
    .versions = {{28, binary_infer, run_swiglu, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(SwiGluParams),
    BINARY_PORTS(ELEMENTS_FLOAT, ELEMENTS_FLOAT),
    .role = ROLE_FLOAT,
    .role_reason = "a function of one operand times the other needs two instructions",
    .samples = {{"f32[2,3], f32[2,3]", ""}, {"f32[2,3], f32[3]", "alpha=0.5"}},
};
