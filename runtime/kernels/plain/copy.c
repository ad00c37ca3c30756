/* COPY: elements from strided places to strided places; stands for transpose, slice, concat and expand. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/checks.h"
#include "runtime/kernels/plain/words.h"

/* No dimension stays in one place of y. */
static int moves_on(const EdgeCopyParams *p) {
  for (int32_t d = 0; d < p->rank; d++)
    if (p->dims[d] > 1 && p->y_stride[d] == 0) return 0;
  return 1;
}

static EdgeStatus check(const EdgeCall *call) {
  const EdgeCopyParams *p = call->params;
  const EdgeArg *x = &call->in[0], *y = &call->out[0];
  if (!edge_is_indexable(x) || !edge_is_indexable(y)) return EDGE_MALFORMED;
  size_t size = edge_element_bytes(x->info);
  if (size == 0 || size != edge_element_bytes(y->info)) return EDGE_MALFORMED;
  int64_t count = edge_dims_product(p->rank, p->dims);
  if (count < 1 || count > (int64_t)y->info->elements || !moves_on(p)) return EDGE_MALFORMED;
  if (!edge_is_reach_within(p->x_offset, p->rank, p->dims, p->x_stride, x->info->elements))
    return EDGE_MALFORMED;
  if (!edge_is_reach_within(p->y_offset, p->rank, p->dims, p->y_stride, y->info->elements))
    return EDGE_MALFORMED;
  return EDGE_OK;
}

#define MOVE(type)                                                                                           \
  for (int32_t i = 0; i < count; i++) ((type *)y)[i * y_step] = ((const type *)x)[i * x_step];

static void move_strided(size_t size, void *y, ptrdiff_t y_step, const void *x, ptrdiff_t x_step,
                         int32_t count) {
  EDGE_BY_SIZE(size, MOVE);
}

static void move_run(size_t size, void *y, ptrdiff_t y_step, const void *x, ptrdiff_t x_step, int32_t count) {
  if (x_step == 1 && y_step == 1)
    edge_move(y, x, (size_t)count * size);
  else
    move_strided(size, y, y_step, x, x_step, count);
}

static EdgeStatus run(const EdgeCall *call) {
  const EdgeCopyParams *p = call->params;
  size_t size = edge_element_bytes(call->in[0].info);
  EdgeNest nest = edge_nest(p->rank, p->dims, 2, (const int32_t *const[]){p->x_stride, p->y_stride});
  const uint8_t *x = call->in[0].data;
  uint8_t *y = call->out[0].data;
  do {
    ptrdiff_t from = p->x_offset + nest.at[0], to = p->y_offset + nest.at[1];
    move_run(size, y + to * (ptrdiff_t)size, nest.step[1], x + from * (ptrdiff_t)size, nest.step[0],
             nest.run);
  } while (edge_nest_next(&nest));
  return EDGE_OK;
}

const EdgeKernel edge_plain_copy = {.check = check, .run = run};
