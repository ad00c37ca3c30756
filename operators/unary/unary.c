/* shared by the family: the loop over the elements of any type. */
#include "operators/unary/unary.h"

Status unary_infer(Infer *infer) {
  TRY(infer_same(infer));
  infer->out[0].has_elements = false; /* they are other numbers now */
  return OK;
}

Status unary_infer_bool(Infer *infer) {
  TRY(unary_infer(infer));
  infer->out[0].type = ELEMENT_BOOL;
  return OK;
}

static void run_float32(const Tensor *in, Tensor *out, UnaryReal real, const void *params) {
  const float *x = in->data;
  float *y = out->data;
  int64_t n = tensor_elements(in);
  for (int64_t i = 0; i < n; i++) y[i] = (float)real((double)x[i], params);
}

Status unary_run(Run *run, UnaryReal real, UnaryInteger integer) {
  const Tensor *in = run->in[0];
  Tensor *out = run->out[0];
  int64_t n = tensor_elements(in);
  if (in->type == ELEMENT_FLOAT32 && out->type == ELEMENT_FLOAT32) {
    run_float32(in, out, real, run->params);
  } else if (integer != NULL && element_in(in->type, ELEMENTS_SIGNED)) {
    for (int64_t i = 0; i < n; i++)
      tensor_set_integer(out, i, integer(tensor_get_integer(in, i), run->params));
  } else {
    for (int64_t i = 0; i < n; i++) tensor_set(out, i, real(tensor_get(in, i), run->params));
  }
  return OK;
}

Status unary_fast(Run *run, UnaryLoop loop) {
  const Tensor *in = run->in[0];
  if (in->type != ELEMENT_FLOAT32) return run->node->version->run(run);
  loop(run->out[0]->data, in->data, tensor_elements(in), run->params);
  return OK;
}
