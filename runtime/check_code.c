/* The loader's check of the instruction stream, and the decoding of instructions. */
#include "runtime/load.h"

/* What EDGE_OPCODES says of an opcode. */
typedef struct Signature {
  const char *name; /* NULL: there is no such opcode */
  uint8_t least, most, params, is_float;
} Signature;

/* Parameters in words; EdgeNoParams is stored as none. */
#define WORDS(params) _Generic((params){0}, EdgeNoParams : 0, default : sizeof(params) / 4)

static const Signature signatures[EDGE_OPCODE_SLOTS] = {
#define X(name, stem, number, least, most, params, is_float, brief)                                          \
  [number] = {#name, least, most, WORDS(params), is_float},
    EDGE_OPCODES(X)
#undef X
};

const char *edge_opcode_text(EdgeOpcode opcode) {
  if ((unsigned)opcode >= EDGE_OPCODE_SLOTS || signatures[opcode].name == NULL) return "unknown";
  return signatures[opcode].name;
}

uint32_t edge_instruction_scratch(EdgeOpcode opcode, const EdgeCall *call) {
  const EdgeKernel *kernel = edge_kernels_plain.slot[opcode];
  return kernel->scratch != NULL ? kernel->scratch(call) : 0;
}

static EdgeArg operand(const EdgeModel *model, int32_t index, uint8_t *arena) {
  if (index < 0) return (EdgeArg){NULL, NULL};
  const EdgeTensor *tensor = &model->tensors[index];
  /* Kernels write results only; constants are read through the same struct. */
  if (tensor->space == EDGE_CONSTANT)
    return (EdgeArg){tensor, (void *)(uintptr_t)(model->weights + tensor->offset)};
  return (EdgeArg){tensor, arena != NULL ? arena + tensor->offset : NULL};
}

void edge_decode(const EdgeModel *model, const EdgeInstruction *instruction, uint8_t *arena, EdgeCall *call) {
  int inputs = instruction->inputs, outputs = instruction->outputs;
  for (int i = 0; i < EDGE_MAX_INPUTS; i++)
    call->in[i] = operand(model, i < inputs ? instruction->words[i] : -1, arena);
  for (int i = 0; i < EDGE_MAX_OUTPUTS; i++)
    call->out[i] = operand(model, i < outputs ? instruction->words[inputs + i] : -1, arena);
  call->params = instruction->words + inputs + outputs;
  call->scratch = arena != NULL ? arena + model->scratch_offset : NULL;
  call->kernels = model->kernels;
}

/* The instruction ends within `left` bytes and has the operand and parameter counts of its opcode. */
static EdgeStatus check_signature(const EdgeInstruction *instruction, uint32_t left) {
  if (left < sizeof(EdgeInstruction)) return EDGE_MALFORMED;
  if (instruction->opcode >= EDGE_OPCODE_SLOTS || signatures[instruction->opcode].name == NULL)
    return EDGE_UNKNOWN_OPCODE;
  const Signature *signature = &signatures[instruction->opcode];
  if (instruction->inputs < signature->least || instruction->inputs > signature->most ||
      instruction->outputs != 1 || instruction->params != signature->params || instruction->reserved != 0)
    return EDGE_MALFORMED;
  return edge_instruction_bytes(instruction) <= left ? EDGE_OK : EDGE_MALFORMED;
}

/* Required inputs are there, all indices are in the table and the result is in the arena. */
static int has_sane_operands(const EdgeModel *model, const EdgeInstruction *instruction) {
  int inputs = instruction->inputs, required = signatures[instruction->opcode].least;
  for (int i = 0; i < inputs; i++) {
    int32_t index = instruction->words[i];
    if (index < -1 || (index < 0 && i < required)) return 0;
    if (index >= 0 && (uint32_t)index >= model->tensor_count) return 0;
  }
  int32_t result = instruction->words[inputs];
  return result >= 0 && (uint32_t)result < model->tensor_count && model->tensors[result].space == EDGE_ARENA;
}

static EdgeStatus check_instruction(const EdgeModel *model, const EdgeInstruction *instruction) {
  EdgeCall call = {0};
  if (!has_sane_operands(model, instruction)) return EDGE_MALFORMED;
  edge_decode(model, instruction, NULL, &call);
  EdgeStatus status = edge_kernels_plain.slot[instruction->opcode]->check(&call);
  if (status != EDGE_OK) return status;
  uint32_t scratch = edge_instruction_scratch((EdgeOpcode)instruction->opcode, &call);
  return scratch <= model->arena_bytes - model->scratch_offset ? EDGE_OK : EDGE_MALFORMED;
}

EdgeStatus edge_check_code(EdgeModel *model) {
  uint32_t at = 0;
  model->instruction_count = 0;
  while (at < model->code_bytes) {
    const EdgeInstruction *instruction = (const EdgeInstruction *)(model->code + at);
    EdgeStatus status = check_signature(instruction, model->code_bytes - at);
    if (status == EDGE_OK) status = check_instruction(model, instruction);
    if (status != EDGE_OK) return status;
    if (signatures[instruction->opcode].is_float) model->flags &= ~EDGE_FLAG_INTEGER_ONLY;
    model->instruction_count++;
    at += edge_instruction_bytes(instruction);
  }
  return EDGE_OK;
}
