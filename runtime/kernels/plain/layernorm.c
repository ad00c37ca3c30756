/* LAYERNORM: layer normalization; the statistics are exact integers. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/requantize.h"
#include "runtime/math.h"

#define MAX_LENGTH                                                                                           \
  (1 << 22) /* keeps length * x - sum within int32 and length * sum of squares within int64 */

#define MAX_WIDE_LENGTH (1 << 15) /* of int16: keeps length * sum of squares below 2^60 */

static int is_vector(const EdgeArg *arg, int32_t length) {
  return edge_is_f32(arg) && edge_has_elements(arg, length);
}

static EdgeStatus check(const EdgeCall *call) {
  const EdgeNormParams *p = call->params;
  const EdgeArg *x = &call->in[0], *y = &call->out[0];
  int64_t elements = edge_product(p->outer, p->length, 1);
  if (!edge_is_s8(x) && !edge_is_s16(x)) return EDGE_MALFORMED;
  if (!edge_has_elements(x, elements)) return EDGE_MALFORMED;
  if (p->length > (edge_is_s16(x) ? MAX_WIDE_LENGTH : MAX_LENGTH)) return EDGE_MALFORMED;
  if (!edge_is_quantized(y) || !edge_has_elements(y, elements)) return EDGE_MALFORMED;
  if (!is_vector(&call->in[1], p->length) || !is_vector(&call->in[2], p->length)) return EDGE_MALFORMED;
  return p->epsilon >= 0.0f && edge_is_sane_factor(p->epsilon) ? EDGE_OK : EDGE_MALFORMED;
}

/* Sums of x and x * x. */
static void sums_of(const int8_t *x, int32_t length, int32_t *s1, int64_t *s2) {
  *s1 = 0;
  *s2 = 0;
  for (int32_t begin = 0; begin < length; begin += 4096) {
    int32_t end = length - begin < 4096 ? length : begin + 4096, sum = 0, squares = 0;
    for (int32_t i = begin; i < end; i++) {
      sum += x[i];
      squares += x[i] * x[i];
    }
    *s1 += sum;
    *s2 += squares;
  }
}

static float root_of(const EdgeNormParams *p, int64_t variance) {
  float root = edge_sqrtf((float)variance + p->epsilon);
  return root > 0.0f ? root : __builtin_inff(); /* all elements are equal: every quotient is 0 */
}

static void normalize_row(const EdgeCall *call, const int8_t *x, ptrdiff_t at) {
  const EdgeNormParams *p = call->params;
  const float *gamma = call->in[1].data, *beta = call->in[2].data;
  EdgeCodes codes = edge_codes_of(call->out[0].info);
  int32_t s1;
  int64_t s2;
  sums_of(x + at, p->length, &s1, &s2);
  float root = root_of(p, p->length * s2 - (int64_t)s1 * s1);
  for (int32_t i = 0; i < p->length; i++) {
    float quotient = (float)(p->length * x[at + i] - s1) / root;
    edge_store_code(&call->out[0], at + i, edge_code(quotient * gamma[i] + beta[i], codes));
  }
}

static void normalize_row_wide(const EdgeCall *call, const int16_t *x, ptrdiff_t at) {
  const EdgeNormParams *p = call->params;
  const float *gamma = call->in[1].data, *beta = call->in[2].data;
  EdgeCodes codes = edge_codes_of(call->out[0].info);
  int64_t s1 = 0, s2 = 0;
  for (int32_t i = 0; i < p->length; i++) {
    s1 += x[at + i];
    s2 += x[at + i] * x[at + i];
  }
  float root = root_of(p, p->length * s2 - s1 * s1);
  for (int32_t i = 0; i < p->length; i++) {
    float quotient = (float)((int64_t)p->length * x[at + i] - s1) / root;
    edge_store_code(&call->out[0], at + i, edge_code(quotient * gamma[i] + beta[i], codes));
  }
}

static EdgeStatus run(const EdgeCall *call) {
  const EdgeNormParams *p = call->params;
  for (int32_t o = 0; o < p->outer; o++) {
    if (edge_is_s16(&call->in[0]))
      normalize_row_wide(call, call->in[0].data, (ptrdiff_t)o * p->length);
    else
      normalize_row(call, call->in[0].data, (ptrdiff_t)o * p->length);
  }
  return EDGE_OK;
}

const EdgeKernel edge_plain_layernorm = {.check = check, .run = run};
