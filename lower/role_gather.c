/* Role gather: rows of a table, constant or not, by index. */
#include "lower/linear.h"
#include "lower/moves.h"
#include "lower/roles.h"

/* True for a table with a scale a row: of a scheme that keeps floats, or with 4 bits. */
static bool is_coded_table(const Node *node, const Value *table) {
  const QuantSpec *spec = table->spec;
  bool is_narrow = spec != NULL && spec->kind == QUANT_INTEGER && spec->bits == 4;
  return node_constant(node, 0) != NULL && (is_narrow || linear_is_coded(node, spec));
}

/* Rows of such a table as floats, or as codes of the result. */
static Status gather_coded(Builder *b) {
  const Node *node = b->node;
  const Value *table = node->inputs[0], *out = node->outputs[0];
  const Shape *shape = &table->shape;
  EdgeGatherCodedParams params = {(int32_t)shape->dims[0], (int32_t)shape->dims[1]};
  Form form = build_form(out);
  Linear linear = {.rows = linear_floats(b, table->constant),
                   .outputs = shape->dims[0],
                   .kernel_h = 1,
                   .kernel_w = 1,
                   .group_channels = shape->dims[1],
                   .weight = table->spec,
                   .factor = form == FORM_CODES ? 1 / (double)out->spec->scales[0] : 1};
  CodedWeights coded = linear_coded_weights(b, &linear);
  int32_t rows = build_get(b, node->inputs[1], FORM_REAL, LAYOUT_PLAIN);
  int32_t y = build_result(b, out, form, LAYOUT_PLAIN);
  build_emit(b, EDGE_OP_GATHER_CODED, INPUTS(coded.codes, rows, coded.scale, coded.factors), y, &params,
             sizeof params);
  return b->status;
}

Status lower_gather(Builder *b) {
  const Node *node = b->node;
  const Value *in = node->inputs[0], *indices = node->inputs[1], *out = node->outputs[0];
  int axis;
  if (!node_is(node, "Gather") || !axis_normalize(node_int(node, "axis", 0), in->shape.rank, &axis))
    return build_unsupported(b, "the runtime has no instruction for it");
  if (is_coded_table(node, in)) return gather_coded(b);
  Form form = move_form(in, out);
  if (form == FORM_REAL) build_get(b, in, form, LAYOUT_PLAIN);
  Operand x = move_operand(b, in, out, form);
  if (x.layout != LAYOUT_PLAIN) { /* the result has the model's order */
    x = (Operand){build_get(b, in, form, LAYOUT_PLAIN), in->shape, LAYOUT_PLAIN};
    if (form == FORM_CODES) x.tensor = requantized(b, x.tensor, codes_of_spec(out->spec));
  }
  AxisView view = axis_view(&x, axis);
  EdgeGatherParams params = {view.outer, view.length, view.inner};
  int32_t rows = build_get(b, indices, FORM_REAL, LAYOUT_PLAIN);
  int32_t y = build_result(b, out, form, LAYOUT_PLAIN);
  build_emit(b, EDGE_OP_GATHER, INPUTS(x.tensor, rows), y, &params, sizeof params);
  return b->status;
}
