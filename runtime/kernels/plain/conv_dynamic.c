/*
 * CONV_DYNAMIC: floats are rounded to int8 with a scale of the moment, multiplied by the kernels of CONV or
 * DWCONV, and the sums become floats again.
 */
#include "runtime/freestanding.h"
#include "runtime/kernel.h"
#include "runtime/kernels/plain/conv.h"

#define MOST_ELEMENTS (1u << 27) /* of x: keeps the scratch below 2^32 */
#define LEAST_SCALE 0x1p-126f    /* below it floats lose bits: such numbers count as zero */
#define LANES 8

/* What x falls into, each part with a scale of its own: pixels where an output reads one, else images. */
typedef struct Units {
  int32_t count, length;
} Units;

static Units units_of(const EdgeCall *call) {
  const EdgeConvParams *p = call->params;
  const EdgeTensor *x = call->in[0].info, *w = call->in[1].info, *y = call->out[0].info;
  uint32_t kernel = w->rank == 3 ? w->dims[0] * w->dims[1] : w->dims[1] * w->dims[2];
  int is_pixels = kernel == 1 && p->stride_h == 1 && p->stride_w == 1 && p->pad_top == 0 &&
                  p->pad_left == 0 && y->dims[1] == x->dims[1] && y->dims[2] == x->dims[2];
  uint32_t length = is_pixels ? x->dims[3] : x->elements / x->dims[0];
  return (Units){(int32_t)(x->elements / length), (int32_t)length};
}

/* ---- the product in integers ---- */

/* The same call on codes of x: `codes` is the row that describes them. */
static EdgeCall integer_call(const EdgeCall *call, EdgeTensor *codes, int8_t *data) {
  EdgeCall inner = *call;
  *codes = *call->in[0].info;
  codes->type = EDGE_S8;
  codes->scale = 1.0f;
  codes->zero_point = 0;
  inner.in[0] = (EdgeArg){codes, data};
  inner.in[4] = (EdgeArg){NULL, NULL};
  return inner;
}

static unsigned opcode_of(const EdgeCall *call) {
  return call->in[1].info->rank == 3 ? EDGE_OP_DWCONV : EDGE_OP_CONV;
}

static EdgeStatus check(const EdgeCall *call) {
  const EdgeArg *x = &call->in[0], *bias = &call->in[4], *y = &call->out[0];
  EdgeTensor codes;
  if (!edge_is_f32(x) || !edge_has_rank_4(x) || x->info->elements > MOST_ELEMENTS) return EDGE_MALFORMED;
  if (call->in[1].info == NULL || !edge_is_f32(y)) return EDGE_MALFORMED;
  if (opcode_of(call) == EDGE_OP_DWCONV && call->in[5].info != NULL) return EDGE_MALFORMED;
  EdgeCall inner = integer_call(call, &codes, NULL);
  EdgeStatus status = edge_kernels_plain.slot[opcode_of(call)]->check(&inner);
  if (status != EDGE_OK) return status;
  if (bias->info == NULL) return EDGE_OK;
  return edge_is_f32(bias) && edge_is_constant(bias) && edge_has_elements(bias, y->info->dims[3])
             ? EDGE_OK
             : EDGE_MALFORMED;
}

/* Scratch: the product's own, scales of units, codes. */
static uint32_t inner_bytes(const EdgeCall *call) {
  EdgeTensor codes;
  EdgeCall inner = integer_call(call, &codes, NULL);
  const EdgeKernel *kernel = edge_kernels_plain.slot[opcode_of(call)];
  uint32_t bytes = kernel->scratch != NULL ? kernel->scratch(&inner) : 0;
  return (bytes + 63) / 64 * 64;
}

static uint32_t scratch(const EdgeCall *call) {
  return inner_bytes(call) + (uint32_t)units_of(call).count * 4 + call->in[0].info->elements;
}

/* ---- to codes and back ---- */

static float largest_of(const float *x, int32_t count) {
  float lane[LANES] = {0}, largest = 0.0f;
  int32_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (int32_t j = 0; j < LANES; j++) {
      float size = x[i + j] < 0.0f ? -x[i + j] : x[i + j];
      lane[j] = size > lane[j] ? size : lane[j];
    }
  for (; i < count; i++) {
    float size = x[i] < 0.0f ? -x[i] : x[i];
    lane[0] = size > lane[0] ? size : lane[0];
  }
  for (int32_t j = 0; j < LANES; j++) largest = lane[j] > largest ? lane[j] : largest;
  return largest;
}

static float scale_of(const float *x, int32_t count) {
  float scale = largest_of(x, count) / 127.0f;
  return scale >= LEAST_SCALE && scale <= 0x1p120f ? scale : 1.0f;
}

/* rhe(x * inverse) within [-127, 127]; a NaN gives 0. Adding 1.5 * 2^23 rounds. */
static void quantize(int8_t *codes, const float *x, int32_t count, float inverse) {
  const float magic = 12582912.0f;
  for (int32_t i = 0; i < count; i++) {
    float value = x[i] * inverse;
    value = value > -127.0f ? value : value <= -127.0f ? -127.0f : 0.0f;
    value = value < 127.0f ? value : 127.0f;
    codes[i] = (int8_t)(int32_t)((value + magic) - magic);
  }
}

static void rescale(const EdgeCall *call, const float *scales, Units units) {
  const float *bias = call->in[4].info != NULL ? call->in[4].data : NULL;
  const EdgeTensor *info = call->out[0].info;
  int32_t outputs = (int32_t)info->dims[3], pixels = (int32_t)(info->elements / info->dims[3]);
  int32_t each = pixels / units.count; /* output pixels of a unit */
  float *y = call->out[0].data;
  for (int32_t i = 0; i < pixels; i++, y += outputs) {
    float scale = scales[i / each];
    for (int32_t o = 0; o < outputs; o++) y[o] *= scale;
    for (int32_t o = 0; bias != NULL && o < outputs; o++) y[o] += bias[o];
  }
}

static EdgeStatus run(const EdgeCall *call) {
  Units units = units_of(call);
  uint8_t *room = call->scratch;
  float *scales = (float *)(void *)(room + inner_bytes(call));
  int8_t *codes = (int8_t *)(scales + units.count);
  const float *x = call->in[0].data;
  EdgeTensor info;
  for (int32_t u = 0; u < units.count; u++) {
    ptrdiff_t at = (ptrdiff_t)u * units.length;
    scales[u] = scale_of(x + at, units.length);
    quantize(codes + at, x + at, units.length, 1.0f / scales[u]);
  }
  EdgeCall inner = integer_call(call, &info, codes);
  EdgeStatus status = edge_kernel_of(call->kernels, opcode_of(call))->run(&inner);
  if (status == EDGE_OK) rescale(call, scales, units);
  return status;
}

const EdgeKernel edge_plain_conv_dynamic = {.check = check, .run = run, .scratch = scratch};
