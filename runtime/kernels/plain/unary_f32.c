/* UNARY_F32: float function of one tensor, computed by the runtime's own polynomials. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/checks.h"
#include "runtime/kernels/plain/nest.h"
#include "runtime/math.h"

static EdgeStatus check(const EdgeCall *call) {
  const EdgeUnaryF32Params *p = call->params;
  const EdgeArg *x = &call->in[0], *y = &call->out[0];
  if (!edge_is_f32(x) || !edge_is_f32(y) || !edge_is_indexable(x)) return EDGE_MALFORMED;
  if (!edge_has_elements(y, x->info->elements)) return EDGE_MALFORMED;
  return edge_is_between(p->kind, 0, EDGE_UNARY_KINDS - 1) ? EDGE_OK : EDGE_MALFORMED;
}

/* A NaN stays one. */
static inline float clip(float x, float low, float high) {
  return x < low ? low : x > high ? high : x;
}

static inline float apply(int32_t kind, float x, float a, float b) {
  switch (kind) {
  case EDGE_UNARY_EXP:
    return edge_expf(x);
  case EDGE_UNARY_LOG:
    return edge_logf(x);
  case EDGE_UNARY_SQRT:
    return edge_sqrtf(x);
  case EDGE_UNARY_ERF:
    return edge_erff(x);
  case EDGE_UNARY_TANH:
    return edge_tanhf(x);
  case EDGE_UNARY_SIGMOID:
    return edge_sigmoidf(x);
  case EDGE_UNARY_ABS:
    return x < 0.0f ? -x : x + 0.0f; /* makes -0 positive */
  case EDGE_UNARY_NEG:
    return -x;
  case EDGE_UNARY_CLIP:
    return clip(x, a, b);
  case EDGE_UNARY_LEAKY_RELU:
    return x < 0.0f ? a * x : x;
  case EDGE_UNARY_ELU:
    return x < 0.0f ? a * edge_expm1f(x) : x;
  case EDGE_UNARY_HARD_SIGMOID:
    return clip(a * x + b, 0.0f, 1.0f);
  case EDGE_UNARY_HARD_SWISH:
    return x * clip(x / 6.0f + 0.5f, 0.0f, 1.0f);
  case EDGE_UNARY_SOFTPLUS:
    return edge_softplusf(x);
  default:
    return 1.0f / x; /* EDGE_UNARY_RECIPROCAL */
  }
}

EDGE_INLINE void apply_all(int32_t kind, float *y, const float *x, ptrdiff_t count, float a, float b) {
  for (ptrdiff_t i = 0; i < count; i++) y[i] = apply(kind, x[i], a, b);
}

static EdgeStatus run(const EdgeCall *call) {
  const EdgeUnaryF32Params *p = call->params;
  const float *x = call->in[0].data;
  float *y = call->out[0].data, a = p->a, b = p->b;
  ptrdiff_t count = (ptrdiff_t)call->out[0].info->elements;
  switch (p->kind) { /* those cheap enough to be worth a loop of their own */
  case EDGE_UNARY_ABS:
    apply_all(EDGE_UNARY_ABS, y, x, count, a, b);
    break;
  case EDGE_UNARY_NEG:
    apply_all(EDGE_UNARY_NEG, y, x, count, a, b);
    break;
  case EDGE_UNARY_CLIP:
    apply_all(EDGE_UNARY_CLIP, y, x, count, a, b);
    break;
  case EDGE_UNARY_LEAKY_RELU:
    apply_all(EDGE_UNARY_LEAKY_RELU, y, x, count, a, b);
    break;
  case EDGE_UNARY_HARD_SIGMOID:
    apply_all(EDGE_UNARY_HARD_SIGMOID, y, x, count, a, b);
    break;
  case EDGE_UNARY_HARD_SWISH:
    apply_all(EDGE_UNARY_HARD_SWISH, y, x, count, a, b);
    break;
  case EDGE_UNARY_RECIPROCAL:
    apply_all(EDGE_UNARY_RECIPROCAL, y, x, count, a, b);
    break;
  default:
    apply_all(p->kind, y, x, count, a, b);
    break;
  }
  return EDGE_OK;
}

const EdgeKernel edge_plain_unary_f32 = {.check = check, .run = run};
