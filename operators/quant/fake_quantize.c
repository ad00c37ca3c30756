/* Rounding that can be trained through: the operator of models while they are trained for integers. It is in
   no file. */
#include "operators/quant/fake_quantize.h"
#include "base/wide.h"
#include "operators/gradient.h"
#include "operators/reals.h"

#define LANES 8             /* sums side by side, in this order whatever the width of vectors */
#define ROUNDER 12582912.0f /* adding and taking away 1.5 * 2^23 rounds half to even up to 2^22 */
#define CODE_MOST (1 << 17)
#define RATIO_LEAST 0x1p-10f /* a scale stays positive, however it is trained */

typedef struct FakeParams {
  int64_t axis, low, high;
  float gradient_scale;
} FakeParams;

float fake_quantize_ratio(float ratio) {
  return ratio > RATIO_LEAST ? ratio : RATIO_LEAST;
}

static Status check(const Node *node, void *params, Error *err) {
  const FakeParams *own = params;
  if (own->low <= 0 && own->high >= 0) return OK;
  return fail(err, BAD_INPUT, "node '%s' (%s): its codes %lld..%lld do not hold 0", node->name, node->type,
              (long long)own->low, (long long)own->high);
}

static Status infer_fake(Infer *infer) {
  const FakeParams *params = infer->params;
  const InferValue *x = &infer->in[0], *step = &infer->in[1], *ratio = infer_input(infer, 2);
  TRY(infer_same(infer));
  if (!x->has_shape || !shape_is_known(&x->shape) || !step->has_shape || !shape_is_known(&step->shape))
    return OK;
  int64_t steps = shape_elements(&step->shape);
  int64_t ratios =
      ratio != NULL && ratio->has_shape && shape_is_known(&ratio->shape) ? shape_elements(&ratio->shape) : 1;
  if (steps == 1 && ratios == 1) return OK;
  int axis;
  if (!axis_normalize(params->axis, x->shape.rank, &axis))
    return infer_fail(infer, "axis %lld is outside the input's %d axes", (long long)params->axis,
                      x->shape.rank);
  int64_t channels = x->shape.dims[axis];
  bool fits = (steps == 1 || steps == channels || steps == shape_elements(&x->shape)) &&
              (ratios == 1 || ratios == channels);
  return fits ? OK : infer_fail(infer, "steps or ratios fit neither the input nor its axis %d", axis);
}

/* x as [outer, channels, inner], all of a row having one scale, where steps are not one an element. */
typedef struct Grid {
  int64_t outer, channels, inner;
  int64_t step_channel, step_element; /* how far from channel to channel, and from element to element */
  int64_t ratio_channel;
  const float *steps, *ratios; /* ratios NULL: 1 */
  float low, high;
} Grid;

static Grid grid_of(const Run *run) {
  const FakeParams *params = run->params;
  const Tensor *x = run->in[0], *ratio = run_input(run, 2);
  int64_t count = tensor_elements(x), steps = tensor_elements(run->in[1]);
  int64_t ratios = ratio == NULL ? 1 : tensor_elements(ratio);
  Grid grid = {.outer = 1,
               .channels = 1,
               .inner = count,
               .steps = run->in[1]->data,
               .ratios = ratio == NULL ? NULL : ratio->data,
               .low = (float)params->low,
               .high = (float)params->high};
  int axis;
  if ((steps == 1 && ratios == 1) || !axis_normalize(params->axis, x->shape.rank, &axis)) return grid;
  grid.outer = shape_product(&x->shape, 0, axis);
  grid.channels = x->shape.dims[axis];
  grid.inner = shape_product(&x->shape, axis + 1, x->shape.rank);
  grid.ratio_channel = ratios > 1;
  grid.step_channel = steps == grid.channels && steps > 1;
  grid.step_element = steps > 1 && !grid.step_channel;
  return grid;
}

static float ratio_at(const Grid *grid, int64_t channel) {
  return grid->ratios == NULL ? 1.0f : fake_quantize_ratio(grid->ratios[channel * grid->ratio_channel]);
}

WIDE_LOOP static void round_row(float *restrict y, const float *restrict x, int64_t n, float scale, float low,
                                float high) {
  for (int64_t i = 0; i < n; i++) {
    float code = x[i] / scale;
    code = code < low ? low : code;
    code = code > high ? high : code;
    y[i] = ((code + ROUNDER) - ROUNDER) * scale;
  }
}

static Status run_fake(Run *run) {
  Grid grid = grid_of(run);
  const float *x = run->in[0]->data;
  float *y = run->out[0]->data;
  int64_t length = grid.step_element ? 1 : grid.inner; /* of what has one scale */
  for (int64_t row = 0, at = 0; row < grid.outer * grid.channels; row++) {
    int64_t channel = row % grid.channels;
    float ratio = ratio_at(&grid, channel);
    for (int64_t i = 0; i < grid.inner; i += length, at += length) {
      float step = grid.steps[grid.step_element ? at : channel * grid.step_channel];
      round_row(y + at, x + at, length, step * ratio, grid.low, grid.high);
    }
  }
  return OK;
}

