#include "formats/edge/edge_steps.h"

#include <string.h>

EdgeWalk edge_walk(const EdgeModel *model) {
  return (EdgeWalk){.model = model, .at = model->code};
}

/* What EDGE_OPCODES says of a number. */
static void describe(int number, EdgeStep *step) {
  switch (number) {
#define X(name, stem, value, least, most, params, is_float_opcode, text)                                     \
  case EDGE_OP_##name:                                                                                       \
    step->opcode = #stem;                                                                                    \
    step->is_float = is_float_opcode;                                                                        \
    step->brief = text;                                                                                      \
    break;
    EDGE_OPCODES(X)
#undef X
  default:
    step->opcode = step->brief = "?";
  }
}

static const EdgeTensor *operand(const EdgeModel *model, const EdgeInstruction *instruction, int i) {
  int32_t index = instruction->words[i];
  return index < 0 ? NULL : &model->tensors[index];
}

static int64_t product_macs(const EdgeInstruction *instruction) {
  EdgeMatmulParams params;
  memcpy(&params, &instruction->words[instruction->inputs + instruction->outputs], sizeof params);
  int64_t macs = (int64_t)params.m * params.k * params.n;
  for (int i = 0; i < params.batch_rank; i++) macs *= params.batch[i];
  return macs;
}

/* A weight [O, ...] is used once for every position of the result: elements of y / O times. */
static int64_t window_macs(const EdgeTensor *weight, const EdgeTensor *result, int channel_axis) {
  int64_t channels = weight->dims[channel_axis];
  return channels > 0 ? (int64_t)weight->elements * (result->elements / channels) : 0;
}

static int64_t macs_of(const EdgeModel *model, const EdgeInstruction *instruction, const EdgeTensor *result) {
  switch (instruction->opcode) {
  case EDGE_OP_CONV:
  case EDGE_OP_CONV_F32:
  case EDGE_OP_CONV_F32_CODED:
    return window_macs(operand(model, instruction, 1), result, 0);
  case EDGE_OP_DWCONV:
  case EDGE_OP_DWCONV_F32_CODED:
    return window_macs(operand(model, instruction, 1), result, 2);
  case EDGE_OP_CONV_DYNAMIC:
    return window_macs(operand(model, instruction, 1), result,
                       operand(model, instruction, 1)->rank == 3 ? 2 : 0);
  case EDGE_OP_MATMUL:
  case EDGE_OP_MATMUL_F32:
    return product_macs(instruction);
  default:
    return 0;
  }
}

/* Which operand is a look-up table; -1: none. */
static int table_operand(int number) {
  switch (number) {
  case EDGE_OP_CONV:
  case EDGE_OP_DWCONV:
    return 4;
  case EDGE_OP_ADD:
  case EDGE_OP_MUL:
  case EDGE_OP_MAXIMUM:
  case EDGE_OP_MINIMUM:
    return 2;
  case EDGE_OP_TABLE:
  case EDGE_OP_SOFTMAX:
    return 1;
  default:
    return -1;
  }
}

static int64_t table_bytes_of(const EdgeModel *model, const EdgeInstruction *instruction) {
  int i = table_operand(instruction->opcode);
  const EdgeTensor *table = i >= 0 && i < instruction->inputs ? operand(model, instruction, i) : NULL;
  return table == NULL ? 0 : (int64_t)edge_tensor_bytes(table);
}

static void add_constants(const EdgeModel *model, const EdgeInstruction *instruction, EdgeStep *step) {
  for (int i = 0; i < instruction->inputs; i++) {
    const EdgeTensor *tensor = operand(model, instruction, i);
    if (tensor == NULL || tensor->space != EDGE_CONSTANT) continue;
    step->constant_bytes += (int64_t)edge_tensor_bytes(tensor);
    if (tensor->type == EDGE_S4) step->int4_bytes += (int64_t)edge_tensor_bytes(tensor);
  }
}

bool edge_walk_next(EdgeWalk *walk, EdgeStep *step) {
  if (walk->next >= walk->model->instruction_count) return false;
  const EdgeInstruction *instruction = (const EdgeInstruction *)(const void *)walk->at;
  *step = (EdgeStep){.number = instruction->opcode};
  describe(instruction->opcode, step);
  step->layer = edge_layer_name(walk->model, walk->next);
  step->result = operand(walk->model, instruction, instruction->inputs);
  step->macs = macs_of(walk->model, instruction, step->result);
  add_constants(walk->model, instruction, step);
  step->table_bytes = table_bytes_of(walk->model, instruction);
  size_t words = (size_t)instruction->inputs + instruction->outputs + instruction->params;
  walk->at += sizeof *instruction + words * sizeof instruction->words[0];
  walk->next++;
  return true;
}

int64_t edge_macs(const EdgeModel *model) {
  int64_t macs = 0;
  EdgeStep step;
  for (EdgeWalk walk = edge_walk(model); edge_walk_next(&walk, &step);) macs += step.macs;
  return macs;
}

EdgeSizes edge_sizes(const EdgeFile *file) {
  const EdgeModel *model = &file->model;
  EdgeSizes sizes = {.weights = model->weights_bytes,
                     .code = model->code_bytes,
                     .tensors = (int64_t)model->tensor_count * (int64_t)sizeof(EdgeTensor),
                     .names = model->strings_bytes,
                     .image = (int64_t)file->image_bytes};
  EdgeStep step;
  for (EdgeWalk walk = edge_walk(model); edge_walk_next(&walk, &step);) {
    sizes.tables += step.table_bytes;
    sizes.int4 += step.int4_bytes;
  }
  return sizes;
}
