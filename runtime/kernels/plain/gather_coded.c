/* GATHER_CODED: rows of a constant table in codes, each with its own scale, by index. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/coded.h"
#include "runtime/kernels/plain/gather_index.h"

static EdgeStatus check(const EdgeCall *call) {
  const EdgeGatherCodedParams *p = call->params;
  const EdgeArg *w = &call->in[0], *indices = &call->in[1], *y = &call->out[0];
  if (!edge_is_weight(w) || !edge_has_elements(w, edge_product(p->axis, p->inner, 1))) return EDGE_MALFORMED;
  if (!edge_is_index_list(indices) || !edge_is_factor_list(&call->in[2], (uint32_t)p->axis))
    return EDGE_MALFORMED;
  if (!edge_is_run_factors(&call->in[3], w, (uint32_t)p->axis)) return EDGE_MALFORMED;
  if (!edge_has_elements(y, edge_product((int32_t)indices->info->elements, p->inner, 1)))
    return EDGE_MALFORMED;
  return edge_is_f32(y) || edge_is_quantized(y) ? EDGE_OK : EDGE_MALFORMED;
}

static int32_t code_at(const EdgeArg *w, size_t i) {
  if (!edge_is_s4(w)) return ((const int8_t *)w->data)[i];
  uint8_t pair = ((const uint8_t *)w->data)[i / 2];
  return i % 2 == 0 ? edge_low_s4(pair) : edge_high_s4(pair);
}

/* y[at...] = the row. */
static void take_row(const EdgeCall *call, size_t row, ptrdiff_t at) {
  const EdgeGatherCodedParams *p = call->params;
  const EdgeArg *w = &call->in[0], *y = &call->out[0];
  float scale = ((const float *)call->in[2].data)[row];
  size_t runs = call->in[3].info != NULL ? call->in[3].info->dims[1] : 1, inner = (size_t)p->inner;
  const uint8_t *factors = call->in[3].info != NULL ? (const uint8_t *)call->in[3].data + row * runs : NULL;
  EdgeCodes codes = edge_is_f32(y) ? (EdgeCodes){0} : edge_codes_of(y->info);
  for (size_t i = 0; i < inner; i++, at++) {
    int32_t factor = factors != NULL ? factors[i / (inner / runs)] : 1;
    float value = (float)(code_at(w, row * inner + i) * factor) * scale;
    if (edge_is_f32(y))
      ((float *)y->data)[at] = value;
    else
      edge_store_code(y, at, edge_code(value, codes));
  }
}

static EdgeStatus run(const EdgeCall *call) {
  const EdgeGatherCodedParams *p = call->params;
  const EdgeArg *indices = &call->in[1];
  for (ptrdiff_t i = 0; i < (ptrdiff_t)indices->info->elements; i++) {
    ptrdiff_t row = edge_row_of(indices, i, p->axis);
    if (row < 0) return EDGE_BAD_INDEX;
    take_row(call, (size_t)row, i * p->inner);
  }
  return EDGE_OK;
}

const EdgeKernel edge_plain_gather_coded = {.check = check, .run = run};
