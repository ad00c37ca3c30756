#include "formats/edge/edge_parts.h"

#include "formats/edge/edge_steps.h"

#include <string.h>

/* ---- sections ---- */

static const char *section_name(uint32_t type) {
  switch (type) {
  case EDGE_SECTION_TENSORS:
    return "tensor table";
  case EDGE_SECTION_CODE:
    return "code";
  case EDGE_SECTION_WEIGHTS:
    return "constants";
  case EDGE_SECTION_IO:
    return "inputs and outputs";
  case EDGE_SECTION_STRINGS:
    return "names";
  case EDGE_SECTION_LAYERS:
    return "layers";
  case EDGE_SECTION_SELF_TEST:
    return "self-test";
  case EDGE_SECTION_META:
    return "provenance";
  default:
    return "other";
  }
}

static void add_part(EdgeParts *parts, const char *name, int64_t bytes, int64_t raw) {
  parts->parts[parts->count++] = (EdgePart){name, bytes, raw};
}

void edge_parts(const void *bytes, size_t size, EdgeParts *parts) {
  EdgeHeader header;
  memcpy(&header, bytes, sizeof header);
  int64_t head = (int64_t)sizeof header + (int64_t)header.section_count * (int64_t)sizeof(EdgeSection);
  int64_t sum = head;
  *parts = (EdgeParts){0};
  add_part(parts, "header", head, head);
  for (uint32_t i = 0; i < header.section_count && i < EDGE_FILE_MAX_SECTIONS; i++) {
    EdgeSection section;
    memcpy(&section, (const uint8_t *)bytes + sizeof header + i * sizeof section, sizeof section);
    add_part(parts, section_name(section.type), section.stored_bytes, section.raw_bytes);
    sum += section.stored_bytes;
  }
  add_part(parts, "gaps", (int64_t)size - sum, (int64_t)size - sum);
}

/* ---- constants ---- */

typedef struct Gathering {
  const EdgeModel *model;
  EdgeConstants *constants;
  bool *is_known; /* by offset, in units of EDGE_ALIGNMENT */
  int named;      /* constants before this one have their layer */
} Gathering;

static int64_t bytes_of(const EdgeTensor *tensor) {
  static const int sizes[] = {
#define X(name, number, size, text) [number] = size,
      EDGE_TYPES(X)
#undef X
  };
  return (int64_t)tensor->elements * sizes[tensor->type];
}

/* True the first time. */
static bool is_new(const Gathering *gathering, const EdgeTensor *tensor) {
  bool *known = &gathering->is_known[tensor->offset / EDGE_ALIGNMENT], before = *known;
  *known = true;
  return !before;
}

static void add_operands(Gathering *gathering, const EdgeInstruction *instruction, const EdgeStep *step) {
  const EdgeModel *model = gathering->model;
  for (int i = 0; i < instruction->inputs; i++) {
    int32_t index = instruction->words[i];
    const EdgeTensor *tensor = index < 0 ? NULL : &model->tensors[index];
    if (tensor == NULL || tensor->space != EDGE_CONSTANT || !is_new(gathering, tensor)) continue;
    gathering->constants->constants[gathering->constants->count++] =
        (EdgeConstant){.tensor = tensor,
                       .data = model->weights + tensor->offset,
                       .bytes = bytes_of(tensor),
                       .opcode = step->opcode,
                       .layer = "",
                       .operand = i};
  }
}

Status edge_constants(EdgeConstants *constants, const EdgeModel *model, Arena *arena, Error *err) {
  Gathering gathering = {.model = model, .constants = constants};
  EdgeStep step;
  *constants = (EdgeConstants){.gaps = model->weights_bytes};
  constants->constants = arena_new(arena, model->tensor_count, sizeof *constants->constants, err);
  gathering.is_known = arena_new(arena, model->weights_bytes / EDGE_ALIGNMENT + 1, sizeof(bool), err);
  if (constants->constants == NULL || gathering.is_known == NULL) return err->status;
  EdgeWalk walk = edge_walk(model);
  for (const uint8_t *at = walk.at; edge_walk_next(&walk, &step); at = walk.at) {
    add_operands(&gathering, (const EdgeInstruction *)(const void *)at, &step);
    if (step.layer[0] == '\0') continue;
    for (; gathering.named < constants->count; gathering.named++)
      constants->constants[gathering.named].layer = step.layer;
  }
  for (int i = 0; i < constants->count; i++) constants->gaps -= constants->constants[i].bytes;
  return OK;
}