/* dx, and the sum of dy times the derivative by the scale: the rounding error within the codes, the limit
   beyond them. */
WIDE_LOOP static double grad_row(float *restrict dx, const float *restrict dy, const float *restrict x,
                                 int64_t n, float scale, float low, float high) {
  double lanes[LANES] = {0}, sum = 0;
  for (int64_t i = 0; i < n; i += LANES)
    for (int64_t l = 0; l < LANES && i + l < n; l++) {
      float exact = x[i + l] / scale, code = exact < low ? low : exact;
      code = code > high ? high : code;
      bool is_within = code == exact;
      code = (code + ROUNDER) - ROUNDER;
      dx[i + l] = is_within ? dy[i + l] : 0.0f;
      lanes[l] += (double)dy[i + l] * (double)(is_within ? code - exact : code);
    }
  for (int l = 0; l < LANES; l++) sum += lanes[l];
  return sum;
}

static Status grad_fake(Grad *grad) {
  const FakeParams *params = grad->run.params;
  Grid grid = grid_of(&grad->run);
  const float *x = grad->run.in[0]->data, *dy = grad_of_output(grad, 0);
  float *dx = grad_of_input(grad, 0), *dstep = grad_of_input(grad, 1), *dratio = grad_of_input(grad, 2);
  int64_t count = tensor_elements(grad->run.in[0]);
  double *sums = reals_new(&grad->run, grid.channels);
  if (sums == NULL || (dx == NULL && (dx = floats_new(&grad->run, count)) == NULL))
    return fail_memory(grad->run.err);
  int64_t length = grid.step_element ? 1 : grid.inner;
  for (int64_t c = 0; c < grid.channels; c++) sums[c] = 0;
  for (int64_t row = 0, at = 0; row < grid.outer * grid.channels; row++) {
    int64_t channel = row % grid.channels;
    float ratio = ratio_at(&grid, channel);
    for (int64_t i = 0; i < grid.inner; i += length, at += length) {
      float step = grid.steps[grid.step_element ? at : channel * grid.step_channel];
      double by_scale = grad_row(dx + at, dy + at, x + at, length, step * ratio, grid.low, grid.high);
      sums[channel] += by_scale * (double)step;
    }
  }
  double all = 0;
  for (int64_t c = 0; c < grid.channels; c++) all += sums[c];
  int64_t ratios = dratio == NULL ? 0 : tensor_elements(grad->run.in[2]);
  for (int64_t i = 0; i < ratios; i++)
    dratio[i] = (float)((ratios == 1 ? all : sums[i]) * (double)params->gradient_scale);
  for (int64_t i = 0; dstep != NULL && i < tensor_elements(grad->run.in[1]); i++) dstep[i] = 0.0f;
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(FakeParams, axis, FIELD_INT, .otherwise = 0),
    ATTRIBUTE(FakeParams, low, FIELD_INT, .otherwise = -128, .least = -CODE_MOST, .most = CODE_MOST),
    ATTRIBUTE(FakeParams, high, FIELD_INT, .otherwise = 127, .least = -CODE_MOST, .most = CODE_MOST),
    ATTRIBUTE(FakeParams, gradient_scale, FIELD_FLOAT, .otherwise_float = 1.0f),
    {0}};

const Op op_edgec__FakeQuantize = {
    .name = FAKE_QUANTIZE,
    .domain = FAKE_QUANTIZE_DOMAIN,
    .brief = "What x is once it was rounded to codes low..high of step * ratio; used in training only.",
    .versions = {{1, infer_fake, run_fake, NULL, grad_fake}},
    .attributes = attributes,
    .params_bytes = sizeof(FakeParams),
    .check = check,
    .inputs = {{"x", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_FLOAT32), "[...]"},
               {"step", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_FLOAT32), "[], [D] along `axis`, or as x"},
               {"ratio", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_FLOAT32), "[] or [D]"}},
    .outputs = {{"y", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_FLOAT32), "[...]"}},
    .settings = 1 << 1,
    .straight_through = true,
    .role = ROLE_FLOAT,
    .role_reason = "float only: it stands for rounding while a model is trained",
    .samples = {{"f32[2,3,4](-40,40), f32[]{0.25}!, f32[]{1.5}!", ""},
                {"f32[2,3,4](-9,9), f32[3](0.1,2)!, f32[3](0.5,2)!", "axis=1 low=-7 high=7"},
                {"f32[2,5]{0,0.5,1.5,-0.5,2.5,-1000,1000,inf,-inf,3}, f32[]{1}!", "low=0 high=255"},
                {"f32[2,3](-9,9), f32[2,3](0.1,2)!, f32[2](0.5,2)", "low=-7 high=7"}}};
