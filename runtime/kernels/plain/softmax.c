/* SOFTMAX: in integers, exponentials from a table. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/requantize.h"

#define MAX_UNIT (1 << 16)

#define FINE_ONE (1 << 30) /* what factors of 1 are stored as */

/* What the first 256 entries, for whole steps of 1 or (of int16) of 256 codes, must be: from table[0] > 0
   down to 0 or more, and `length` of them add up below 2^31: no sum overflows, and none is 0, because the
   maximum itself adds table[0]. Of int16, 256 factors for the single codes follow, the first of them 1. */
static int is_exponential_table(const EdgeArg *arg, int32_t length, int is_s16) {
  if (!edge_is_type(arg, EDGE_S32) || !edge_has_elements(arg, is_s16 ? 512 : 256) || !edge_is_constant(arg))
    return 0;
  const int32_t *table = arg->data;
  if (table[0] <= 0 || (int64_t)table[0] * length > INT32_MAX) return 0;
  for (int i = 0; i < 256; i++)
    if (table[i] < 0 || table[i] > table[0]) return 0;
  for (int i = 256; is_s16 && i < 512; i++)
    if (!edge_is_between(table[i], 0, FINE_ONE)) return 0;
  return !is_s16 || table[256] == FINE_ONE;
}

static EdgeStatus check(const EdgeCall *call) {
  const EdgeSoftmaxParams *p = call->params;
  const EdgeArg *x = &call->in[0], *y = &call->out[0];
  int64_t elements = edge_product(p->outer, p->length, p->inner);
  if (!edge_is_s8(x) && !edge_is_s16(x)) return EDGE_MALFORMED;
  if (!edge_has_elements(x, elements)) return EDGE_MALFORMED;
  if (!edge_is_quantized(y) || !edge_has_elements(y, elements)) return EDGE_MALFORMED;
  if (!edge_is_between(p->unit, 1, MAX_UNIT)) return EDGE_MALFORMED;
  return is_exponential_table(&call->in[1], p->length, edge_is_s16(x)) ? EDGE_OK : EDGE_MALFORMED;
}

static int8_t largest(const int8_t *x, ptrdiff_t step, int32_t length) {
  int8_t most = x[0];
  for (int32_t i = 1; i < length; i++) most = x[i * step] > most ? x[i * step] : most;
  return most;
}

/* round(e * unit / sum), halves upwards. 64-bit division is slow, and mostly 32 bits are enough. */
static int32_t share(uint32_t e, uint32_t unit, uint32_t sum, int fits_32_bits) {
  if (fits_32_bits) return (int32_t)((e * unit + sum / 2) / sum);
  return (int32_t)(((uint64_t)e * unit + sum / 2) / sum);
}

static void softmax_row(const EdgeCall *call, const int8_t *x, ptrdiff_t at, ptrdiff_t step) {
  const EdgeSoftmaxParams *p = call->params;
  const int32_t *table = call->in[1].data;
  EdgeCodes codes = edge_codes_of(call->out[0].info);
  int fits_32_bits = (int64_t)table[0] * p->unit <= INT32_MAX;
  int8_t most = largest(x + at, step, p->length);
  uint32_t sum = 0;
  for (int32_t i = 0; i < p->length; i++) sum += (uint32_t)table[(uint8_t)(most - x[at + i * step])];
  for (int32_t i = 0; i < p->length; i++) {
    uint32_t e = (uint32_t)table[(uint8_t)(most - x[at + i * step])];
    int32_t code = share(e, (uint32_t)p->unit, sum, fits_32_bits) + codes.zero_point;
    edge_store_code(&call->out[0], at + i * step, edge_clamp_code(code, codes));
  }
}

/* exp(-d) of a distance of codes: at most table[0]. */
static inline uint32_t exponential(const int32_t *table, int32_t d) {
  uint64_t product = (uint64_t)table[d >> 8] * (uint64_t)table[256 + (d & 255)];
  return (uint32_t)((product + FINE_ONE / 2) >> 30);
}

static void softmax_row_wide(const EdgeCall *call, const int16_t *x, ptrdiff_t at, ptrdiff_t step) {
  const EdgeSoftmaxParams *p = call->params;
  const int32_t *table = call->in[1].data;
  EdgeCodes codes = edge_codes_of(call->out[0].info);
  int32_t most = x[at];
  uint32_t sum = 0;
  for (int32_t i = 1; i < p->length; i++) most = x[at + i * step] > most ? x[at + i * step] : most;
  for (int32_t i = 0; i < p->length; i++) sum += exponential(table, most - x[at + i * step]);
  for (int32_t i = 0; i < p->length; i++) {
    uint32_t e = exponential(table, most - x[at + i * step]);
    int32_t code = share(e, (uint32_t)p->unit, sum, 0) + codes.zero_point;
    edge_store_code(&call->out[0], at + i * step, edge_clamp_code(code, codes));
  }
}

static EdgeStatus run(const EdgeCall *call) {
  const EdgeSoftmaxParams *p = call->params;
  const void *x = call->in[0].data;
  for (int32_t o = 0; o < p->outer; o++)
    for (int32_t i = 0; i < p->inner; i++) {
      ptrdiff_t at = (ptrdiff_t)o * p->length * p->inner + i;
      if (edge_is_s16(&call->in[0]))
        softmax_row_wide(call, x, at, p->inner);
      else
        softmax_row(call, x, at, p->inner);
    }
  return EDGE_OK;
}

const EdgeKernel edge_plain_softmax = {.check = check, .run = run};
