/* cum_sum.c - CumSum: running sums along an axis. */
#include "operators/gradient.h"
#include "operators/move/cumulative.h"

/* What an element counts for is what lies behind it: the same sums of the gradient from the other end. */
static Status grad_cum_sum(Grad *grad) {
  if (grad_of_input(grad, 0) == NULL) return OK;
  CumulativeParams params = *(const CumulativeParams *)grad->run.params;
  params.reverse = !params.reverse;
  Run run = grad->run;
  run.params = &params;
  run.in = (const Tensor *const[]){grad->out_grad[0], grad->run.in[1]};
  run.out = (Tensor *const[]){grad->in_grad[0]};
  return cumulative_sum_run(&run);
}

const Op op_CumSum = {
    .name = "CumSum",
    .brief = "Running sums along an axis.",
    .versions = {{11, cumulative_infer, cumulative_sum_run, NULL, grad_cum_sum}},
    .attributes = cumulative_attributes,
    .params_bytes = sizeof(CumulativeParams),
    .inputs = {{"x", PORT_REQUIRED, ELEMENTS_NUMERIC, "[...]"},
               {"axis", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT32) | ELEMENT_BIT(ELEMENT_INT64), "[]"}},
    .outputs = {{"y", PORT_REQUIRED, ELEMENTS_NUMERIC, "[...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "running sums leave any fixed range",
    .samples = {{"f32[2,3], i32[]{1}!", NULL},
                {"i32[2,3], i64[]{-2}!", "reverse=1"},
                {"f64[4], i32[]{0}", "exclusive=1 reverse=1"},
                {"f32[2,4,3], i32[]{-2}!", "exclusive=1"},
                {"f32[3,4], i32[]{0}!", "reverse=1"}},
};
