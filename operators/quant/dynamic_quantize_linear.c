#include "operators/quant/quant.h"
#include "operators/reals.h"

#include <math.h>

static Status infer_dynamic(Infer *infer) {
  TRY(infer_same(infer));
  infer->out[0].type = ELEMENT_UINT8;
  if (infer_wants(infer, 1)) infer_set(infer, 1, ELEMENT_FLOAT32, &SHAPE_SCALAR);
  if (infer_wants(infer, 2)) infer_set(infer, 2, ELEMENT_UINT8, &SHAPE_SCALAR);
  return OK;
}

/* The range is widened to hold 0, so that 0 is a code. */
static Status plain_dynamic(Run *run) {
  const float *x = run->in[0]->data;
  int64_t count = tensor_elements(run->in[0]);
  float low = 0, high = 0;
  for (int64_t i = 0; i < count; i++) {
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
  }
  float scale = (high - low) / 255.0f;
  if (!(scale > 0)) scale = 1;
  int64_t zero_point = (int64_t)fminf(fmaxf(rintf(-low / scale), 0), 255);
  for (int64_t i = 0; run->out[0] != NULL && i < count; i++)
    code_set(run->out[0], i, (double)(x[i] / scale), zero_point);
  Tensor *scale_out = run_output(run, 1), *zero_point_out = run_output(run, 2);
  if (scale_out != NULL) tensor_set(scale_out, 0, (double)scale);
  if (zero_point_out != NULL) tensor_set_integer(zero_point_out, 0, zero_point);
  return OK;
}

const Op op_DynamicQuantizeLinear = {
    .name = "DynamicQuantizeLinear",
    .brief = "Codes of real numbers whose scale and zero point are those of their own range.",
    .versions = {{11, infer_dynamic, plain_dynamic, NULL}},
    .inputs = {{"x", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_FLOAT32), "[...]"}},
    .outputs = {{"y", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_UINT8), "[...]"},
                {"y_scale", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_FLOAT32), "[]"},
                {"y_zero_point", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_UINT8), "[]"}},
    .grad_reason = "not differentiable: rounds by a scale that it takes from the data",
    .role = ROLE_FLOAT,
    .role_reason = "float only: its scale is known only when it runs",
    .samples = {{"f32[2,5]", ""}, {"f32[7](1,3)", ""}, {"f32[4]{0}", ""}, {"f32[2,3](-9,-1)", "opset=11"}}};
