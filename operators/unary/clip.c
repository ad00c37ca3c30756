#include "operators/axes.h"
#include "operators/unary/unary.h"

#include <float.h>
#include <math.h>

/* Attributes of opset 6; from 11 on the limits are inputs. */
typedef struct ClipParams {
  float min, max;
} ClipParams;

/* Where the limits cross, the upper one wins; NaN stays. */
static double clip_real(double x, double low, double high) {
  double y = x < low ? low : x;
  return y > high ? high : y;
}

static int64_t clip_integer(int64_t x, int64_t low, int64_t high) {
  int64_t y = x < low ? low : x;
  return y > high ? high : y;
}

static uint64_t clip_natural(uint64_t x, uint64_t low, uint64_t high) {
  uint64_t y = x < low ? low : x;
  return y > high ? high : y;
}

static const Tensor *limit(const Run *run, int i) {
  return i < run->input_count ? run->in[i] : NULL;
}

static void run_uint64(const Tensor *x, const Tensor *min, const Tensor *max, Tensor *y) {
  uint64_t low = min != NULL ? *(const uint64_t *)min->data : 0;
  uint64_t high = max != NULL ? *(const uint64_t *)max->data : UINT64_MAX;
  int64_t n = tensor_elements(x);
  for (int64_t i = 0; i < n; i++)
    ((uint64_t *)y->data)[i] = clip_natural(((const uint64_t *)x->data)[i], low, high);
}

static void run_integer(const Tensor *x, const Tensor *min, const Tensor *max, Tensor *y) {
  int64_t low = min != NULL ? tensor_get_integer(min, 0) : INT64_MIN;
  int64_t high = max != NULL ? tensor_get_integer(max, 0) : INT64_MAX;
  int64_t n = tensor_elements(x);
  for (int64_t i = 0; i < n; i++) tensor_set_integer(y, i, clip_integer(tensor_get_integer(x, i), low, high));
}

static void run_real(const Tensor *x, double low, double high, Tensor *y) {
  int64_t n = tensor_elements(x);
  for (int64_t i = 0; i < n; i++) tensor_set(y, i, clip_real(tensor_get(x, i), low, high));
}

/* The limits of a float tensor; without one, the type's largest number, infinities included. */
static void real_limits(const Run *run, double *low, double *high) {
  const Tensor *min = limit(run, 1), *max = limit(run, 2);
  *low = min != NULL ? tensor_get(min, 0) : -(double)INFINITY;
  *high = max != NULL ? tensor_get(max, 0) : (double)INFINITY;
}

static Status run_plain(Run *run) {
  const Tensor *x = run->in[0];
  if (x->type == ELEMENT_UINT64) {
    run_uint64(x, limit(run, 1), limit(run, 2), run->out[0]);
  } else if (element_is_integer(x->type)) {
    run_integer(x, limit(run, 1), limit(run, 2), run->out[0]);
  } else {
    double low, high;
    real_limits(run, &low, &high);
    run_real(x, low, high, run->out[0]);
  }
  return OK;
}

WIDE_LOOP static void loop(float *restrict y, const float *restrict x, int64_t n, float low, float high) {
  for (int64_t i = 0; i < n; i++) {
    float lifted = x[i] < low ? low : x[i];
    y[i] = lifted > high ? high : lifted;
  }
}

static Status run_fast(Run *run) {
  const Tensor *x = run->in[0];
  if (x->type != ELEMENT_FLOAT32) return run_plain(run);
  double low, high;
  real_limits(run, &low, &high);
  loop(run->out[0]->data, x->data, tensor_elements(x), (float)low, (float)high);
  return OK;
}

static Status run_plain_6(Run *run) {
  const ClipParams *p = run->params;
  run_real(run->in[0], (double)p->min, (double)p->max, run->out[0]);
  return OK;
}

static Status run_fast_6(Run *run) {
  const ClipParams *p = run->params;
  const Tensor *x = run->in[0];
  if (x->type != ELEMENT_FLOAT32) return run_plain_6(run);
  loop(run->out[0]->data, x->data, tensor_elements(x), p->min, p->max);
  return OK;
}

/* ---- gradients: of what lies between the limits x's, beyond them the limit's ---- */

