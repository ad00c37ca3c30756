/* SELECT: condition ? a : b, with broadcasting. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/checks.h"
#include "runtime/kernels/plain/words.h"

static EdgeStatus check(const EdgeCall *call) {
  const EdgeSelectParams *p = call->params;
  const EdgeArg *condition = &call->in[0], *a = &call->in[1], *b = &call->in[2], *y = &call->out[0];
  if (!edge_is_type(condition, EDGE_BOOL)) return EDGE_MALFORMED;
  if (!edge_has_elements(y, edge_dims_product(p->rank, p->dims)) || edge_element_bytes(y->info) == 0)
    return EDGE_MALFORMED;
  EdgeType type = (EdgeType)y->info->type;
  if (!edge_is_type(a, type) || !edge_is_type(b, type)) return EDGE_MALFORMED;
  if (!edge_is_operand_within(condition, p->rank, p->dims, p->c_stride)) return EDGE_MALFORMED;
  if (!edge_is_operand_within(a, p->rank, p->dims, p->a_stride)) return EDGE_MALFORMED;
  if (!edge_is_operand_within(b, p->rank, p->dims, p->b_stride)) return EDGE_MALFORMED;
  return EDGE_OK;
}

#define CHOOSE(type)                                                                                         \
  for (int32_t i = 0; i < nest->run; i++)                                                                    \
    ((type *)y)[i] = condition[i * nest->step[0]] != 0 ? ((const type *)a)[i * nest->step[1]]                \
                                                       : ((const type *)b)[i * nest->step[2]];

static void choose_run(size_t size, void *y, const uint8_t *condition, const void *a, const void *b,
                       const EdgeNest *nest) {
  EDGE_BY_SIZE(size, CHOOSE);
}

static EdgeStatus run(const EdgeCall *call) {
  const EdgeSelectParams *p = call->params;
  EdgeNest nest =
      edge_nest(p->rank, p->dims, 3, (const int32_t *const[]){p->c_stride, p->a_stride, p->b_stride});
  const uint8_t *condition = call->in[0].data, *a = call->in[1].data, *b = call->in[2].data;
  uint8_t *y = call->out[0].data;
  ptrdiff_t size = (ptrdiff_t)edge_element_bytes(call->out[0].info);
  do {
    choose_run((size_t)size, y, condition + nest.at[0], a + nest.at[1] * size, b + nest.at[2] * size, &nest);
    y += nest.run * size;
  } while (edge_nest_next(&nest));
  return EDGE_OK;
}

const EdgeKernel edge_plain_select = {.check = check, .run = run};
