/* LRN_F32: local response normalization over channels, which lie innermost. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/checks.h"
#include "runtime/math.h"

static EdgeStatus check(const EdgeCall *call) {
  const EdgeLrnParams *p = call->params;
  const EdgeArg *x = &call->in[0], *y = &call->out[0];
  int64_t elements = edge_product(p->rows, p->channels, 1);
  if (!edge_is_f32(x) || !edge_has_elements(x, elements)) return EDGE_MALFORMED;
  if (!edge_is_f32(y) || !edge_has_elements(y, elements)) return EDGE_MALFORMED;
  return p->size >= 1 ? EDGE_OK : EDGE_MALFORMED;
}

/* Squares of the channels around c, (size - 1) / 2 before it (rounded down) and the rest behind it. */
static float sum_of_squares(const float *x, int32_t c, const EdgeLrnParams *p) {
  int32_t before = (p->size - 1) / 2, behind = p->size - 1 - before;
  int32_t first = c > before ? c - before : 0;
  int32_t last = p->channels - 1 - c > behind ? c + behind : p->channels - 1;
  float sum = 0.0f;
  for (int32_t i = first; i <= last; i++) sum += x[i] * x[i];
  return sum;
}

static EdgeStatus run(const EdgeCall *call) {
  const EdgeLrnParams *p = call->params;
  const float *x = call->in[0].data;
  float *y = call->out[0].data, alpha = p->alpha / (float)p->size;
  for (int32_t row = 0; row < p->rows; row++, x += p->channels, y += p->channels)
    for (int32_t c = 0; c < p->channels; c++)
      y[c] = x[c] / edge_powf(p->bias + alpha * sum_of_squares(x, c, p), p->beta);
  return EDGE_OK;
}

const EdgeKernel edge_plain_lrn_f32 = {.check = check, .run = run};
