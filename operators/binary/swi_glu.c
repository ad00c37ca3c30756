#include "operators/binary/binary.h"
#include "operators/gradient.h"
#include "operators/reals.h"

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

/* a * sigmoid(alpha * a). */
static void gate_of(const Tensor *a, double alpha, float *gate) {
  const float *x = a->data;
  int64_t n = tensor_elements(a);
  for (int64_t i = 0; i < n; i++) gate[i] = (float)((double)x[i] / (1 + exp(-alpha * (double)x[i])));
}

/* Times its derivative. */
static void times_slope(const Tensor *a, double alpha, float *dx) {
  const float *x = a->data;
  int64_t n = tensor_elements(a);
  for (int64_t i = 0; i < n; i++) {
    double s = 1 / (1 + exp(-alpha * (double)x[i]));
    dx[i] = (float)((double)dx[i] * s * (1 + alpha * (double)x[i] * (1 - s)));
  }
}

/* A product, then a function of one operand. */
static Status grad_swiglu(Grad *grad) {
  double alpha = (double)((const SwiGluParams *)grad->run.params)->alpha;
  const Tensor *a = grad->run.in[0];
  Tensor gate = {
      .type = ELEMENT_FLOAT32, .shape = a->shape, .data = floats_new(&grad->run, tensor_elements(a))};
  if (gate.data == NULL) return fail_memory(grad->run.err);
  gate_of(a, alpha, gate.data);
  Grad product = *grad;
  product.run.in = (const Tensor *[]){&gate, grad->run.in[1]};
  TRY(binary_grad_product(&product));
  if (grad_of_input(grad, 0) != NULL) times_slope(a, alpha, grad_of_input(grad, 0));
  return OK;
}

static const AttributeRow attributes[] = {ATTRIBUTE(SwiGluParams, alpha, FIELD_FLOAT, .otherwise_float = 1),
                                          {0}};

const Op op_SwiGLU = {
    .name = "SwiGLU",
    .brief = "a * sigmoid(alpha * a) * b.",
    .versions = {{28, binary_infer, run_swiglu, NULL, grad_swiglu}},
    .attributes = attributes,
    .params_bytes = sizeof(SwiGluParams),
    BINARY_PORTS(ELEMENTS_FLOAT, ELEMENTS_FLOAT),
    .role = ROLE_FLOAT,
    .role_reason = "a function of one operand times the other needs two instructions",
    .samples = {{"f32[2,3], f32[2,3]", ""},
                {"f32[2,3], f32[3]", "alpha=0.5"},
                {"f32[2,1,3], f32[4,1]", "alpha=1.7"}},
};
