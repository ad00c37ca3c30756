/* REDUCE_F32: float reduction over axes, each result in the order of the inner loops. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/reduce.h"

/* Of two numbers of which one is a NaN the NaN is taken. */
EDGE_INLINE float combine(int32_t kind, float sum, float x) {
  switch (kind) {
  case EDGE_REDUCE_MAX:
    return sum > x || sum != sum ? sum : x;
  case EDGE_REDUCE_MIN:
    return sum < x || sum != sum ? sum : x;
  case EDGE_REDUCE_PROD:
    return sum * x;
  default:
    return sum + x;
  }
}

/* Results side by side, so that neighbouring ones become vector code and each keeps its order. */
EDGE_INLINE void take_block(int32_t kind, float *sum, const float *x, EdgeNest inner, EdgeReduceBlock block,
                            float start) {
  for (int32_t j = 0; j < block.count; j++) sum[j] = start;
  do {
    const float *at = x + inner.at[0];
    for (int32_t i = 0; i < inner.run; i++, at += inner.step[0]) {
      if (block.step == 1)
        for (int32_t j = 0; j < block.count; j++) sum[j] = combine(kind, sum[j], at[j]);
      else
        for (int32_t j = 0; j < block.count; j++) sum[j] = combine(kind, sum[j], at[j * block.step]);
    }
  } while (edge_nest_next(&inner));
}

static void reduce_block(const EdgeCall *call, EdgeNest inner, EdgeReduceBlock block) {
  const EdgeReduceParams *p = call->params;
  const float *x = (const float *)call->in[0].data + block.at;
  float *y = (float *)call->out[0].data + block.y;
  float sum[EDGE_REDUCE_BLOCK];
  switch (p->kind) {
  case EDGE_REDUCE_MAX:
    take_block(EDGE_REDUCE_MAX, sum, x, inner, block, -__builtin_inff());
    break;
  case EDGE_REDUCE_MIN:
    take_block(EDGE_REDUCE_MIN, sum, x, inner, block, __builtin_inff());
    break;
  case EDGE_REDUCE_PROD:
    take_block(EDGE_REDUCE_PROD, sum, x, inner, block, 1.0f);
    break;
  default:
    take_block(EDGE_REDUCE_SUM, sum, x, inner, block, 0.0f);
    break;
  }
  float divisor = p->kind == EDGE_REDUCE_MEAN ? (float)edge_reduce_count(p) : 1.0f;
  for (int32_t j = 0; j < block.count; j++) y[j] = sum[j] / divisor;
}

static EdgeStatus check(const EdgeCall *call) {
  if (!edge_is_f32(&call->in[0]) || !edge_is_f32(&call->out[0])) return EDGE_MALFORMED;
  return edge_is_sane_reduce(call, EDGE_REDUCE_PROD) ? EDGE_OK : EDGE_MALFORMED;
}

static EdgeStatus run(const EdgeCall *call) {
  return edge_reduce_run(call, reduce_block);
}

const EdgeKernel edge_plain_reduce_f32 = {.check = check, .run = run};
