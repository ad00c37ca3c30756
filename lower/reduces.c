/* ReduceMean and its family, and global pooling. */
#include "lower/reduces.h"

#include "lower/moves.h"
#include "lower/roles.h"

#include <string.h>

static const struct {
  const char *name;
  EdgeReduceKind kind;
  bool global; /* over all positions: no axes to read */
} reductions[] = {
    {"GlobalAveragePool", EDGE_REDUCE_MEAN, true}, {"GlobalMaxPool", EDGE_REDUCE_MAX, true},
    {"ReduceMean", EDGE_REDUCE_MEAN, false},       {"ReduceSum", EDGE_REDUCE_SUM, false},
    {"ReduceMax", EDGE_REDUCE_MAX, false},         {"ReduceMin", EDGE_REDUCE_MIN, false},
    {"ReduceProd", EDGE_REDUCE_PROD, false},
};

static int find_reduction(const Node *node) {
  for (size_t i = 0; i < sizeof reductions / sizeof *reductions; i++)
    if (node_is(node, reductions[i].name)) return (int)i;
  return -1;
}

bool reduce_kind(const Node *node, EdgeReduceKind *kind) {
  int found = find_reduction(node);
  if (found >= 0) *kind = reductions[found].kind;
  return found >= 0;
}

static bool reduced_axes(const Node *node, int rank, bool axes[GRAPH_MAX_RANK]) {
  if (reductions[find_reduction(node)].global) {
    for (int d = 0; d < rank; d++) axes[d] = d >= 2;
    return true;
  }
  bool given;
  if (!node_axes(node, 1, rank, axes, &given)) return false;
  if (!given && node_int(node, "noop_with_empty_axes", 0) != 0) memset(axes, 0, (size_t)rank * sizeof *axes);
  return true;
}

/* Loops over the axes that stay (in y's order) and over those that go. */
static bool set_loops(EdgeReduceParams *params, const Operand *x, const bool *axes, Layout y_layout) {
  int32_t stride[GRAPH_MAX_RANK];
  int y_order[GRAPH_MAX_RANK], x_order[GRAPH_MAX_RANK];
  Loops outer = {.operands = 1}, inner = {.operands = 1};
  layout_strides(&x->shape, x->layout, stride);
  layout_order(&x->shape, y_layout, y_order);
  layout_order(&x->shape, x->layout, x_order);
  for (int k = 0; k < x->shape.rank; k++) {
    int kept = y_order[k], gone = x_order[k];
    if (!axes[kept]) loops_add(&outer, x->shape.dims[kept], (int32_t[LOOP_OPERANDS]){stride[kept]});
    if (axes[gone]) loops_add(&inner, x->shape.dims[gone], (int32_t[LOOP_OPERANDS]){stride[gone]});
  }
  return loops_store(&outer, &params->outer_rank, params->outer_dims,
                     (int32_t *const[]){params->outer_stride}) &&
         loops_store(&inner, &params->inner_rank, params->inner_dims,
                     (int32_t *const[]){params->inner_stride});
}

static int64_t reduced_count(const Shape *shape, const bool *axes) {
  int64_t count = 1;
  for (int d = 0; d < shape->rank; d++)
    if (axes[d]) count *= shape->dims[d];
  return count;
}

/* Largest and smallest stay in x's scale; only the (few) results are then given y's. */
static Status emit_extreme(Builder *b, EdgeReduceParams *params, const Operand *x, const Value *out,
                           Layout layout) {
  Codes codes = codes_of_tensor(b, x->tensor);
  uint32_t dims[EDGE_MAX_RANK];
  int rank = build_dims(&out->shape, layout, dims);
  params->act_min = codes.least;
  params->act_max = codes.most;
  int32_t y = build_tensor(b, codes.type, rank, dims, codes.scale, codes.zero_point);
  build_emit(b, EDGE_OP_REDUCE, INPUTS(x->tensor), y, params, sizeof *params);
  build_put(b, out, FORM_CODES, layout, requantized(b, y, codes_of_spec(out->spec)));
  return b->status;
}

static Status emit_mean(Builder *b, EdgeReduceParams *params, const Operand *x, const Result *result,
                        Layout layout, int64_t count) {
  double ratio = (double)codes_of_tensor(b, x->tensor).scale / (double)result->codes.scale;
  params->mult = (float)(params->kind == EDGE_REDUCE_MEAN ? ratio / (double)count : ratio);
  params->act_min = result->codes.least;
  params->act_max = result->codes.most;
  int32_t y = result_before_table(b, result, layout);
  build_emit(b, EDGE_OP_REDUCE, INPUTS(x->tensor), y, params, sizeof *params);
  result_after(b, result, layout, y);
  return b->status;
}

#define MAX_SUMMED (1 << 23) /* of REDUCE */

Status lower_reduce(Builder *b, Form form) {
  const Node *node = b->node;
  const Value *in = node->inputs[0], *out = node->outputs[0];
  bool axes[GRAPH_MAX_RANK];
  EdgeReduceParams params = {.mult = 1};
  if (!reduced_axes(node, in->shape.rank, axes))
    return build_unsupported(b, "its axes are known only while running");
  params.kind = (int32_t)reductions[find_reduction(node)].kind;
  int64_t count = reduced_count(&in->shape, axes);
  bool extreme = params.kind == EDGE_REDUCE_MAX || params.kind == EDGE_REDUCE_MIN;
  Result result;
  if (count > MAX_SUMMED) return build_unsupported(b, "it reduces more than 2^23 elements");
  if (form == FORM_CODES && (!result_of(b, out, &result) || params.kind == EDGE_REDUCE_PROD ||
                             (extreme && out->spec->kind != QUANT_INTEGER)))
    return lower_float(b);
  Operand x = elementwise_operand(b, in, form);
  Layout layout = out->shape.rank == in->shape.rank ? x.layout : LAYOUT_PLAIN;
  if (!set_loops(&params, &x, axes, layout)) return build_unsupported(b, "too many axes");
  if (form == FORM_CODES)
    return extreme ? emit_extreme(b, &params, &x, out, layout)
                   : emit_mean(b, &params, &x, &result, layout, count);
  int32_t y = build_result(b, out, FORM_REAL, layout);
  build_emit(b, EDGE_OP_REDUCE_F32, INPUTS(x.tensor), y, &params, sizeof params);
  return b->status;
}
