/* affine_grid.c - AffineGrid: where each pixel of an affine map comes from, as GridSample reads it. */
#include "operators/gradient.h"
#include "operators/reals.h"
#include "operators/shape/content.h"

typedef struct AffineGridParams {
  bool align_corners;
} AffineGridParams;

static Status check_theta(const Infer *infer, int axes, Dim *batch) {
  const InferValue *theta = &infer->in[0];
  if (!theta->has_shape) return OK;
  const Dim *dims = theta->shape.dims;
  bool fits = theta->shape.rank == 3 && (!dim_is_known(dims[1]) || dims[1] == axes) &&
              (!dim_is_known(dims[2]) || dims[2] == axes + 1);
  if (!fits) return infer_fail(infer, "theta is no stack of %d by %d matrices", axes, axes + 1);
  if (dim_is_known(*batch) && dim_is_known(dims[0]) && dims[0] != *batch)
    return infer_fail(infer, "theta is for %lld samples, the size for %lld", (long long)dims[0],
                      (long long)*batch);
  if (!dim_is_known(*batch)) *batch = dims[0];
  return OK;
}

static Status infer(Infer *infer) {
  KnownInts limits;
  Content size;
  TRY(known_ints(infer, 1, "the size", 5, &limits));
  infer->out[0].type = infer->in[0].type;
  if (!content_of(&infer->in[1], &size)) return OK;
  if (size.count != 4 && size.count != 5)
    return infer_fail(infer, "the size has %d numbers instead of 4 or 5", size.count);
  for (int i = 0; i < size.count; i++)
    if (size.items[i].known && size.items[i].value < 0)
      return infer_fail(infer, "the size has a number below 0");
  Dim batch = content_dim(&size.items[0]);
  TRY(check_theta(infer, size.count - 2, &batch));
  Shape out = {.rank = size.count, .dims = {batch}};
  for (int d = 1; d < out.rank - 1; d++) out.dims[d] = content_dim(&size.items[d + 1]);
  out.dims[out.rank - 1] = size.count - 2;
  return infer_set_sized(infer, 0, infer->in[0].type, &out);
}

/* -1 to 1: at the pixels' centres, or with the outermost ones on the border. */
static double coordinate(int64_t i, int64_t count, bool align_corners) {
  if (!align_corners) return (2 * (double)i + 1) / (double)count - 1;
  return count > 1 ? 2 * (double)i / (double)(count - 1) - 1 : -1;
}

/* x, y (, z) and 1 of pixel p of a sample. */
static void place_of(const Run *run, int64_t p, double at[4]) {
  bool align = ((const AffineGridParams *)run->params)->align_corners;
  const Shape *grid = &run->out[0]->shape;
  int axes = grid->rank - 2;
  for (int a = 0; a < axes; a++) {
    int64_t count = grid->dims[axes - a];
    at[a] = coordinate(p % count, count, align);
    p /= count;
  }
  at[axes] = 1;
}

static Status run_grid(Run *run) {
  const Tensor *theta = run->in[0];
  Tensor *grid = run->out[0];
  int axes = grid->shape.rank - 2;
  int64_t pixels = shape_product(&grid->shape, 1, axes + 1);
  for (int64_t p = 0; p < grid->shape.dims[0] * pixels; p++) {
    double at[4];
    place_of(run, p % pixels, at);
    for (int a = 0; a < axes; a++) {
      double sum = 0;
      for (int j = 0; j <= axes; j++)
        sum += tensor_get(theta, (p / pixels * axes + a) * (axes + 1) + j) * at[j];
      tensor_set(grid, p * axes + a, sum);
    }
  }
  return OK;
}

static Status grad_grid(Grad *grad) {
  const Shape *grid = &grad->run.out[0]->shape;
  float *dtheta = grad_of_input(grad, 0);
  const float *dy = grad_of_output(grad, 0);
  int axes = grid->rank - 2;
  int64_t pixels = shape_product(grid, 1, axes + 1);
  for (int64_t n = 0; dtheta != NULL && n < grid->dims[0]; n++) {
    double sums[3 * 4] = {0}, at[4];
    for (int64_t p = 0; p < pixels; p++) {
      place_of(&grad->run, p, at);
      for (int i = 0; i < axes * (axes + 1); i++)
        sums[i] += (double)dy[(n * pixels + p) * axes + i / (axes + 1)] * at[i % (axes + 1)];
    }
    for (int i = 0; i < axes * (axes + 1); i++) dtheta[n * axes * (axes + 1) + i] = (float)sums[i];
  }
  return OK;
}

static const AttributeRow attributes[] = {ATTRIBUTE(AffineGridParams, align_corners, FIELD_BOOL), {0}};

const Op op_AffineGrid = {
    .name = "AffineGrid",
    .brief = "Sampling places of an affine map, for GridSample.",
    .versions = {{20, infer, run_grid, NULL, grad_grid}},
    .attributes = attributes,
    .params_bytes = sizeof(AffineGridParams),
    .inputs = {{"theta", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, axes, axes + 1]"},
               {"size", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT64), "[axes + 2]"}},
    .outputs = {{"grid", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, ..., axes]"}},
    .role = ROLE_FLOAT,
    .role_reason = "sampling places are no activations",
    .samples = {{"f32[2,2,3], i64{2,3,4,5}!", ""}, {"f32[1,3,4], i64{1,1,2,3,1}!", "align_corners=1"}},
};
