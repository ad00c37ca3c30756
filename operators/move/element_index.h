/* element_index.h - indices that are tensors' content: what the Gather and Scatter operators share. */
#ifndef OPERATORS_MOVE_ELEMENT_INDEX_H
#define OPERATORS_MOVE_ELEMENT_INDEX_H

#include "operators/op.h"

#define INDEX_TYPES (ELEMENT_BIT(ELEMENT_INT32) | ELEMENT_BIT(ELEMENT_INT64))

/* Reads index `i` of `indices` into 0..extent-1; BAD_INPUT where it is outside -extent..extent-1. */
Status index_read(Run *run, const Tensor *indices, int64_t i, int64_t extent, int64_t *index);

/* ---- one index an element, along an axis: GatherElements, ScatterElements ---- */

/* BAD_INPUT unless the indices have the data's rank and, along other axes, no more elements. */
Status elements_check(const Infer *infer, const Shape *data, const Shape *indices, int axis);
/* Where in `data` the place lies that element i of `indices` is about. */
Status elements_offset(Run *run, const Tensor *data, const Tensor *indices, int axis, int64_t i,
                       int64_t *offset);

/* ---- a row of indices a slice: GatherND, ScatterND ---- */

/* Length of the rows: the last dimension of `indices`, after `batch` leading ones that both have in common;
   BAD_INPUT where it does not fit, *length -1 where it is not known. */
Status rows_check(const Infer *infer, const Shape *data, const Shape *indices, int64_t batch, int *length);
/* Offset of the slice that row `row` of `indices` is about. */
Status rows_offset(Run *run, const Tensor *data, const Tensor *indices, int batch, int64_t row,
                   int64_t *offset);

/* ---- what a Scatter does with the element that is there ---- */

typedef enum ScatterReduction {
  SCATTER_NONE,
  SCATTER_ADD,
  SCATTER_MUL,
  SCATTER_MAX,
  SCATTER_MIN
} ScatterReduction;
extern const char *const scatter_reductions[];

/* out[to] = out[to] (reduction) updates[from], for `count` elements. */
void scatter_reduce(int reduction, Tensor *out, int64_t to, const Tensor *updates, int64_t from,
                    int64_t count);

/* Where in the output slice `i` of the updates begins. */
typedef Status (*ScatterPlace)(Run *run, int64_t i, int64_t *to);

/* Gradients of the data (input 0) and of the updates (input 2), which come in slices of `slice` elements,
   number i for place(run, i): the forward run again, then its steps from the last to the first. */
Status scatter_grad(Grad *grad, int reduction, int64_t slice, ScatterPlace place);

#endif
