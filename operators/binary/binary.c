/* shared by the family: kernels over broadcast operands of any type. */
#include "operators/binary/binary.h"

/* Two operands stretched to the output's shape. */
typedef struct Pairs {
  Tensor *out;
  const Tensor *a, *b;
  const BinaryFunctions *functions;
  Broadcast plan;
} Pairs;

static uint64_t get_natural(const Tensor *tensor, int64_t i) {
  if (tensor->type == ELEMENT_UINT64) return ((const uint64_t *)tensor->data)[i];
  return (uint64_t)tensor_get_integer(tensor, i);
}

static void run_real(const Pairs *p, int64_t y, int64_t a, int64_t b) {
  for (int64_t i = 0; i < p->plan.length; i++, a += p->plan.step[0], b += p->plan.step[1])
    tensor_set(p->out, y + i, p->functions->real(tensor_get(p->a, a), tensor_get(p->b, b)));
}

static void run_integer(const Pairs *p, int64_t y, int64_t a, int64_t b) {
  for (int64_t i = 0; i < p->plan.length; i++, a += p->plan.step[0], b += p->plan.step[1])
    tensor_set_integer(p->out, y + i,
                       p->functions->integer(tensor_get_integer(p->a, a), tensor_get_integer(p->b, b)));
}

static void run_natural(const Pairs *p, int64_t y, int64_t a, int64_t b) {
  for (int64_t i = 0; i < p->plan.length; i++, a += p->plan.step[0], b += p->plan.step[1])
    tensor_set_integer(p->out, y + i,
                       (int64_t)p->functions->natural(get_natural(p->a, a), get_natural(p->b, b)));
}

static void run_pairs(const BinaryFunctions *functions, Tensor *out, const Tensor *a, const Tensor *b) {
  Pairs p = {.out = out, .a = a, .b = b, .functions = functions};
  broadcast_plan(&p.plan, &out->shape, (const Shape *[]){&a->shape, &b->shape}, 2);
  BroadcastPlace at = {0};
  for (int64_t r = 0; r < p.plan.runs; r++, broadcast_next(&p.plan, &at)) {
    int64_t y = r * p.plan.length;
    if (element_is_float(a->type))
      run_real(&p, y, at.offset[0], at.offset[1]);
    else if (element_in(a->type, ELEMENTS_SIGNED))
      run_integer(&p, y, at.offset[0], at.offset[1]);
    else
      run_natural(&p, y, at.offset[0], at.offset[1]);
  }
}

Status binary_run(Run *run, const BinaryFunctions *functions) {
  run_pairs(functions, run->out[0], run->in[0], run->in[1]);
  return OK;
}

static void loop_pairs(BinaryLoop loop, const Tensor *out, const Tensor *a, const Tensor *b) {
  Broadcast plan;
  BroadcastPlace at = {0};
  broadcast_plan(&plan, &out->shape, (const Shape *[]){&a->shape, &b->shape}, 2);
  float *y = out->data;
  const float *left = a->data, *right = b->data;
  for (int64_t r = 0; r < plan.runs; r++, broadcast_next(&plan, &at))
    loop(y + r * plan.length, left + at.offset[0], plan.step[0], right + at.offset[1], plan.step[1],
         plan.length);
}

Status binary_fast(Run *run, BinaryLoop loop) {
  const Tensor *a = run->in[0], *b = run->in[1];
  if (a->type != ELEMENT_FLOAT32 || b->type != ELEMENT_FLOAT32 || run->out[0]->type != ELEMENT_FLOAT32)
    return run->node->version->run(run);
  loop_pairs(loop, run->out[0], a, b);
  return OK;
}

/* ---- any number of operands ---- */

Status variadic_run(Run *run, const BinaryFunctions *functions) {
  if (run->input_count == 1) return run_copy(run);
  run_pairs(functions, run->out[0], run->in[0], run->in[1]);
  for (int i = 2; i < run->input_count; i++) run_pairs(functions, run->out[0], run->out[0], run->in[i]);
  return OK;
}

Status variadic_fast(Run *run, BinaryLoop loop) {
  if (run->in[0]->type != ELEMENT_FLOAT32) return run->node->version->run(run);
  if (run->input_count == 1) return run_copy(run);
  loop_pairs(loop, run->out[0], run->in[0], run->in[1]);
  for (int i = 2; i < run->input_count; i++) loop_pairs(loop, run->out[0], run->out[0], run->in[i]);
  return OK;
}
