/* The end of lowering: drops what no output needs, lays constants out, plans memory, fills the program. */
#include "lower/builder.h"
#include "lower/plan.h"

#include <string.h>

#define MOST_ARENA (1u << 30) /* the loader's limit */

typedef struct Finish {
  Builder *b;
  EdgeProgram *program;
  bool *needed;     /* by root tensor */
  int32_t *renamed; /* tensor -> row of the program, -1 where dropped */
  bool *live;       /* by instruction */
} Finish;

static int32_t root_of(const Builder *b, int32_t tensor) {
  return b->tensors[tensor].root;
}

/* Backwards: an instruction is needed where its result's memory is; then what it reads is, too. */
static void mark_needed(Finish *f) {
  Builder *b = f->b;
  for (int i = 0; i < f->program->input_count; i++)
    f->needed[root_of(b, f->program->inputs[i].tensor)] = true;
  for (int i = 0; i < f->program->output_count; i++)
    f->needed[root_of(b, f->program->outputs[i].tensor)] = true;
  for (size_t i = b->instruction_count; i-- > 0;) {
    const ProgramInstruction *instruction = &b->instructions[i];
    if (!f->needed[root_of(b, instruction->tensor[instruction->input_count])]) continue;
    f->live[i] = true;
    for (int k = 0; k < instruction->input_count; k++)
      if (instruction->tensor[k] >= 0) f->needed[root_of(b, instruction->tensor[k])] = true;
  }
}

/* Name of the value that each instruction completes: the last one that writes the memory in which the value
   was made. Of values that share it (views) the first made gives the name. */
static Status name_layers(Finish *f) {
  Builder *b = f->b;
  const char **names = arena_new(b->arena, b->tensor_count, sizeof *names, b->err);
  if (names == NULL) return b->status = SYSTEM;
  for (int i = b->graph->node_count; i-- > 0;) {
    const Node *node = b->graph->nodes[i];
    for (int k = 0; k < node->output_count; k++) {
      if (node->outputs[k] == NULL || !build_has(b, node->outputs[k])) continue;
      const Place *place = &b->places[node->outputs[k]->index];
      names[root_of(b, place->tensor[place->home_form][place->home])] = node->outputs[k]->name;
    }
  }
  for (size_t i = b->instruction_count; i-- > 0;) {
    ProgramInstruction *instruction = &b->instructions[i];
    int32_t root = root_of(b, instruction->tensor[instruction->input_count]);
    if (!f->live[i] || names[root] == NULL) continue;
    instruction->layer = arena_text(b->arena, names[root], b->err);
    if (instruction->layer == NULL) return b->status = SYSTEM;
    names[root] = NULL;
  }
  return OK;
}

/* Rows of what live instructions and ports use, in the order of their making. */
static Status keep_tensors(Finish *f) {
  Builder *b = f->b;
  EdgeProgram *program = f->program;
  bool *used = arena_new(b->arena, b->tensor_count, sizeof *used, b->err);
  program->tensors = arena_new(b->arena, b->tensor_count, sizeof *program->tensors, b->err);
  if (used == NULL || program->tensors == NULL) return b->status = SYSTEM;
  for (int i = 0; i < program->input_count; i++) used[program->inputs[i].tensor] = true;
  for (int i = 0; i < program->output_count; i++) used[program->outputs[i].tensor] = true;
  for (size_t i = 0; i < b->instruction_count; i++) {
    const ProgramInstruction *instruction = &b->instructions[i];
    for (int k = 0; f->live[i] && k <= instruction->input_count; k++)
      if (instruction->tensor[k] >= 0) used[instruction->tensor[k]] = true;
  }
  for (size_t t = 0; t < b->tensor_count; t++) {
    f->renamed[t] = used[t] ? program->tensor_count++ : -1;
    if (used[t]) program->tensors[f->renamed[t]] = b->tensors[t].info;
  }
  return OK;
}

static size_t aligned(size_t bytes) {
  return (bytes + EDGE_ALIGNMENT - 1) / EDGE_ALIGNMENT * EDGE_ALIGNMENT;
}

