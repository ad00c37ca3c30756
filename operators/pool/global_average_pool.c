#include "operators/axes.h"
#include "operators/pool/pool.h"

static Status plain_global(Run *run) {
  return pool_plain_global(run, pool_average, 0);
}

static Status fast_global(Run *run) {
  const Shape *shape = &run->in[0]->shape;
  int64_t planes = shape_product(shape, 0, 2), pixels = shape_product(shape, 2, shape->rank);
  if (run->in[0]->type != ELEMENT_FLOAT32 || pixels == 0) return plain_global(run);
  const float *x = run->in[0]->data;
  float *out = run->out[0]->data;
  for (int64_t plane = 0; plane < planes; plane++, x += pixels) {
    double sums[4] = {0}; /* independent, so that additions overlap */
    int64_t i = 0;
    for (; i + 4 <= pixels; i += 4)
      for (int j = 0; j < 4; j++) sums[j] += (double)x[i + j];
    for (; i < pixels; i++) sums[0] += (double)x[i];
    out[plane] = (float)((sums[0] + sums[1] + sums[2] + sums[3]) / (double)pixels);
  }
  return OK;
}

const Op op_GlobalAveragePool = {
    .name = "GlobalAveragePool",
    .brief = "Mean of each channel.",
    .versions = {{22, pool_infer_global, plain_global, fast_global, pool_grad_global_average},
                 {1, pool_infer_global, plain_global, fast_global, pool_grad_global_average}},
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, 1, ...]"}},
    .axes = axes_planes,
    .role = ROLE_AVERAGE,
    .samples = {{"f32[1,4,5,3]", ""}, {"f32[2,3,8]", ""}, {"f32[1,2,3,2,2]", ""}},
};
