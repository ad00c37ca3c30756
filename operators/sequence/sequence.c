/* shared by the family: items in and out of sequences. */
#include "operators/sequence/sequence.h"

#include "operators/control/control.h"
#include "operators/reals.h"

Status sequence_infer(Infer *infer) {
  infer->out[0].type = ELEMENT_SEQUENCE;
  return OK;
}

Status sequence_infer_item(Infer *infer) {
  infer->out[0].type = ELEMENT_NONE;
  return OK;
}

Status sequence_deliver(Run *run, int i, ElementType type, const Tensor *const *items, int64_t count) {
  int64_t bytes;
  if (i >= run->output_count || run->out[i] == NULL) return OK;
  if (!sequence_bytes(items, count, &bytes)) return run_fail(run, "output %d is too large", i);
  TRY(control_shape_output(run, i, type, &SHAPE(bytes)));
  sequence_write(run->out[i], items, count);
  return OK;
}

const Tensor **sequence_items(Run *run, const Tensor *sequence) {
  int64_t count = sequence_count(sequence);
  size_t bytes = ((size_t)count + 1) * (sizeof(Tensor) + sizeof(Tensor *));
  Tensor *tensors = run_scratch(run, bytes);
  if (tensors == NULL) return NULL;
  const Tensor **items = (const Tensor **)(void *)(tensors + count + 1);
  for (int64_t i = 0; i < count; i++) {
    tensors[i] = sequence_item(sequence, i);
    items[i] = &tensors[i];
  }
  return items;
}

Status sequence_position(Run *run, int i, int64_t count, int64_t end, int64_t otherwise, int64_t *position) {
  const Tensor *given = run_input(run, i);
  if (given != NULL && tensor_elements(given) != 1) return run_fail(run, "the position is not one number");
  int64_t at = given != NULL ? tensor_get_integer(given, 0) : otherwise;
  *position = at < 0 ? at + count : at;
  if (at >= -count && *position >= 0 && *position < end) return OK;
  return run_fail(run, "position %lld is outside a sequence of %lld", (long long)at, (long long)count);
}
