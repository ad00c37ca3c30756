#include "operators/norm/norm_gradient.h"

#include <math.h>

#define DEVIATION_FLOOR 1e-9 /* added to the standard deviation, as the operator's definition says */

typedef struct MeanVarianceNormalizationParams {
  Ints axes;
} MeanVarianceNormalizationParams;

static const AttributeRow attributes[] = {ATTRIBUTE(MeanVarianceNormalizationParams, axes, FIELD_INTS,
                                                    .least = -GRAPH_MAX_RANK, .most = GRAPH_MAX_RANK - 1),
                                          {0}};

/* Marks the axes over which means are taken; false where one is outside. */
static bool reduced_axes(const MeanVarianceNormalizationParams *params, int rank,
                         bool reduced[GRAPH_MAX_RANK]) {
  static const int64_t usual[] = {0, 2, 3};
  const int64_t *axes = params->axes.given ? params->axes.values : usual;
  int count = params->axes.given ? params->axes.count : 3;
  for (int i = 0; i < GRAPH_MAX_RANK; i++) reduced[i] = false;
  for (int i = 0; i < count; i++) {
    int axis;
    if (!axis_normalize(axes[i], rank, &axis)) return false;
    reduced[axis] = true;
  }
  return true;
}

static Status infer_mvn(Infer *infer) {
  bool reduced[GRAPH_MAX_RANK];
  if (infer->in[0].has_shape && !reduced_axes(infer->params, infer->in[0].shape.rank, reduced))
    return infer_fail(infer, "an axis is outside of the data's %d axes", infer->in[0].shape.rank);
  return infer_same(infer);
}

/* Which of the statistics element `at` belongs to. */
static int64_t statistic_of(const Shape *shape, const bool *reduced, int64_t at) {
  int64_t index = 0, step = 1;
  for (int i = shape->rank - 1; i >= 0; at /= shape->dims[i], i--) {
    if (reduced[i]) continue;
    index += at % shape->dims[i] * step;
    step *= shape->dims[i];
  }
  return index;
}

static Status plain_mvn(Run *run) {
  const Shape *shape = &run->in[0]->shape;
  bool reduced[GRAPH_MAX_RANK];
  reduced_axes(run->params, shape->rank, reduced);
  int64_t count = tensor_elements(run->in[0]), kept = 1;
  for (int i = 0; i < shape->rank; i++)
    if (!reduced[i]) kept *= shape->dims[i];
  const double *x = reals_of(run, run->in[0]);
  double *means = reals_new(run, kept), *variances = reals_new(run, kept);
  if (x == NULL || means == NULL || variances == NULL) return fail_memory(run->err);
  for (int64_t i = 0; i < kept; i++) means[i] = variances[i] = 0;
  double each = kept == 0 ? 1 : (double)count / (double)kept;
  for (int64_t i = 0; i < count; i++) means[statistic_of(shape, reduced, i)] += x[i] / each;
  for (int64_t i = 0; i < count; i++) {
    int64_t s = statistic_of(shape, reduced, i);
    variances[s] += (x[i] - means[s]) * (x[i] - means[s]) / each;
  }
  for (int64_t i = 0; i < count; i++) {
    int64_t s = statistic_of(shape, reduced, i);
    tensor_set(run->out[0], i, (x[i] - means[s]) / (sqrt(variances[s]) + DEVIATION_FLOOR));
  }
  return OK;
}

/* Where element i goes when the elements of a statistic are made neighbours. */
static void place_in_runs(const Shape *shape, const bool *reduced, int64_t each, int64_t *filled,
                          int64_t *place) {
  int64_t count = shape_elements(shape);
  for (int64_t i = 0; i < count / each; i++) filled[i] = 0;
  for (int64_t i = 0; i < count; i++) {
    int64_t s = statistic_of(shape, reduced, i);
    place[i] = s * each + filled[s]++;
  }
}

static Status grad_mvn(Grad *grad) {
  const Shape *shape = &grad->run.in[0]->shape;
  const float *x = grad->run.in[0]->data, *dy = grad_of_output(grad, 0);
  float *dx = grad_of_input(grad, 0);
  bool reduced[GRAPH_MAX_RANK];
  int64_t count = shape_elements(shape), kept = 1;
  if (dx == NULL || count == 0 || !reduced_axes(grad->run.params, shape->rank, reduced)) return OK;
  for (int i = 0; i < shape->rank; i++)
    if (!reduced[i]) kept *= shape->dims[i];
  int64_t *place = run_scratch(&grad->run, (size_t)count * sizeof *place);
  int64_t *filled = run_scratch(&grad->run, (size_t)kept * sizeof *filled);
  float *runs = floats_new(&grad->run, 3 * count);
  if (place == NULL || filled == NULL || runs == NULL) return fail_memory(grad->run.err);
  place_in_runs(shape, reduced, count / kept, filled, place);
  for (int64_t i = 0; i < count; i++) {
    runs[place[i]] = x[i];
    runs[count + place[i]] = dy[i];
  }
  /* A floor under the deviation differs from one under its square only where it is as small as they are. */
  NormCase c = {kept, count / kept, DEVIATION_FLOOR * DEVIATION_FLOOR, true};
  TRY(norm_grad_runs(grad, &c, runs, runs + count, runs + 2 * count));
  for (int64_t i = 0; i < count; i++) dx[i] = runs[2 * count + place[i]];
  return OK;
}

const Op op_MeanVarianceNormalization = {
    .name = "MeanVarianceNormalization",
    .brief = "Subtracts the mean over some axes and divides by the standard deviation.",
    .versions = {{13, infer_mvn, plain_mvn, NULL, grad_mvn}, {9, infer_mvn, plain_mvn, NULL, grad_mvn}},
    .attributes = attributes,
    .params_bytes = sizeof(MeanVarianceNormalizationParams),
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "float only: its statistics change with every sample and need more than 8 bits",
    .samples = {{"f32[2,3,4,5]", ""}, {"f32[3,4,2]", "axes=[1,-1]"}},
};
