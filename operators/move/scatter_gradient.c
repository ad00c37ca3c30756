/* shared by the family: the way back through a Scatter. */
#include "operators/gradient.h"
#include "operators/move/element_index.h"
#include "operators/reals.h"

#include <string.h>

/* before[i]: what stood where element i of the updates went, just before it did. */
static Status replay(Run *run, int reduction, int64_t slice, int64_t slices, ScatterPlace place,
                     float *before) {
  Tensor again = *run->out[0];
  size_t bytes = tensor_bytes(&again);
  again.data = run_scratch(run, bytes + 1);
  if (again.data == NULL) return run->err->status;
  memcpy(again.data, run->in[0]->data, bytes);
  for (int64_t i = 0, to; i < slices; i++) {
    TRY(place(run, i, &to));
    memcpy(before + i * slice, (const float *)again.data + to, (size_t)slice * sizeof *before);
    scatter_reduce(reduction, &again, to, run->in[2], i * slice, slice);
  }
  return OK;
}

/* One update: its own gradient; *left is that of the element on the way in, then of what stood there before.
 */
static float take(int reduction, float *left, float before, float update) {
  float all = *left;
  bool replaces = reduction == SCATTER_NONE || (reduction == SCATTER_MAX && update > before) ||
                  (reduction == SCATTER_MIN && update < before);
  if (reduction == SCATTER_ADD) return all;
  *left = replaces ? 0.0f : reduction == SCATTER_MUL ? all * update : all;
  return replaces ? all : reduction == SCATTER_MUL ? all * before : 0.0f;
}

Status scatter_grad(Grad *grad, int reduction, int64_t slice, ScatterPlace place) {
  Run *run = &grad->run;
  const float *updates = run->in[2]->data;
  float *dupdates = grad_of_input(grad, 2), *ddata = grad_of_input(grad, 0);
  size_t bytes = tensor_bytes(run->out[0]);
  if (ddata == NULL) ddata = run_scratch(run, bytes + 1);
  float *before = floats_new(run, tensor_elements(run->in[2]) + 1);
  if (ddata == NULL || before == NULL) return run->err->status;
  memcpy(ddata, grad_of_output(grad, 0), bytes);
  int64_t slices = slice == 0 ? 0 : tensor_elements(run->in[2]) / slice, to;
  TRY(replay(run, reduction, slice, slices, place, before));
  for (int64_t i = slices - 1; i >= 0; i--) {
    TRY(place(run, i, &to));
    for (int64_t k = 0; k < slice; k++) {
      float part = take(reduction, ddata + to + k, before[i * slice + k], updates[i * slice + k]);
      if (dupdates != NULL) dupdates[i * slice + k] = part;
    }
  }
  return OK;
}
