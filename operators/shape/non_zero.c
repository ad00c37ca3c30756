/* non_zero.c - NonZero: where a tensor is not zero. */
#include "operators/shape/content.h"

/* How many there are depends on the data. */
static Status non_zero_infer(Infer *infer) {
  const InferValue *in = &infer->in[0];
  if (!in->has_shape || in->constant != NULL) return infer_open(infer, 0, ELEMENT_INT64);
  infer_set(infer, 0, ELEMENT_INT64, &SHAPE(in->shape.rank, DIM_UNKNOWN));
  return OK;
}

static Status non_zero_run(Run *run) {
  const Tensor *in = run->in[0];
  int64_t elements = tensor_elements(in), count = 0, at = 0;
  for (int64_t i = 0; i < elements; i++) count += tensor_get(in, i) != 0;
  TRY(run_set_shape(run, 0, &SHAPE(in->shape.rank, count)));
  for (int64_t i = 0; i < elements; i++) {
    if (tensor_get(in, i) == 0) continue;
    int64_t rest = i;
    for (int d = in->shape.rank - 1; d >= 0; d--) {
      tensor_set_integer(run->out[0], d * count + at, rest % in->shape.dims[d]);
      rest /= in->shape.dims[d];
    }
    at++;
  }
  return OK;
}

#define NON_ZERO_TYPES (ELEMENTS_NUMERIC | ELEMENT_BIT(ELEMENT_BOOL))

const Op op_NonZero = {
    .name = "NonZero",
    .brief = "The indices of all elements that are not zero, one column each.",
    .versions = {{9, non_zero_infer, non_zero_run, NULL}},
    .inputs = {{"X", PORT_REQUIRED, NON_ZERO_TYPES, "[...]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT64), "[rank, count]"}},
    .grad_reason = "not differentiable: the result is an integer",
    .role = ROLE_INDEX,
    .samples = {{"f32[2,3]{0,1,0,2,0,3}", NULL}, {"bool[4]{false}", NULL}, {"i64[2,2]!", NULL}},
};
