/* GATHER: rows of a table by index. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/gather_index.h"
#include "runtime/kernels/plain/words.h"

static EdgeStatus check(const EdgeCall *call) {
  const EdgeGatherParams *p = call->params;
  const EdgeArg *x = &call->in[0], *indices = &call->in[1], *y = &call->out[0];
  if (!edge_has_elements(x, edge_product(p->outer, p->axis, p->inner))) return EDGE_MALFORMED;
  if (!edge_is_index_list(indices) || !edge_is_type(y, (EdgeType)x->info->type)) return EDGE_MALFORMED;
  int64_t count = edge_product(p->outer, (int32_t)indices->info->elements, p->inner);
  return edge_has_elements(y, count) && edge_element_bytes(y->info) != 0 ? EDGE_OK : EDGE_MALFORMED;
}

static EdgeStatus run(const EdgeCall *call) {
  const EdgeGatherParams *p = call->params;
  const EdgeArg *indices = &call->in[1];
  size_t bytes = (size_t)p->inner * edge_element_bytes(call->in[0].info);
  const uint8_t *x = call->in[0].data;
  uint8_t *y = call->out[0].data;
  for (int32_t o = 0; o < p->outer; o++, x += (size_t)p->axis * bytes)
    for (ptrdiff_t i = 0; i < (ptrdiff_t)indices->info->elements; i++, y += bytes) {
      ptrdiff_t row = edge_row_of(indices, i, p->axis);
      if (row < 0) return EDGE_BAD_INDEX;
      edge_move(y, x + (size_t)row * bytes, bytes);
    }
  return EDGE_OK;
}

const EdgeKernel edge_plain_gather = {.check = check, .run = run};
