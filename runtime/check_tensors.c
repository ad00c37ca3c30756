/* The loader's check of the tensor table. */
#include "runtime/kernels/plain/checks.h"
#include "runtime/load.h"

_Static_assert(sizeof(EdgeTensor) == 56, "the struct must be as in the file");

/* Elements as the dims have them; 0 where that is above INT32_MAX or an unused dim is not 1. */
static uint64_t elements_of(const EdgeTensor *tensor) {
  uint64_t product = 1;
  if (tensor->rank > EDGE_MAX_RANK) return 0;
  for (int d = 0; d < EDGE_MAX_RANK; d++) {
    if (d >= tensor->rank && tensor->dims[d] != 1) return 0;
    product *= tensor->dims[d];
    if (product == 0 || product > INT32_MAX) return 0;
  }
  return product;
}

static int has_sane_quantization(const EdgeTensor *tensor) {
  if (!(tensor->scale == 0.0f || edge_is_sane_scale(tensor->scale))) return 0;
  int is_code_type = tensor->type == EDGE_S8 || tensor->type == EDGE_S16 || tensor->type == EDGE_U8 ||
                     tensor->type == EDGE_S4;
  return !is_code_type || edge_is_code(tensor->zero_point, (EdgeType)tensor->type);
}

/* int4 is for constants. Where the number of elements is odd, half a byte is left over: 0. */
static int is_sane_s4(const EdgeModel *model, const EdgeTensor *tensor) {
  if (tensor->type != EDGE_S4) return 1;
  if (tensor->space != EDGE_CONSTANT) return 0;
  return tensor->elements % 2 == 0 || model->weights[tensor->offset + tensor->elements / 2] >> 4 == 0;
}

static int is_sane_tensor(const EdgeModel *model, const EdgeTensor *tensor) {
  uint64_t size = edge_content_bytes(tensor), elements = elements_of(tensor);
  uint64_t space = tensor->space == EDGE_ARENA ? model->scratch_offset : model->weights_bytes;
  if (size == 0 || elements == 0 || elements != tensor->elements) return 0;
  if (tensor->space > EDGE_CONSTANT || tensor->reserved != 0 || tensor->reserved2 != 0) return 0;
  if (tensor->offset % EDGE_ALIGNMENT != 0 || tensor->offset + size > space) return 0;
  return has_sane_quantization(tensor) && is_sane_s4(model, tensor);
}

EdgeStatus edge_check_tensors(const EdgeModel *model) {
  for (uint32_t i = 0; i < model->tensor_count; i++)
    if (!is_sane_tensor(model, &model->tensors[i])) return EDGE_MALFORMED;
  return EDGE_OK;
}
