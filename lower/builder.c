/* Tensors and instructions of a program in the making. */
#include "lower/builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Status build_open(Builder *b, const Graph *graph, Arena *arena, Error *err) {
  *b = (Builder){.graph = graph, .arena = arena, .err = err};
  b->places = arena_new(arena, (size_t)graph->value_count, sizeof(Place), err);
  if (b->places == NULL) return b->status = SYSTEM;
  for (int i = 0; i < graph->value_count; i++) b->places[i] = (Place){.tensor = {{-1, -1}, {-1, -1}}};
  build_tensor(b, EDGE_S8, 0, NULL, 1.0f, 0); /* what failed requests return */
  return b->status;
}

void build_close(Builder *b) {
  arena_free(&b->scratch);
  free(b->tensors);
  free(b->instructions);
  text_free(&b->unsupported);
}

Status build_fail(Builder *b, Status status, const char *format, ...) {
  char message[1024];
  va_list arguments;
  if (b->status != OK) return b->status;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  if (b->node != NULL)
    fail(b->err, status, "node '%s' (%s): %s", b->node->name, b->node->type, message);
  else
    fail(b->err, status, "%s", message);
  return b->status = status;
}

Status build_unsupported(Builder *b, const char *reason) {
  if (b->status != OK) return b->status;
  text_add(&b->unsupported, "%snode '%s' (%s): %s", b->unsupported_count > 0 ? "; " : "", b->node->name,
           b->node->type, reason);
  b->unsupported_count++;
  for (int i = 0; i < b->node->output_count; i++) {
    const Value *value = b->node->outputs[i];
    if (value != NULL && !build_has(b, value)) build_put(b, value, FORM_REAL, LAYOUT_PLAIN, 0);
  }
  return b->status;
}

/* ---- tensors ---- */

bool edge_type_of(ElementType type, EdgeType *result) {
  switch (type) {
  case ELEMENT_FLOAT32:
  case ELEMENT_FLOAT16:
  case ELEMENT_BFLOAT16:
  case ELEMENT_FLOAT64:
    *result = EDGE_F32;
    return true;
  case ELEMENT_INT8:
    *result = EDGE_S8;
    return true;
  case ELEMENT_UINT8:
    *result = EDGE_U8;
    return true;
  case ELEMENT_INT32:
    *result = EDGE_S32;
    return true;
  case ELEMENT_INT64:
    *result = EDGE_S64;
    return true;
  case ELEMENT_BOOL:
    *result = EDGE_BOOL;
    return true;
  default:
    return false;
  }
}

static int32_t add_tensor(Builder *b, const DraftTensor *tensor) {
  if (b->status == OK)
    b->status = array_grow(&b->tensors, b->tensor_count, &b->tensor_capacity, sizeof *tensor, b->err);
  if (b->status != OK) return 0;
  b->tensors[b->tensor_count] = *tensor;
  return (int32_t)b->tensor_count++;
}

/* Sets rank, dims and elements; false where there are none or too many. */
static bool set_dims(EdgeTensor *info, int rank, const uint32_t *dims) {
  uint64_t elements = 1;
  info->rank = (uint8_t)rank;
  for (int i = 0; i < EDGE_MAX_RANK; i++) {
    info->dims[i] = i < rank ? dims[i] : 1;
    elements *= info->dims[i];
    if (elements == 0 || elements > INT32_MAX) return false;
  }
  info->elements = (uint32_t)elements;
  return true;
}

int32_t build_tensor(Builder *b, EdgeType type, int rank, const uint32_t *dims, float scale,
                     int32_t zero_point) {
  DraftTensor tensor = {.root = (int32_t)b->tensor_count};
  tensor.info = (EdgeTensor){.type = (uint8_t)type, .scale = scale, .zero_point = zero_point};
  if (!set_dims(&tensor.info, rank, dims)) {
    build_fail(b, UNSUPPORTED, "a tensor without elements, or with more than 2^31 - 1");
    return 0;
  }
  return add_tensor(b, &tensor);
}

int32_t build_alias(Builder *b, int32_t tensor, int rank, const uint32_t *dims) {
  DraftTensor alias = b->tensors[tensor];
  if (b->status != OK || !set_dims(&alias.info, rank, dims)) return 0;
  alias.root = b->tensors[tensor].root;
  for (size_t i = (size_t)alias.root; i < b->tensor_count; i++) /* there already? */
    if (b->tensors[i].root == alias.root && memcmp(&b->tensors[i].info, &alias.info, sizeof alias.info) == 0)
      return (int32_t)i;
  return add_tensor(b, &alias);
}

int32_t build_constant(Builder *b, EdgeType type, int rank, const uint32_t *dims, const void *data,
                       float scale, int32_t zero_point) {
  int32_t index = build_tensor(b, type, rank, dims, scale, zero_point);
  if (b->status != OK) return 0;
  DraftTensor *tensor = &b->tensors[index];
  size_t bytes = edge_tensor_bytes(&tensor->info);
  tensor->constant = arena_copy(b->arena, data, bytes, b->err);
  if (tensor->constant == NULL) {
    b->status = SYSTEM;
    return 0;
  }
  tensor->info.space = EDGE_CONSTANT;
  return index;
}

int build_dims(const Shape *shape, Layout layout, uint32_t dims[EDGE_MAX_RANK]) {
  int order[GRAPH_MAX_RANK], rank = 0;
  int merged = shape->rank > EDGE_MAX_RANK ? shape->rank - EDGE_MAX_RANK : 0;
  layout_order(shape, layout, order);
  for (int k = merged; k < shape->rank; k++) dims[rank++] = (uint32_t)shape->dims[order[k]];
  for (int k = 0; k < merged; k++) dims[0] *= (uint32_t)shape->dims[order[k]];
  return rank;
}

/* ---- instructions ---- */

void build_emit(Builder *b, EdgeOpcode opcode, const int32_t *inputs, int input_count, int32_t output,
                const void *params, size_t params_bytes) {
  while (input_count > 0 && inputs[input_count - 1] < 0) input_count--;
  if (b->status == OK)
    b->status = array_grow(&b->instructions, b->instruction_count, &b->instruction_capacity,
                           sizeof *b->instructions, b->err);
  if (b->status != OK) return;
  void *copy = arena_new(b->arena, params_bytes, 1, b->err);
  if (copy == NULL) {
    b->status = SYSTEM;
    return;
  }
  if (params_bytes > 0) memcpy(copy, params, params_bytes);
  ProgramInstruction *instruction = &b->instructions[b->instruction_count++];
  *instruction = (ProgramInstruction){.opcode = opcode,
                                      .input_count = input_count,
                                      .output_count = 1,
                                      .params = copy,
                                      .param_words = (int)(params_bytes / 4),
                                      .layer = ""};
  for (int i = 0; i < input_count; i++) instruction->tensor[i] = inputs[i];
  instruction->tensor[input_count] = output;
}

void build_copy(Builder *b, int32_t x, int64_t x_offset, int32_t y, int64_t y_offset, const Loops *loops) {
  EdgeCopyParams params = {.x_offset = (int32_t)x_offset, .y_offset = (int32_t)y_offset};
  if (!loops_store(loops, &params.rank, params.dims, (int32_t *const[]){params.y_stride, params.x_stride})) {
    build_fail(b, UNSUPPORTED, "a copy along more than %d axes", EDGE_MAX_RANK);
    return;
  }
  build_emit(b, EDGE_OP_COPY, INPUTS(x), y, &params, sizeof params);
}
