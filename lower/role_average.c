/* Role average: AveragePool, means and sums over axes, linear Resize. */
#include "lower/moves.h"
#include "lower/reduces.h"
#include "lower/roles.h"
#include "lower/windows.h"

static Status lower_average_pool(Builder *b) {
  const Node *node = b->node;
  const Value *in = node->inputs[0];
  Window2 w;
  Result result;
  if (!window2_of(node, &in->shape, NULL, &w) || !result_of(b, node->outputs[0], &result))
    return lower_float(b);
  int32_t x = build_image(b, in, FORM_CODES);
  double ratio = (double)codes_of_tensor(b, x).scale / (double)result.codes.scale;
  EdgePoolParams params = pool_params(&w);
  params.count_include_pad = node_int(node, "count_include_pad", 0) != 0;
  params.mult = (float)ratio;
  params.act_min = result.codes.least;
  params.act_max = result.codes.most;
  uint32_t dims[4];
  layout_image(&result.value->shape, dims);
  int32_t y = result_before_table(b, &result, LAYOUT_LAST);
  build_emit(b, EDGE_OP_AVGPOOL, INPUTS(x), build_alias(b, y, 4, dims), &params, sizeof params);
  result_after(b, &result, LAYOUT_LAST, y);
  return b->status;
}

Status lower_average(Builder *b) {
  EdgeReduceKind kind;
  if (reduce_kind(b->node, &kind)) return lower_reduce(b, FORM_CODES);
  if (node_is(b->node, "AveragePool")) return lower_average_pool(b);
  if (node_is(b->node, "Resize") || node_is(b->node, "Upsample")) return lower_resize(b);
  return lower_float(b);
}
