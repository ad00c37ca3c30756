/* edge_load: checks a file completely and points into it. */
#include "runtime/load.h"
#include "runtime/freestanding.h"

#define MAX_ARENA (1u << 30) /* format limit: every offset and element count fits in int32 */

/* Tensor index and name offset of each input or output. */
static int is_sane_list(const EdgeModel *model, const uint32_t *list, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    uint32_t tensor = list[2 * i], name = list[2 * i + 1];
    if (tensor >= model->tensor_count || name >= model->strings_bytes) return 0;
    if (model->tensors[tensor].space != EDGE_ARENA) return 0;
  }
  return 1;
}

static EdgeStatus enter_io(EdgeModel *model, EdgeSpan io) {
  const uint32_t *words = (const uint32_t *)io.data;
  if (io.bytes < 8 || io.bytes % 8 != 0) return EDGE_MALFORMED;
  if ((uint64_t)words[0] + words[1] != io.bytes / 8 - 1) return EDGE_MALFORMED;
  model->input_count = words[0];
  model->output_count = words[1];
  model->inputs = words + 2;
  model->outputs = words + 2 + 2 * (size_t)words[0];
  return is_sane_list(model, model->inputs, model->input_count) &&
                 is_sane_list(model, model->outputs, model->output_count) && model->output_count > 0
             ? EDGE_OK
             : EDGE_MALFORMED;
}

/* Empty text first, and the last one is terminated: so every offset begins a terminated text. */
static EdgeStatus enter_strings(EdgeModel *model, EdgeSpan strings) {
  if (strings.bytes == 0 || strings.data[0] != 0 || strings.data[strings.bytes - 1] != 0)
    return EDGE_MALFORMED;
  model->strings = (const char *)strings.data;
  model->strings_bytes = strings.bytes;
  return EDGE_OK;
}

static EdgeStatus enter_tensors(EdgeModel *model, const EdgeHeader *header, const EdgeSections *sections) {
  if (header->arena_bytes > MAX_ARENA || header->scratch_offset > header->arena_bytes) return EDGE_MALFORMED;
  if (header->scratch_offset % EDGE_ALIGNMENT != 0) return EDGE_MALFORMED;
  if (sections->tensors.bytes % sizeof(EdgeTensor) != 0) return EDGE_MALFORMED;
  model->arena_bytes = header->arena_bytes;
  model->scratch_offset = header->scratch_offset;
  model->weights = sections->weights.data;
  model->weights_bytes = sections->weights.bytes;
  model->tensors = (const EdgeTensor *)sections->tensors.data;
  model->tensor_count = sections->tensors.bytes / (uint32_t)sizeof(EdgeTensor);
  return edge_check_tensors(model);
}

/* A flag that promises integers only must be true. */
static EdgeStatus enter_code(EdgeModel *model, const EdgeHeader *header, const EdgeSections *sections) {
  if (sections->code.bytes % 4 != 0) return EDGE_MALFORMED;
  model->code = sections->code.data;
  model->code_bytes = sections->code.bytes;
  model->kernels = edge_choose_kernels();
  model->flags = EDGE_FLAG_INTEGER_ONLY;
  EdgeStatus status = edge_check_code(model);
  if (status != EDGE_OK) return status;
  return (header->flags & EDGE_FLAG_INTEGER_ONLY & ~model->flags) == 0 ? EDGE_OK : EDGE_MALFORMED;
}

/* What a file may have or not. */
static EdgeStatus enter_extras(EdgeModel *model, const EdgeSections *sections) {
  const uint32_t *layers = (const uint32_t *)sections->layers.data;
  if (layers != NULL) {
    if (sections->layers.bytes / 4 != model->instruction_count || sections->layers.bytes % 4 != 0)
      return EDGE_MALFORMED;
    for (uint32_t i = 0; i < model->instruction_count; i++)
      if (layers[i] >= model->strings_bytes) return EDGE_MALFORMED;
  }
  if (sections->self_test.data != NULL && sections->self_test.bytes != 12) return EDGE_MALFORMED;
  model->layers = layers;
  model->self_test = (const uint32_t *)sections->self_test.data;
  return EDGE_OK;
}

static EdgeStatus load(EdgeModel *model, const void *file, size_t file_bytes, int is_checked) {
  EdgeSections sections;
  const EdgeHeader *header = file;
  if (model == NULL || file == NULL || (uintptr_t)file % 8 != 0) return EDGE_ARGUMENT;
  memset(model, 0, sizeof *model);
  EdgeStatus status = edge_read_sections(&sections, file, file_bytes, is_checked);
  if (status != EDGE_OK) return status;
  if (sections.tensors.data == NULL || sections.code.data == NULL || sections.io.data == NULL ||
      sections.strings.data == NULL)
    return EDGE_MALFORMED;
  status = enter_tensors(model, header, &sections);
  if (status == EDGE_OK) status = enter_strings(model, sections.strings);
  if (status == EDGE_OK) status = enter_io(model, sections.io);
  if (status == EDGE_OK) status = enter_code(model, header, &sections);
  if (status == EDGE_OK) status = enter_extras(model, &sections);
  return status;
}

EdgeStatus edge_load(EdgeModel *model, const void *file, size_t file_bytes) {
  return load(model, file, file_bytes, 0);
}

EdgeStatus edge_load_checked(EdgeModel *model, const void *file, size_t file_bytes) {
  return load(model, file, file_bytes, 1);
}
