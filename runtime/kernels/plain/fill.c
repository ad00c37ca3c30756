/* FILL: one value everywhere. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/checks.h"
#include "runtime/kernels/plain/words.h"

static EdgeStatus check(const EdgeCall *call) {
  const EdgeArg *y = &call->out[0];
  return edge_is_indexable(y) && edge_element_bytes(y->info) != 0 ? EDGE_OK : EDGE_MALFORMED;
}

#define SET(type)                                                                                            \
  for (ptrdiff_t i = 0; i < count; i++) ((type *)y)[i] = (type)value;

static EdgeStatus run(const EdgeCall *call) {
  const EdgeFillParams *p = call->params;
  ptrdiff_t count = (ptrdiff_t)call->out[0].info->elements;
  int64_t value = p->value;
  void *y = call->out[0].data;
  EDGE_BY_SIZE(edge_element_bytes(call->out[0].info), SET);
  return EDGE_OK;
}

const EdgeKernel edge_plain_fill = {.check = check, .run = run};
