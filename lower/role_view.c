/* Role view: the same elements under another shape cost nothing where they lie in the right order; Transpose
 * and Expand move them. */
#include "lower/moves.h"
#include "lower/roles.h"

/* Batch and channels stay and only the positions are renumbered: then channels-last stays channels-last. */
static bool keeps_channels(const Shape *in, const Shape *out) {
  return layout_has_channels(in) && layout_has_channels(out) && in->dims[0] == out->dims[0] &&
         in->dims[1] == out->dims[1];
}

Status lower_view(Builder *b) {
  const Node *node = b->node;
  if (node_is(node, "Transpose")) return lower_transpose(b);
  if (node_is(node, "Expand")) return lower_expand(b);
  const Value *in = node->inputs[0], *out = node->outputs[0];
  if (shape_elements(&in->shape) != shape_elements(&out->shape))
    return build_unsupported(b, "its output has another number of elements than its input");
  Form form = move_form(in, out);
  Layout layout = build_layout(b, in) == LAYOUT_LAST && keeps_channels(&in->shape, &out->shape)
                      ? LAYOUT_LAST
                      : LAYOUT_PLAIN;
  int32_t x = build_get(b, in, form, layout);
  if (form == FORM_CODES) x = requantized(b, x, codes_of_spec(out->spec));
  build_put(b, out, form, layout, x);
  return b->status;
}
