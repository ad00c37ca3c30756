/* What a loaded program says of itself. */
#include "runtime/kernels/plain/checks.h"
#include "runtime/load.h"

const char *edge_status_text(EdgeStatus status) {
  switch (status) {
#define X(name, number, text)                                                                                \
  case EDGE_##name:                                                                                          \
    return text;
    EDGE_STATUSES(X)
#undef X
  }
  return "unknown status";
}

size_t edge_tensor_bytes(const EdgeTensor *tensor) {
  return (size_t)edge_content_bytes(tensor);
}

size_t edge_arena_bytes(const EdgeModel *model) {
  return model->arena_bytes;
}

int edge_is_integer_only(const EdgeModel *model) {
  return (model->flags & EDGE_FLAG_INTEGER_ONLY) != 0;
}

const char *edge_isa(const EdgeModel *model) {
  return model->kernels->isa;
}

uint32_t edge_input_count(const EdgeModel *model) {
  return model->input_count;
}

uint32_t edge_output_count(const EdgeModel *model) {
  return model->output_count;
}

const EdgeTensor *edge_input(const EdgeModel *model, uint32_t i) {
  return &model->tensors[model->inputs[2 * i]];
}

const EdgeTensor *edge_output(const EdgeModel *model, uint32_t i) {
  return &model->tensors[model->outputs[2 * i]];
}

const char *edge_input_name(const EdgeModel *model, uint32_t i) {
  return model->strings + model->inputs[2 * i + 1];
}

const char *edge_output_name(const EdgeModel *model, uint32_t i) {
  return model->strings + model->outputs[2 * i + 1];
}

void *edge_input_data(const EdgeModel *model, uint32_t i, void *arena) {
  return (uint8_t *)arena + edge_input(model, i)->offset;
}

const void *edge_output_data(const EdgeModel *model, uint32_t i, const void *arena) {
  return (const uint8_t *)arena + edge_output(model, i)->offset;
}

const char *edge_layer_name(const EdgeModel *model, uint32_t instruction) {
  if (model->layers == NULL || instruction >= model->instruction_count) return "";
  return model->strings + model->layers[instruction];
}

const char *edge_opcode_name(const EdgeModel *model, uint32_t instruction) {
  const uint8_t *at = model->code;
  if (instruction >= model->instruction_count) return "";
  for (uint32_t i = 0; i < instruction; i++) at += edge_instruction_bytes((const EdgeInstruction *)at);
  return edge_opcode_text((EdgeOpcode)((const EdgeInstruction *)at)->opcode);
}
