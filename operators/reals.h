/* reals.h - what reference kernels share: any numeric tensor as doubles, so that one plain loop serves every
   element type. */
#ifndef OPERATORS_REALS_H
#define OPERATORS_REALS_H

#include "operators/op.h"

/* Input i, or NULL where it is absent or not given. */
static inline const Tensor *run_input(const Run *run, int i) {
  return i < run->input_count ? run->in[i] : NULL;
}
/* Output i, or NULL where nobody wants it. */
static inline Tensor *run_output(const Run *run, int i) {
  return i < run->output_count ? run->out[i] : NULL;
}
/* What is known of input i, or NULL where it is absent. */
static inline const InferValue *infer_input(const Infer *infer, int i) {
  return i < infer->input_count && infer->in[i].present ? &infer->in[i] : NULL;
}
/* Whether both inputs are there, their types are known, and they differ. */
static inline bool infer_types_differ(const Infer *infer, int i, int j) {
  const InferValue *a = infer_input(infer, i), *b = infer_input(infer, j);
  return a != NULL && b != NULL && a->type != ELEMENT_NONE && b->type != ELEMENT_NONE && a->type != b->type;
}
/* Whether somebody reads output i. */
static inline bool infer_wants(const Infer *infer, int i) {
  return i < infer->output_count && infer->out[i].present;
}

/* The elements of `tensor` as doubles: in scratch memory, or the tensor's own where it is float64. NULL where
   memory ran out. */
const double *reals_of(Run *run, const Tensor *tensor);
/* `count` doubles of scratch memory; NULL where memory ran out. */
double *reals_new(Run *run, int64_t count);
/* `count` floats of scratch memory; NULL where memory ran out. */
float *floats_new(Run *run, int64_t count);

#endif
