/* SOFTMAX_F32: float softmax or log-softmax. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/checks.h"
#include "runtime/math.h"

static EdgeStatus check(const EdgeCall *call) {
  const EdgeSoftmaxF32Params *p = call->params;
  const EdgeArg *x = &call->in[0], *y = &call->out[0];
  int64_t elements = edge_product(p->outer, p->length, p->inner);
  if (!edge_is_f32(x) || !edge_has_elements(x, elements)) return EDGE_MALFORMED;
  if (!edge_is_f32(y) || !edge_has_elements(y, elements)) return EDGE_MALFORMED;
  return edge_is_between(p->log, 0, 1) ? EDGE_OK : EDGE_MALFORMED;
}

static float largest(const float *x, ptrdiff_t step, int32_t length) {
  float most = x[0];
  for (int32_t i = 1; i < length; i++) most = x[i * step] > most ? x[i * step] : most;
  return most;
}

static void softmax_row(float *y, const float *x, ptrdiff_t step, int32_t length) {
  float most = largest(x, step, length), sum = 0.0f;
  for (int32_t i = 0; i < length; i++) {
    y[i * step] = edge_expf(x[i * step] - most);
    sum += y[i * step];
  }
  for (int32_t i = 0; i < length; i++) y[i * step] /= sum;
}

static void log_softmax_row(float *y, const float *x, ptrdiff_t step, int32_t length) {
  float most = largest(x, step, length), sum = 0.0f;
  for (int32_t i = 0; i < length; i++) sum += edge_expf(x[i * step] - most);
  float log_sum = edge_logf(sum);
  for (int32_t i = 0; i < length; i++) y[i * step] = (x[i * step] - most) - log_sum;
}

static EdgeStatus run(const EdgeCall *call) {
  const EdgeSoftmaxF32Params *p = call->params;
  const float *x = call->in[0].data;
  float *y = call->out[0].data;
  for (int32_t o = 0; o < p->outer; o++)
    for (int32_t i = 0; i < p->inner; i++) {
      ptrdiff_t at = (ptrdiff_t)o * p->length * p->inner + i;
      if (p->log)
        log_softmax_row(y + at, x + at, p->inner, p->length);
      else
        softmax_row(y + at, x + at, p->inner, p->length);
    }
  return EDGE_OK;
}

const EdgeKernel edge_plain_softmax_f32 = {.check = check, .run = run};
