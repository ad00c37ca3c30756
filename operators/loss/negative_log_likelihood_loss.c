#include "operators/gradient.h"
#include "operators/loss/loss.h"
#include "operators/reals.h"

static Status run_loss(Run *run) {
  const double *scores = reals_of(run, run->in[0]);
  return scores != NULL ? loss_run(run, scores) : run->err->status;
}

static Status grad_nll(Grad *grad) {
  const double *scores = reals_of(&grad->run, grad->run.in[0]);
  int64_t count = tensor_elements(grad->run.in[0]);
  double *to = reals_new(&grad->run, count);
  float *dx = grad_of_input(grad, 0);
  if (scores == NULL || to == NULL) return fail_memory(grad->run.err);
  for (int64_t i = 0; i < count; i++) to[i] = 0;
  loss_grad(grad, scores, to);
  for (int64_t i = 0; dx != NULL && i < count; i++) dx[i] = (float)to[i];
  return OK;
}

#define LABELS (ELEMENT_BIT(ELEMENT_INT32) | ELEMENT_BIT(ELEMENT_INT64))

const Op op_NegativeLogLikelihoodLoss = {
    .name = "NegativeLogLikelihoodLoss",
    .brief = "Weighted negative of the scores at the labels.",
    .versions = {{12, loss_infer, run_loss, NULL, grad_nll}},
    .attributes = loss_attributes,
    .params_bytes = sizeof(LossParams),
    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"},
               {"target", PORT_REQUIRED, LABELS, "[N, ...]"},
               {"weight", PORT_OPTIONAL, ELEMENTS_FLOAT, "[C]"}},
    .outputs = {{"loss", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, ...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "a loss is for training",
    .samples = {{"f32[3,5], i64{0,4,2}, f32[5](0.1,2)", ""},
                {"f32[2,3,2], i32[2,2]{0,7,2,1}", "reduction=\"none\" ignore_index=7"},
                {"f32[2,3,1], i64[2,1]{0,2}", "reduction=\"sum\""}},
};
