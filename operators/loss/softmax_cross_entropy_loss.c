#include "operators/loss/loss.h"
#include "operators/reals.h"

#include <math.h>

static Status infer(Infer *infer) {
  TRY(loss_infer(infer));
  if (infer->output_count < 2) return OK;
  infer->out[1].type = infer->in[0].type;
  infer->out[1].has_shape = infer->in[0].has_shape;
  infer->out[1].shape = infer->in[0].shape;
  return OK;
}

/* A line of classes, `step` apart. */
static void log_softmax(const double *scores, double *to, int64_t classes, int64_t step) {
  double most = -INFINITY, sum = 0;
  for (int64_t c = 0; c < classes; c++) most = fmax(most, scores[c * step]);
  for (int64_t c = 0; c < classes; c++) sum += exp(scores[c * step] - most);
  for (int64_t c = 0; c < classes; c++) to[c * step] = scores[c * step] - most - log(sum);
}

static Status run_loss(Run *run) {
  const Shape *shape = &run->in[0]->shape;
  int64_t count = tensor_elements(run->in[0]), classes = shape->dims[1];
  int64_t inner = shape_product(shape, 2, shape->rank);
  const double *scores = reals_of(run, run->in[0]);
  double *logs = reals_new(run, count);
  if (scores == NULL || logs == NULL) return run->err->status;
  for (int64_t n = 0; count > 0 && n < shape->dims[0]; n++)
    for (int64_t i = 0; i < inner; i++) {
      int64_t at = n * classes * inner + i;
      log_softmax(scores + at, logs + at, classes, inner);
    }
  Tensor *out = run_output(run, 1);
  for (int64_t i = 0; out != NULL && i < count; i++) tensor_set(out, i, logs[i]);
  return loss_run(run, logs);
}

#define LABELS (ELEMENT_BIT(ELEMENT_INT32) | ELEMENT_BIT(ELEMENT_INT64))

const Op op_SoftmaxCrossEntropyLoss = {
    .name = "SoftmaxCrossEntropyLoss",
    .brief = "Weighted negative log of the softmax at the labels.",
    .versions = {{12, infer, run_loss, NULL}},
    .attributes = loss_attributes,
    .params_bytes = sizeof(LossParams),
    .inputs = {{"scores", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"},
               {"labels", PORT_REQUIRED, LABELS, "[N, ...]"},
               {"weights", PORT_OPTIONAL, ELEMENTS_FLOAT, "[C]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, ...]"},
                {"log_prob", PORT_OPTIONAL, ELEMENTS_FLOAT, "[N, C, ...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "a loss is for training",
    .samples = {{"f32[3,5], i64{0,4,2}, f32[5](0.1,2)", "outputs=2"},
                {"f32[2,3,2], i32[2,2]{0,7,2,1}", "reduction=\"none\" ignore_index=7 outputs=2"},
                {"f32[2,3,1], i64[2,1]{0,2}", "reduction=\"sum\""}},
};