/* An earlier constant with the same bytes, or -1. */
static int32_t same_constant(const Finish *f, int32_t tensor) {
  const DraftTensor *tensors = f->b->tensors;
  size_t size = edge_tensor_bytes(&tensors[tensor].info);
  for (int32_t i = 0; i < tensor; i++)
    if (f->renamed[i] >= 0 && tensors[i].constant != NULL && edge_tensor_bytes(&tensors[i].info) == size &&
        memcmp(tensors[i].constant, tensors[tensor].constant, size) == 0)
      return i;
  return -1;
}

/* Constants behind one another, equal ones once. */
static Status lay_constants(Finish *f) {
  Builder *b = f->b;
  EdgeProgram *program = f->program;
  size_t total = 0;
  for (size_t t = 0; t < b->tensor_count; t++) {
    const DraftTensor *tensor = &b->tensors[t];
    if (f->renamed[t] < 0 || tensor->constant == NULL) continue;
    int32_t same = same_constant(f, (int32_t)t);
    EdgeTensor *row = &program->tensors[f->renamed[t]];
    row->offset = same >= 0 ? program->tensors[f->renamed[same]].offset : (uint32_t)total;
    if (same < 0) total = aligned(total + edge_tensor_bytes(row));
    if (total > INT32_MAX) return build_fail(b, UNSUPPORTED, "more than 2 GiB of constants");
  }
  program->weights_bytes = total;
  program->weights = arena_new(b->arena, total, 1, b->err);
  if (program->weights == NULL) return b->status = SYSTEM;
  for (size_t t = 0; t < b->tensor_count; t++) {
    const DraftTensor *tensor = &b->tensors[t];
    if (f->renamed[t] < 0 || tensor->constant == NULL) continue;
    memcpy(program->weights + program->tensors[f->renamed[t]].offset, tensor->constant,
           edge_tensor_bytes(&tensor->info));
    arena_release(b->arena);
  }
  return OK;
}

static Status keep_instructions(Finish *f) {
  Builder *b = f->b;
  EdgeProgram *program = f->program;
  program->instructions = arena_new(b->arena, b->instruction_count, sizeof *program->instructions, b->err);
  if (program->instructions == NULL) return b->status = SYSTEM;
  for (size_t i = 0; i < b->instruction_count; i++) {
    if (!f->live[i]) continue;
    ProgramInstruction *kept = &program->instructions[program->instruction_count++];
    *kept = b->instructions[i];
    for (int k = 0; k <= kept->input_count; k++)
      if (kept->tensor[k] >= 0) kept->tensor[k] = f->renamed[kept->tensor[k]];
  }
  for (int i = 0; i < program->input_count; i++)
    program->inputs[i].tensor = f->renamed[program->inputs[i].tensor];
  for (int i = 0; i < program->output_count; i++)
    program->outputs[i].tensor = f->renamed[program->outputs[i].tensor];
  return OK;
}

/* ---- memory ---- */

/* Buffer of each root tensor: from the first instruction that writes it to the last that touches it. Step 0
   is before the first instruction: inputs are there. */
static void extend(PlanBuffer *buffer, int step) {
  if (buffer->first < 0) buffer->first = step;
  if (step > buffer->last) buffer->last = step;
}

static void find_lifetimes(const Finish *f, PlanBuffer *buffers, const int32_t *root) {
  const EdgeProgram *program = f->program;
  for (int i = 0; i < program->input_count; i++) extend(&buffers[root[program->inputs[i].tensor]], 0);
  for (int i = 0; i < program->instruction_count; i++) {
    const ProgramInstruction *instruction = &program->instructions[i];
    for (int k = 0; k <= instruction->input_count; k++)
      if (instruction->tensor[k] >= 0) extend(&buffers[root[instruction->tensor[k]]], i + 1);
  }
  for (int i = 0; i < program->output_count; i++)
    extend(&buffers[root[program->outputs[i].tensor]], program->instruction_count + 1);
}

/* Scratch of the greediest instruction. */
static size_t scratch_bytes(const EdgeProgram *program) {
  size_t most = 0;
  for (int i = 0; i < program->instruction_count; i++) {
    const ProgramInstruction *instruction = &program->instructions[i];
    EdgeCall call = {.params = instruction->params};
    for (int k = 0; k < instruction->input_count; k++)
      if (instruction->tensor[k] >= 0) call.in[k].info = &program->tensors[instruction->tensor[k]];
    call.out[0].info = &program->tensors[instruction->tensor[instruction->input_count]];
    size_t bytes = edge_instruction_scratch(instruction->opcode, &call);
    if (bytes > most) most = bytes;
  }
  return most;
}

