/* Part of the role linear: products of two activations. */
#include "lower/products.h"
#include "lower/roles.h"

#define MAX_DEPTH 33025 /* of MATMUL: times 255 * 255 is below 2^31 */

int32_t product_transposed(Builder *b, const Value *matrix, Form form) {
  int32_t x = build_get(b, matrix, form, LAYOUT_PLAIN);
  int32_t rows = (int32_t)matrix->shape.dims[0], columns = (int32_t)matrix->shape.dims[1];
  EdgeTensor info = b->tensors[x].info;
  int32_t y = build_tensor(b, (EdgeType)info.type, 2, (uint32_t[]){(uint32_t)columns, (uint32_t)rows},
                           info.scale, info.zero_point);
  Loops loops = {.operands = 2};
  loops_add(&loops, columns, (int32_t[LOOP_OPERANDS]){rows, 1});
  loops_add(&loops, rows, (int32_t[LOOP_OPERANDS]){1, columns});
  build_copy(b, x, 0, y, 0, &loops);
  return y;
}

/* The operand before a Transpose of its last two axes, or NULL. */
static const Value *before_transpose(const Value *value) {
  const Node *node = value->producer;
  if (node == NULL || !node_is(node, "Transpose")) return NULL;
  const Attribute *perm = node_attribute(node, "perm");
  int rank = value->shape.rank;
  if (rank < 2 || (perm == NULL && rank != 2)) return NULL;
  for (int i = 0; perm != NULL && i < rank; i++) {
    int64_t expected = i < rank - 2 ? i : i == rank - 2 ? rank - 1 : rank - 2;
    if (perm->ints[i] != expected) return NULL;
  }
  return node->inputs[0];
}

/* A vector counts as a matrix of one row (of a) or one column (of b). */
static Shape as_matrix(const Shape *shape, bool is_first) {
  if (shape->rank > 1) return *shape;
  return is_first ? SHAPE(1, shape->dims[0]) : SHAPE(shape->dims[0], 1);
}

/* Batches and their strides, in matrices. */
static bool set_batches(EdgeMatmulParams *params, Shape a, Shape b) {
  a.rank -= 2;
  b.rank -= 2;
  Shape batch;
  Loops loops;
  if (!shape_broadcast(&a, &b, &batch)) return false;
  loops_broadcast(&loops, &batch, LAYOUT_PLAIN, 2, (const Shape *const[]){&a, &b},
                  (const Layout[]){LAYOUT_PLAIN, LAYOUT_PLAIN});
  return loops_store(&loops, &params->batch_rank, params->batch,
                     (int32_t *const[]){params->a_stride, params->b_stride});
}

/* Layout strides must be those of whole batches: rank 3 and 4 shapes without their matrices have none of the
   channel orders, so PLAIN is right above. */
static Status emit_pair(Builder *b, Form form, int32_t x, Shape a, int32_t w, Shape second, bool transposed,
                        double factor, const Value *output) {
  EdgeMatmulParams params = {.m = (int32_t)a.dims[a.rank - 2],
                             .k = (int32_t)a.dims[a.rank - 1],
                             .b_transposed = transposed,
                             .mult = 1,
                             .act_min = INT8_MIN,
                             .act_max = INT8_MAX};
  params.n = (int32_t)second.dims[second.rank - (transposed ? 2 : 1)];
  if (!set_batches(&params, a, second)) return build_unsupported(b, "too many batch axes");
  if (form == FORM_REAL) {
    int32_t y = build_result(b, output, FORM_REAL, LAYOUT_PLAIN);
    build_emit(b, EDGE_OP_MATMUL_F32, INPUTS(x, w), y, &params, sizeof params);
    return b->status;
  }
  Result result;
  if (!result_of(b, output, &result) || params.k > MAX_DEPTH) return lower_float(b);
  Codes in = codes_of_tensor(b, x), weight = codes_of_tensor(b, w);
  params.mult = (float)((double)in.scale * (double)weight.scale * factor / (double)result.codes.scale);
  params.act_min = result.codes.least;
  params.act_max = result.codes.most;
  int32_t y = result_before_table(b, &result, LAYOUT_PLAIN);
  build_emit(b, EDGE_OP_MATMUL, INPUTS(x, w), y, &params, sizeof params);
  result_after(b, &result, LAYOUT_PLAIN, y);
  return b->status;
}

static Status lower_matmul_pair(Builder *b, Form form) {
  const Node *node = b->node;
  const Value *first = node->inputs[0], *second = node->inputs[1], *before = before_transpose(second);
  bool transposed = before != NULL && build_form(before) == build_form(second) && build_has(b, before);
  if (transposed) second = before;
  int32_t x = build_get(b, first, form, LAYOUT_PLAIN), w = build_get(b, second, form, LAYOUT_PLAIN);
  return emit_pair(b, form, x, as_matrix(&first->shape, true), w, as_matrix(&second->shape, false),
                   transposed, 1, node->outputs[0]);
}

static Status lower_gemm_pair(Builder *b) {
  const Node *node = b->node;
  const Value *first = node->inputs[0], *second = node->inputs[1];
  Shape a = first->shape;
  if (node_input(node, 2) != NULL) return lower_float(b);
  int32_t x = build_get(b, first, FORM_CODES, LAYOUT_PLAIN);
  if (node_int(node, "transA", 0) != 0) {
    x = product_transposed(b, first, FORM_CODES);
    a = SHAPE(first->shape.dims[1], first->shape.dims[0]);
  }
  return emit_pair(b, FORM_CODES, x, a, build_get(b, second, FORM_CODES, LAYOUT_PLAIN), second->shape,
                   node_int(node, "transB", 0) != 0, node_float(node, "alpha", 1), node->outputs[0]);
}

Status lower_pair(Builder *b) {
  return node_is(b->node, "Gemm") ? lower_gemm_pair(b) : lower_matmul_pair(b, FORM_CODES);
}

Status lower_pair_float(Builder *b) {
  return lower_matmul_pair(b, FORM_REAL);
}