WIDE_LOOP static void grad_between(float *restrict dx, const float *restrict dy, const float *restrict x,
                                   int64_t n, float low, float high) {
  for (int64_t i = 0; i < n; i++) dx[i] = x[i] >= low && x[i] <= high ? dy[i] : 0.0f;
}

static void grad_limit(float *to, const Grad *grad, bool upper, double low, double high) {
  const float *dy = grad_of_output(grad, 0), *x = grad->run.in[0]->data;
  int64_t n = tensor_elements(grad->run.in[0]);
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    bool is_low = (double)x[i]<low, is_high = (is_low ? low : (double)x[i])> high;
    if (upper ? is_high : is_low && !is_high) sum += (double)dy[i];
  }
  *to = (float)sum;
}

static Status grad_clip(Grad *grad) {
  double low, high;
  real_limits(&grad->run, &low, &high);
  float *dx = grad_of_input(grad, 0), *dlow = grad_of_input(grad, 1), *dhigh = grad_of_input(grad, 2);
  const Tensor *x = grad->run.in[0];
  if (dx != NULL)
    grad_between(dx, grad_of_output(grad, 0), x->data, tensor_elements(x), (float)low, (float)high);
  if (dlow != NULL) grad_limit(dlow, grad, false, low, high);
  if (dhigh != NULL) grad_limit(dhigh, grad, true, low, high);
  return OK;
}

static Status grad_clip_6(Grad *grad) {
  const ClipParams *p = grad->run.params;
  const Tensor *x = grad->run.in[0];
  float *dx = grad_of_input(grad, 0);
  if (dx != NULL) grad_between(dx, grad_of_output(grad, 0), x->data, tensor_elements(x), p->min, p->max);
  return OK;
}

static Status infer(Infer *infer) {
  for (int i = 1; i < infer->input_count; i++) {
    const InferValue *bound = &infer->in[i];
    if (!bound->present) continue;
    if (bound->type != infer->in[0].type && bound->type != ELEMENT_NONE)
      return infer_fail(infer, "a limit must have the type of the input, %s, but is %s",
                        element_name(infer->in[0].type), element_name(bound->type));
    if (bound->has_shape && shape_is_known(&bound->shape) && shape_elements(&bound->shape) != 1)
      return infer_fail(infer, "a limit must have one element");
  }
  return unary_infer(infer);
}

#define NO_LIMITS "float only: the limits are computed by the model"

static OpRole role_of(const Node *node, const char **reason) {
  for (int i = 1; i < node->input_count; i++) {
    if (node->inputs[i] == NULL || node->inputs[i]->constant != NULL) continue;
    *reason = NO_LIMITS;
    return ROLE_FLOAT;
  }
  return ROLE_TABLE;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(ClipParams, min, FIELD_FLOAT, .otherwise_float = -FLT_MAX),
    ATTRIBUTE(ClipParams, max, FIELD_FLOAT, .otherwise_float = FLT_MAX),
    {0}};

const Op op_Clip = {.name = "Clip",
                    .brief = "x, but at least min and at most max.",
                    .versions = {{11, infer, run_plain, run_fast, grad_clip},
                                 {1, unary_infer, run_plain_6, run_fast_6, grad_clip_6}},
                    .attributes = attributes,
                    .params_bytes = sizeof(ClipParams),
                    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_NUMERIC, "[...]"},
                               {"min", PORT_OPTIONAL, ELEMENTS_NUMERIC, "[]"},
                               {"max", PORT_OPTIONAL, ELEMENTS_NUMERIC, "[]"}},
                    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_NUMERIC, "[...]"}},
                    .axes = axes_elementwise,
                    .role = ROLE_TABLE,
                    .role_of = role_of,
                    .samples = {{"f32[2,3,4](-3,9), f32[]{0}!, f32[]{6}!", ""},
                                {"f32[2,3,4], -, f32[]{0.5}!", ""},
                                {"f32[5], f32[]{1}, f32[]{-1}", ""},
                                {"f32{nan,inf,-inf}", ""},
                                {"i8[7], i8[]{-2}!", ""},
                                {"u64{18446744073709551615,3}, u64[]{5}!", ""},
                                {"f32[2,3]", "min=-0.5 max=0.5 opset=6"}}};
