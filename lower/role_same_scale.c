/* Role same-scale: values are moved or picked, never computed. */
#include "lower/moves.h"
#include "lower/reduces.h"
#include "lower/roles.h"
#include "lower/windows.h"

/* The pool in x's codes; y's are given to its (fewer) results where they differ. */
static Status lower_max_pool(Builder *b) {
  const Node *node = b->node;
  const Value *in = node->inputs[0], *out = node->outputs[0];
  Window2 w;
  if (node->output_count > 1 && is_wanted(node->outputs[1])) return build_unsupported(b, "no indices");
  if (move_form(in, out) != FORM_CODES) return lower_float(b);
  if (!window2_of(node, &in->shape, NULL, &w)) return build_unsupported(b, "more than two spatial axes");
  int32_t x = build_image(b, in, FORM_CODES);
  Codes codes = codes_of_tensor(b, x);
  EdgePoolParams params = pool_params(&w);
  params.act_min = codes.least;
  params.act_max = codes.most;
  uint32_t dims[4];
  layout_image(&out->shape, dims);
  int32_t y = build_tensor(b, codes.type, 4, dims, codes.scale, codes.zero_point);
  build_emit(b, EDGE_OP_MAXPOOL, INPUTS(x), y, &params, sizeof params);
  build_put(b, out, FORM_CODES, LAYOUT_LAST, requantized(b, y, codes_of_spec(out->spec)));
  return b->status;
}

static Status lower_extreme(Builder *b) {
  bool coded = is_integer_node(b->node);
  return lower_reduce(b, coded ? FORM_CODES : FORM_REAL);
}

static const struct {
  const char *name;
  Status (*lower)(Builder *b);
} operators[] = {
    {"Concat", lower_concat},     {"Split", lower_split},
    {"Slice", lower_slice},       {"Pad", lower_pad},
    {"Expand", lower_expand},     {"Transpose", lower_transpose},
    {"Resize", lower_resize},     {"Upsample", lower_resize},
    {"MaxPool", lower_max_pool},  {"GlobalMaxPool", lower_extreme},
    {"ReduceMax", lower_extreme}, {"ReduceMin", lower_extreme},
    {"Where", lower_where},       {"Gather", lower_gather},
};

Status lower_same_scale(Builder *b) {
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
    if (node_is(b->node, operators[i].name)) return operators[i].lower(b);
  return lower_moved(b);
}
