/* Pad: a constant border is a FILL and a COPY; reflect, edge and wrap pick rows by index, axis by axis. */
#include "lower/moves.h"
#include "lower/roles.h"

#include <string.h>

typedef struct Pads {
  int64_t before[GRAPH_MAX_RANK], after[GRAPH_MAX_RANK];
} Pads;

static bool read_pads(const Node *node, int rank, Pads *pads) {
  const Attribute *attribute = node_attribute(node, "pads");
  const Tensor *constant = node_constant(node, 1), *axes = node_constant(node, 3);
  int64_t count = attribute != NULL  ? (int64_t)attribute->count
                  : constant != NULL ? tensor_elements(constant)
                                     : 0;
  if (count == 0 || count % 2 != 0 || (axes == NULL && node_input(node, 3) != NULL)) return false;
  memset(pads, 0, sizeof *pads);
  for (int64_t k = 0; k < count / 2; k++) {
    int axis = (int)k;
    if (axes != NULL && !axis_normalize(tensor_get_integer(axes, k), rank, &axis)) return false;
    if (axis >= rank) return false;
    int64_t behind = k + count / 2;
    pads->before[axis] = attribute != NULL ? attribute->ints[k] : tensor_get_integer(constant, k);
    pads->after[axis] = attribute != NULL ? attribute->ints[behind] : tensor_get_integer(constant, behind);
  }
  return true;
}

/* ---- a constant border ---- */

/* The value as FILL takes it: a code, the bits of a float, or an integer. */
static int32_t fill_value(const Builder *b, int32_t tensor, double value) {
  const EdgeTensor *info = &b->tensors[tensor].info;
  if (info->scale > 0) return code_of(value, codes_of_tensor(b, tensor));
  if (info->type != EDGE_F32) return (int32_t)value;
  float real = (float)value;
  int32_t bits;
  memcpy(&bits, &real, sizeof bits);
  return bits;
}

static Status pad_constant(Builder *b, const Operand *x, const Value *out, Form form, const Pads *pads,
                           double value) {
  MoveBox box = move_box(&x->shape);
  Operand y = {build_result(b, out, form, x->layout), out->shape, x->layout};
  EdgeFillParams params = {fill_value(b, y.tensor, value)};
  build_emit(b, EDGE_OP_FILL, NULL, 0, y.tensor, &params, sizeof params);
  layout_strides(&x->shape, x->layout, box.x_stride);
  for (int d = 0; d < x->shape.rank; d++) { /* negative pads cut off */
    int64_t cut = pads->before[d] < 0 ? -pads->before[d] : 0,
            cut_after = pads->after[d] < 0 ? -pads->after[d] : 0;
    if (cut + cut_after >= x->shape.dims[d]) return b->status; /* nothing of x is left */
    box.start[d] = pads->before[d] + cut;
    box.extent[d] = x->shape.dims[d] - cut - cut_after;
    box.x_offset += cut * box.x_stride[d];
  }
  move_emit(b, x->tensor, &y, &box);
  return b->status;
}

/* ---- other borders ---- */

static int64_t modulo(int64_t a, int64_t n) {
  return (a % n + n) % n;
}

/* The position in 0..n-1 that position `at` of the border shows. */
static int64_t border(const char *mode, int64_t at, int64_t n) {
  if (strcmp(mode, "edge") == 0) return at < 0 ? 0 : at >= n ? n - 1 : at;
  if (strcmp(mode, "wrap") == 0) return modulo(at, n);
  if (n == 1) return 0;
  int64_t folded = modulo(at, 2 * (n - 1)); /* reflect */
  return folded < n ? folded : 2 * (n - 1) - folded;
}

static Status pad_picked(Builder *b, Operand x, const Value *out, Form form, const Pads *pads,
                         const char *mode) {
  for (int d = 0; d < out->shape.rank; d++) {
    int64_t count = out->shape.dims[d];
    if (pads->before[d] == 0 && pads->after[d] == 0) continue;
    int32_t *index = arena_new(&b->scratch, (size_t)count, sizeof *index, b->err);
    if (index == NULL) return b->status = SYSTEM;
    for (int64_t i = 0; i < count; i++)
      index[i] = (int32_t)border(mode, i - pads->before[d], x.shape.dims[d]);
    x = move_pick(b, &x, d, index, count);
  }
  build_put(b, out, form, x.layout, x.tensor);
  return b->status;
}

Status lower_pad(Builder *b) {
  const Node *node = b->node;
  const Value *in = node->inputs[0], *out = node->outputs[0];
  const Attribute *mode = node_attribute(node, "mode");
  double value = node_float(node, "value", 0);
  Pads pads;
  const Value *constant = node_input(node, 2);
  if (!read_pads(node, in->shape.rank, &pads) || (constant != NULL && !value_scalar(constant, &value)))
    return build_unsupported(b, "its pads are known only while running");
  Form form = move_form(in, out);
  Operand x = move_operand(b, in, out, form);
  if (mode == NULL || strcmp(mode->s, "constant") == 0) return pad_constant(b, &x, out, form, &pads, value);
  return pad_picked(b, x, out, form, &pads, mode->s);
}
