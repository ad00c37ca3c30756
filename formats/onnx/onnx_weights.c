/*
 * Weights that are no numbers: what is trained is finite, so these mean a broken export or training run. A
 * single infinity is none of them: that is how models write "no limit" and what is masked out.
 */
#include "formats/onnx/onnx_parts.h"

#include <inttypes.h>
#include <math.h>

/* float32 alone: their exponents have all bits set where they are not finite. */
static bool all_finite(const Tensor *tensor) {
  const uint32_t *bits = tensor->data;
  uint32_t found = 0;
  int64_t count = tensor_elements(tensor);
  for (int64_t i = 0; i < count; i++) found |= (uint32_t)((bits[i] & 0x7f800000u) == 0x7f800000u);
  return found == 0;
}

static Status check_constant(const Value *value, Error *err) {
  const Tensor *tensor = value->constant;
  if (tensor == NULL || !element_is_float(tensor->type)) return OK;
  if (tensor->type == ELEMENT_FLOAT32 && all_finite(tensor)) return OK;
  int64_t count = tensor_elements(tensor);
  for (int64_t i = 0; i < count; i++) {
    double element = tensor_get(tensor, i);
    if (isnan(element) || (isinf(element) && count > 1))
      return fail(err, BAD_INPUT, "initializer '%s' holds %s at element %" PRId64 " of %" PRId64, value->name,
                  isnan(element) ? "NaN" : "an infinite number", i, count);
  }
  return OK;
}

Status onnx_check_weights(const Graph *graph, Error *err) {
  size_t touched = 0;
  for (int i = 0; i < graph->value_count; i++) {
    const Value *value = graph->values[i];
    TRY(check_constant(value, err));
    touched += value->constant == NULL ? 0 : tensor_bytes(value->constant);
    if (touched < ONNX_RELEASE_BYTES) continue;
    touched = 0;
    arena_release(&graph->arena);
  }
  for (int n = 0; n < graph->node_count; n++)
    for (int a = 0; a < graph->nodes[n]->attribute_count; a++)
      if (graph->nodes[n]->attributes[a].graph != NULL)
        TRY(onnx_check_weights(graph->nodes[n]->attributes[a].graph, err));
  return OK;
}
