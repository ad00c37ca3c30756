/*
 * Operators that move elements in a pattern of their own (DepthToSpace, Tile ...): the pattern is what the
 * operator's own kernel does to the numbers 1, 2, 3 ..., and a strided copy where it is regular.
 */
#include "lower/moves.h"
#include "lower/own_kernel.h"
#include "lower/roles.h"

#define MOST_ELEMENTS (1 << 24) /* of input and output: whole numbers up to there are exact in float32 */

/* The numbers of x's places in memory, counted from 1, in the model's order. */
static Tensor *numbered(Builder *b, const Operand *x) {
  Tensor *tensor = tensor_new(&b->scratch, ELEMENT_FLOAT32, &x->shape, b->err);
  if (tensor == NULL) {
    b->status = SYSTEM;
    return NULL;
  }
  int32_t stride[GRAPH_MAX_RANK];
  int64_t count = tensor_elements(tensor);
  layout_strides(&x->shape, x->layout, stride);
  for (int64_t i = 0; i < count; i++) {
    int64_t rest = i, place = 0;
    for (int d = x->shape.rank - 1; d >= 0; d--) {
      place += rest % x->shape.dims[d] * stride[d];
      rest /= x->shape.dims[d];
    }
    ((float *)tensor->data)[i] = (float)(place + 1);
  }
  return tensor;
}

/* How many elements from the first on, `step` apart in the list, lie at equal distances. */
static int64_t run_length(const float *place, int64_t step, int64_t count) {
  int64_t length = count > 1 ? 2 : 1;
  while (length < count && place[length * step] - place[(length - 1) * step] == place[step] - place[0])
    length++;
  return length;
}

/* The list as nested loops, innermost first: false where it is not regular. */
static bool find_loops(const float *place, int64_t count, Loops *loops) {
  int32_t dims[GRAPH_MAX_RANK], strides[GRAPH_MAX_RANK];
  int depth = 0;
  int64_t step = 1;
  for (int64_t left = count; left > 1; depth++) {
    int64_t length = run_length(place, step, left);
    while (left % length != 0) length--;
    if (depth == GRAPH_MAX_RANK || length < 2) return false;
    dims[depth] = (int32_t)length;
    strides[depth] = (int32_t)(place[step] - place[0]);
    left /= length;
    step *= length;
  }
  *loops = (Loops){.operands = 2};
  for (int k = depth - 1; k >= 0; k--) {
    step /= dims[k];
    loops_add(loops, dims[k], (int32_t[LOOP_OPERANDS]){(int32_t)step, strides[k]});
  }
  return true;
}

/* True if the loops reach what the list says, everywhere. */
static bool loops_agree(const float *place, const Loops *loops) {
  int32_t index[GRAPH_MAX_RANK] = {0};
  double at = 0;
  for (int64_t i = 0;; i++) {
    if (place[i] - place[0] != (float)at) return false;
    int k = loops->rank - 1;
    for (; k >= 0; k--) {
      at += loops->stride[1][k];
      if (++index[k] < loops->dims[k]) break;
      at -= (double)loops->stride[1][k] * loops->dims[k];
      index[k] = 0;
    }
    if (k < 0) return true;
  }
}

/* The list in the order in which y lies. */
static const float *ordered(Builder *b, const Tensor *places, const Operand *y) {
  float *list = arena_new(&b->scratch, (size_t)tensor_elements(places), sizeof *list, b->err);
  int32_t stride[GRAPH_MAX_RANK];
  if (list == NULL) {
    b->status = SYSTEM;
    return NULL;
  }
  layout_strides(&y->shape, y->layout, stride);
  for (int64_t i = 0; i < tensor_elements(places); i++) {
    int64_t rest = i, at = 0;
    for (int d = y->shape.rank - 1; d >= 0; d--) {
      at += rest % y->shape.dims[d] * stride[d];
      rest /= y->shape.dims[d];
    }
    list[at] = ((const float *)places->data)[i];
  }
  return list;
}

static void emit_picked(Builder *b, const Operand *x, const float *place, const Operand *y) {
  int64_t count = shape_elements(&y->shape);
  int32_t *index = arena_new(&b->scratch, (size_t)count, sizeof *index, b->err);
  if (index == NULL) {
    b->status = SYSTEM;
    return;
  }
  for (int64_t i = 0; i < count; i++) index[i] = (int32_t)place[i] - 1;
  EdgeGatherParams params = {1, (int32_t)shape_elements(&x->shape), 1};
  int32_t indices = build_constant(b, EDGE_S32, 1, (uint32_t[]){(uint32_t)count}, index, 0.0f, 0);
  build_emit(b, EDGE_OP_GATHER, INPUTS(x->tensor, indices), y->tensor, &params, sizeof params);
}

static bool is_known_pattern(const Node *node) {
  for (int i = 1; i < node->input_count; i++)
    if (node->inputs[i] != NULL && node->inputs[i]->constant == NULL) return false;
  return node->output_count == 1 && shape_elements(&node->inputs[0]->shape) <= MOST_ELEMENTS &&
         shape_elements(&node->outputs[0]->shape) <= MOST_ELEMENTS;
}

static bool has_fill(const float *place, int64_t count) {
  for (int64_t i = 0; i < count; i++)
    if (!(place[i] >= 1)) return true;
  return false;
}

Status lower_moved(Builder *b) {
  const Node *node = b->node;
  const Value *in = node->inputs[0], *out = node->outputs[0];
  if (!is_known_pattern(node)) return build_unsupported(b, "what it moves is known only while running");
  Form form = move_form(in, out);
  Operand x = move_operand(b, in, out, form);
  Tensor *numbers = numbered(b, &x), *places = tensor_new(&b->scratch, ELEMENT_FLOAT32, &out->shape, b->err);
  if (numbers == NULL || places == NULL) return b->status = SYSTEM;
  if (run_own_kernel(b, node, in, numbers, places) != OK) return b->status;
  Layout layout = layout_has_channels(&out->shape) ? x.layout : LAYOUT_PLAIN;
  Operand y = {0, out->shape, layout};
  const float *place = ordered(b, places, &y);
  Loops loops;
  if (place == NULL) return b->status;
  if (has_fill(place, tensor_elements(places))) return build_unsupported(b, "it puts in values of its own");
  y.tensor = build_result(b, out, form, layout);
  if (find_loops(place, tensor_elements(places), &loops) && loops.rank <= EDGE_MAX_RANK &&
      loops_agree(place, &loops))
    build_copy(b, x.tensor, (int64_t)place[0] - 1, y.tensor, 0, &loops);
  else
    emit_picked(b, &x, place, &y);
  return b->status;
}