/* For each row of the program the row that stands for its memory: the first of those that share it. */
static int32_t *memory_of_rows(const Finish *f) {
  Builder *b = f->b;
  int32_t *memory = arena_new(b->arena, (size_t)f->program->tensor_count, sizeof *memory, b->err);
  int32_t *first = arena_new(b->arena, b->tensor_count, sizeof *first, b->err);
  if (memory == NULL || first == NULL) return NULL;
  for (size_t t = b->tensor_count; t-- > 0;)
    if (f->renamed[t] >= 0) first[b->tensors[t].root] = f->renamed[t];
  for (size_t t = 0; t < b->tensor_count; t++)
    if (f->renamed[t] >= 0) memory[f->renamed[t]] = first[b->tensors[t].root];
  return memory;
}

/* Moves the buffers that are used, and lie in the arena, to the front; their rows in `row`. */
static int pack_buffers(const EdgeProgram *program, PlanBuffer *buffers, int32_t *row) {
  int count = 0;
  for (int t = 0; t < program->tensor_count; t++) {
    if (buffers[t].first < 0 || program->tensors[t].space == EDGE_CONSTANT) continue;
    buffers[count] = buffers[t];
    buffers[count].bytes = edge_tensor_bytes(&program->tensors[t]);
    row[count++] = t;
  }
  return count;
}

static Status plan_arena(Finish *f) {
  Builder *b = f->b;
  EdgeProgram *program = f->program;
  size_t count = (size_t)program->tensor_count;
  PlanBuffer *buffers = arena_new(b->arena, count, sizeof *buffers, b->err);
  int32_t *row = arena_new(b->arena, count, sizeof *row, b->err), *memory = memory_of_rows(f);
  if (buffers == NULL || row == NULL || memory == NULL) return b->status = SYSTEM;
  for (size_t t = 0; t < count; t++) buffers[t] = (PlanBuffer){.first = -1, .last = -1};
  find_lifetimes(f, buffers, memory);
  int buffer_count = pack_buffers(program, buffers, row);
  if (plan_memory(buffers, buffer_count, EDGE_ALIGNMENT, &program->scratch_offset, b->err) != OK)
    return b->status = b->err->status;
  program->arena_bytes = aligned(program->scratch_offset + scratch_bytes(program));
  if (program->arena_bytes > MOST_ARENA)
    return build_fail(b, UNSUPPORTED, "it needs more than 1 GiB of memory");
  for (int i = 0; i < buffer_count; i++) program->tensors[row[i]].offset = (uint32_t)buffers[i].offset;
  for (size_t t = 0; t < count; t++)
    if (program->tensors[t].space == EDGE_ARENA)
      program->tensors[t].offset = program->tensors[memory[t]].offset;
  return OK;
}

static bool computes_in_float(EdgeOpcode opcode) {
  switch (opcode) {
#define X(name, stem, number, least, most, params, is_float, brief)                                          \
  case EDGE_OP_##name:                                                                                       \
    return is_float;
    EDGE_OPCODES(X)
#undef X
  }
  return true;
}

Status build_finish(Builder *b, EdgeProgram *program) {
  Finish f = {.b = b, .program = program};
  if (b->status != OK) return b->status;
  b->node = NULL;
  f.needed = arena_new(b->arena, b->tensor_count, sizeof *f.needed, b->err);
  f.renamed = arena_new(b->arena, b->tensor_count, sizeof *f.renamed, b->err);
  f.live = arena_new(b->arena, b->instruction_count, sizeof *f.live, b->err);
  if (f.needed == NULL || f.renamed == NULL || f.live == NULL) return b->status = SYSTEM;
  mark_needed(&f);
  TRY(name_layers(&f));
  TRY(keep_tensors(&f));
  TRY(lay_constants(&f));
  TRY(keep_instructions(&f));
  TRY(plan_arena(&f));
  program->integer_only = true;
  for (int i = 0; i < program->instruction_count; i++)
    if (computes_in_float(program->instructions[i].opcode)) program->integer_only = false;
  return OK;
}
