/* REDUCE: sum, mean, largest or smallest over axes, in integers. */
#include "runtime/kernels/plain/reduce.h"
#include "runtime/kernel.h"

EDGE_INLINE int32_t combine(int32_t kind, int32_t sum, int32_t x) {
  if (kind == EDGE_REDUCE_MAX) return x > sum ? x : sum;
  if (kind == EDGE_REDUCE_MIN) return x < sum ? x : sum;
  return sum + x;
}

/* One run of the inner loop for all results of a block. Integers may be taken in any order: along the run
   where that is contiguous and the results are not. */
EDGE_INLINE void take_run(int32_t kind, int32_t *sum, const int8_t *x, ptrdiff_t step, int32_t count,
                          ptrdiff_t run_step, int32_t run) {
  if (run_step == 1 && step != 1) {
    for (int32_t j = 0; j < count; j++)
      for (int32_t i = 0; i < run; i++) sum[j] = combine(kind, sum[j], x[j * step + i]);
  } else if (step == 1) {
    for (int32_t i = 0; i < run; i++)
      for (int32_t j = 0; j < count; j++) sum[j] = combine(kind, sum[j], x[i * run_step + j]);
  } else {
    for (int32_t j = 0; j < count; j++)
      for (int32_t i = 0; i < run; i++) sum[j] = combine(kind, sum[j], x[j * step + i * run_step]);
  }
}

EDGE_INLINE void take_block(int32_t kind, int32_t *sum, const int8_t *x, EdgeNest inner,
                            EdgeReduceBlock block, int32_t start) {
  for (int32_t j = 0; j < block.count; j++) sum[j] = start;
  do {
    take_run(kind, sum, x + inner.at[0], block.step, block.count, inner.step[0], inner.run);
  } while (edge_nest_next(&inner));
}

static EdgeCodes codes_of(const EdgeCall *call) {
  const EdgeReduceParams *p = call->params;
  const EdgeTensor *y = call->out[0].info;
  return edge_codes((EdgeType)y->type, p->act_min, p->act_max, y->zero_point);
}

static void store_sums(const EdgeCall *call, const int32_t *sum, EdgeReduceBlock block) {
  const EdgeReduceParams *p = call->params;
  EdgeCodes codes = codes_of(call);
  for (int32_t j = 0; j < block.count; j++)
    edge_store_code(&call->out[0], block.y + j, edge_code((float)sum[j] * p->mult, codes));
}

static void store_extremes(const EdgeCall *call, const int32_t *extreme, EdgeReduceBlock block) {
  EdgeCodes codes = codes_of(call);
  for (int32_t j = 0; j < block.count; j++)
    edge_store_code(&call->out[0], block.y + j, edge_clamp_code(extreme[j], codes));
}

static void reduce_block(const EdgeCall *call, EdgeNest inner, EdgeReduceBlock block) {
  const EdgeReduceParams *p = call->params;
  const int8_t *x = (const int8_t *)call->in[0].data + block.at;
  int32_t zero_points = -call->in[0].info->zero_point * edge_reduce_count(p);
  int32_t sum[EDGE_REDUCE_BLOCK];
  if (p->kind == EDGE_REDUCE_MAX) {
    take_block(EDGE_REDUCE_MAX, sum, x, inner, block, INT8_MIN);
    store_extremes(call, sum, block);
  } else if (p->kind == EDGE_REDUCE_MIN) {
    take_block(EDGE_REDUCE_MIN, sum, x, inner, block, INT8_MAX);
    store_extremes(call, sum, block);
  } else {
    take_block(EDGE_REDUCE_SUM, sum, x, inner, block, zero_points);
    store_sums(call, sum, block);
  }
}

/* ---- int16: up to 2^23 of them have sums of 39 bits ---- */

/* Of one result. */
static int64_t take_wide(int32_t kind, const int16_t *x, EdgeNest inner) {
  int64_t taken = kind == EDGE_REDUCE_MAX ? INT16_MIN : kind == EDGE_REDUCE_MIN ? INT16_MAX : 0;
  do {
    const int16_t *from = x + inner.at[0];
    for (int32_t i = 0; i < inner.run; i++, from += inner.step[0]) {
      if (kind == EDGE_REDUCE_MAX)
        taken = *from > taken ? *from : taken;
      else if (kind == EDGE_REDUCE_MIN)
        taken = *from < taken ? *from : taken;
      else
        taken += *from;
    }
  } while (edge_nest_next(&inner));
  return taken;
}

static void reduce_block_wide(const EdgeCall *call, EdgeNest inner, EdgeReduceBlock block) {
  const EdgeReduceParams *p = call->params;
  EdgeCodes codes = codes_of(call);
  int64_t zero_points = (int64_t)call->in[0].info->zero_point * edge_reduce_count(p);
  int is_extreme = p->kind == EDGE_REDUCE_MAX || p->kind == EDGE_REDUCE_MIN;
  for (int32_t j = 0; j < block.count; j++) {
    const int16_t *x = (const int16_t *)call->in[0].data + block.at + j * block.step;
    int64_t taken = take_wide(p->kind, x, inner);
    int32_t code = is_extreme ? edge_clamp_code((int32_t)taken, codes)
                              : edge_code((float)(taken - zero_points) * p->mult, codes);
    edge_store_code(&call->out[0], block.y + j, code);
  }
}

static EdgeStatus check(const EdgeCall *call) {
  const EdgeReduceParams *p = call->params;
  const EdgeArg *y = &call->out[0];
  if (!edge_is_quantized(&call->in[0]) || !edge_is_quantized(y)) return EDGE_MALFORMED;
  if (!edge_is_sane_reduce(call, EDGE_REDUCE_MIN) || !edge_is_sane_factor(p->mult)) return EDGE_MALFORMED;
  if (!edge_is_sane_clamp(p->act_min, p->act_max, (EdgeType)y->info->type)) return EDGE_MALFORMED;
  return EDGE_OK;
}

static EdgeStatus run(const EdgeCall *call) {
  return edge_reduce_run(call, edge_is_s16(&call->in[0]) ? reduce_block_wide : reduce_block);
}

const EdgeKernel edge_plain_reduce = {.check = check, .run = run};
