#include "operators/gradient.h"
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

/* The scores are lines of classes, `step` apart. */
static int64_t line_step(const Run *run) {
  const Shape *shape = &run->in[0]->shape;
  return shape_product(shape, 2, shape->rank);
}

static int64_t line_start(const Run *run, int64_t line, int64_t step) {
  return line / step * run->in[0]->shape.dims[1] * step + line % step;
}

/* Of all scores, in scratch memory; NULL where there is no more. */
static double *log_probabilities(Run *run) {
  int64_t classes = run->in[0]->shape.dims[1], count = tensor_elements(run->in[0]), step = line_step(run);
  const double *scores = reals_of(run, run->in[0]);
  double *logs = reals_new(run, count);
  if (scores == NULL || logs == NULL) return NULL;
  for (int64_t line = 0; count > 0 && line < count / classes; line++) {
    int64_t at = line_start(run, line, step);
    log_softmax(scores + at, logs + at, classes, step);
  }
  return logs;
}

static Status run_loss(Run *run) {
  const double *logs = log_probabilities(run);
  Tensor *out = run_output(run, 1);
  if (logs == NULL) return fail_memory(run->err);
  int64_t count = tensor_elements(run->in[0]);
  for (int64_t i = 0; out != NULL && i < count; i++) tensor_set(out, i, logs[i]);
  return loss_run(run, logs);
}

/* Through the logarithm of the softmax: dx = d - softmax * sum(d). */
static void line_back(const double *logs, const double *d, float *dx, int64_t classes, int64_t step) {
  double sum = 0;
  for (int64_t c = 0; c < classes; c++) sum += d[c * step];
  for (int64_t c = 0; c < classes; c++) dx[c * step] = (float)(d[c * step] - exp(logs[c * step]) * sum);
}

static Status grad_loss(Grad *grad) {
  Run *run = &grad->run;
  int64_t classes = run->in[0]->shape.dims[1], count = tensor_elements(run->in[0]), step = line_step(run);
  const double *logs = log_probabilities(run);
  double *d = reals_new(run, count);
  const float *d_logs = grad_of_output(grad, 1);
  float *dx = grad_of_input(grad, 0);
  if (logs == NULL || d == NULL) return fail_memory(run->err);
  for (int64_t i = 0; i < count; i++) d[i] = d_logs != NULL ? (double)d_logs[i] : 0;
  loss_grad(grad, logs, d);
  for (int64_t line = 0; dx != NULL && count > 0 && line < count / classes; line++) {
    int64_t at = line_start(run, line, step);
    line_back(logs + at, d + at, dx + at, classes, step);
  }
  return OK;
}

#define LABELS (ELEMENT_BIT(ELEMENT_INT32) | ELEMENT_BIT(ELEMENT_INT64))

const Op op_SoftmaxCrossEntropyLoss = {
    .name = "SoftmaxCrossEntropyLoss",
    .brief = "Weighted negative log of the softmax at the labels.",
    .versions = {{12, infer, run_loss, NULL, grad_loss}},
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
