/* Rules of axes that many operators share. */
#include "operators/axes.h"

void axes_broadcast(AxisRules *rules, const Value *operand, const Value *out) {
  if (operand == NULL || out == NULL || !operand->has_shape) return;
  int lead = out->has_shape ? out->shape.rank - operand->shape.rank : 0;
  for (int d = 0; d < operand->shape.rank; d++) {
    if (operand->shape.dims[d] == 1)
      axis_free(rules, operand, d);
    else
      axis_same(rules, operand, d, out, d + lead);
  }
}

void axes_same_but(AxisRules *rules, const Value *a, const Value *b, int except) {
  for (int d = 0; a != NULL && b != NULL && d < a->shape.rank && d < b->shape.rank; d++)
    if (d != except) axis_same(rules, a, d, b, d);
}

void axes_elementwise(AxisRules *rules) {
  for (int o = 0; o < rules->node->output_count; o++)
    for (int i = 0; i < rules->node->input_count; i++)
      axes_broadcast(rules, rules_in(rules, i), rules_out(rules, o));
}

void axes_planes(AxisRules *rules) {
  for (int o = 0; o < rules->node->output_count; o++)
    for (int d = 0; d < 2; d++) axis_same(rules, rules_in(rules, 0), d, rules_out(rules, o), d);
}

void axes_per_channel(AxisRules *rules) {
  const Value *x = rules_in(rules, 0);
  axes_same_but(rules, x, rules_out(rules, 0), -1);
  for (int i = 1; i < rules->node->input_count; i++) axis_same(rules, rules_in(rules, i), 0, x, 1);
  for (int o = 1; o < rules->node->output_count; o++) axis_same(rules, rules_out(rules, o), 0, x, 1);
}

void axes_looked_at(AxisRules *rules) {
  for (int i = 0; i < rules->node->input_count; i++)
    for (int d = 0; d < GRAPH_MAX_RANK; d++) axis_free(rules, rules_in(rules, i), d);
}

/* ---- views ---- */

/* Axes from..to-1 of a value, without those of 1. */
typedef struct Span {
  const Value *value;
  int from, to;
} Span;

static int count_axes(Span span) {
  int count = 0;
  for (int d = span.from; d < span.to; d++) count += span.value->shape.dims[d] != 1;
  return count;
}

static void stop_span(AxisRules *rules, Span span, int except, const char *why) {
  for (int d = span.from; d < span.to; d++)
    if (d != except && axis_size(span.value, d) > 1) axis_stop(rules, span.value, d, why);
}

/* The one axis of several that holds channels which a weight made; -1 where there is none, or more. */
static int made_axis(const AxisRules *rules, Span span) {
  int found = -1;
  for (int d = span.from; d < span.to; d++) {
    int64_t first = axis_first_place(rules->ties, span.value, d);
    const Node *stopper;
    if (first < 0 || axis_size(span.value, d) == 1) continue;
    int64_t root = axis_root(rules->ties, first);
    if (!axis_root_made(rules->ties, root) || axis_root_stop(rules->ties, root, &stopper) != NULL) continue;
    if (found >= 0) return -1;
    found = d;
  }
  return found;
}

static int last_axis(Span span) {
  int last = span.to - 1;
  while (last > span.from && span.value->shape.dims[last] == 1) last--;
  return last;
}

/* Ties each place of `axis` to the places of the one axis that it is part of. */
static void tie_part(AxisRules *rules, Span parts, int axis, const Value *whole, int whole_axis) {
  int64_t size = parts.value->shape.dims[axis];
  int64_t inner = shape_product(&parts.value->shape, axis + 1, parts.to);
  int64_t count = axis_size(whole, whole_axis);
  for (int64_t i = 0; i < count; i++)
    axis_same_place(rules, parts.value, axis, i / inner % size, whole, whole_axis, i);
}

static void tie_spans(AxisRules *rules, Span in, Span out) {
  static const char beside[] = "mixes their axis with one of channels", mixed[] = "mixes axes";
  int in_axes = count_axes(in), out_axes = count_axes(out);
  int part = in_axes > 1 ? made_axis(rules, in) : last_axis(out);
  if (in_axes == 1 && out_axes == 1) {
    axis_same(rules, in.value, last_axis(in), out.value, last_axis(out));
  } else if (part >= 0 && in_axes > 1 && out_axes == 1) {
    tie_part(rules, in, part, out.value, last_axis(out));
    stop_span(rules, in, part, beside);
  } else if (in_axes == 1 && out_axes > 1) {
    tie_part(rules, out, part, in.value, last_axis(in));
    stop_span(rules, out, part, beside);
  } else {
    stop_span(rules, in, -1, mixed);
    stop_span(rules, out, -1, mixed);
  }
}

/* Takes axes into the spans until both have as many elements; false where a size is not known. */
static bool next_spans(Span *in, Span *out) {
  int in_rank = in->value->shape.rank, out_rank = out->value->shape.rank;
  int64_t a = 1, b = 1;
  in->from = in->to;
  out->from = out->to;
  do {
    Span *span = a <= b && in->to < in_rank ? in : out;
    if (span == out && out->to == out_rank) return false;
    int64_t dim = span->value->shape.dims[span->to++];
    if (dim < 1) return false;
    int64_t *elements = span == in ? &a : &b;
    if (__builtin_mul_overflow(*elements, dim, elements)) return false;
  } while (a != b || (a == 1 && in->to < in_rank && out->to < out_rank));
  return true;
}

static bool is_open(const Value *value, int axis) {
  return axis < value->shape.rank && !dim_is_known(value->shape.dims[axis]);
}

void axes_view(AxisRules *rules) {
  const Value *x = rules_in(rules, 0), *y = rules_out(rules, 0);
  if (x == NULL || y == NULL || !x->has_shape || !y->has_shape) return;
  Span in = {x, 0, 0}, out = {y, 0, 0};
  while (in.to < x->shape.rank || out.to < y->shape.rank) {
    if (is_open(x, in.to) && is_open(y, out.to)) { /* the batch, of any size */
      in.to++, out.to++;
      continue;
    }
    if (!next_spans(&in, &out)) break;
    tie_spans(rules, in, out);
  }
  for (int d = 1; d < rules->node->input_count; d++) axis_stop(rules, rules_in(rules, d), 0, "counts axes");
}

/* ---- what is left ---- */

int64_t cut_kept(const AxisCut *cut, const Value *value, int axis, int64_t from, int64_t to) {
  int64_t first = axis_first_place(cut->ties, value, axis), count = 0;
  if (first < 0) return to - from;
  for (int64_t i = from; i < to && i < axis_size(value, axis); i++) count += cut->kept[first + i];
  return count;
}

bool cut_changes(const AxisCut *cut, const Value *value, int axis) {
  int64_t size = axis_size(value, axis);
  return cut_kept(cut, value, axis, 0, size) < size;
}

static Status grow_inputs(const AxisCut *cut, int count) {
  Node *node = cut->node;
  if (node->input_count >= count) return OK;
  Value **inputs = arena_new(&cut->graph->arena, (size_t)count, sizeof *inputs, cut->err);
  if (inputs == NULL) return cut->err->status;
  for (int i = 0; i < node->input_count; i++) inputs[i] = node->inputs[i];
  node->inputs = inputs;
  node->input_count = count;
  return OK;
}

Status cut_set_ints(const AxisCut *cut, int i, ElementType type, const int64_t *ints, int count) {
  TRY(grow_inputs(cut, i + 1));
  Tensor *tensor = tensor_new(&cut->graph->arena, type, &SHAPE(count), cut->err);
  const char *base = arena_format(&cut->graph->arena, cut->err, "%s.sizes", cut->node->name);
  const char *name = base == NULL ? NULL : graph_unused_name(cut->graph, base, cut->err);
  if (tensor == NULL || name == NULL) return cut->err->status;
  for (int k = 0; k < count; k++) tensor_set_integer(tensor, k, ints[k]);
  cut->node->inputs[i] = graph_add_constant(cut->graph, name, tensor, cut->err);
  return cut->node->inputs[i] == NULL ? cut->err->status : OK;
}

Status cut_target_shape(AxisCut *cut) {
  const Value *out = cut->node->outputs[0];
  int64_t target[GRAPH_MAX_RANK];
  bool changes = false;
  int open = 0;
  for (int d = 0; d < out->shape.rank; d++) {
    bool known = dim_is_known(out->shape.dims[d]);
    target[d] = known ? cut_kept(cut, out, d, 0, out->shape.dims[d]) : -1;
    changes |= known && target[d] != out->shape.dims[d];
    open += !known;
  }
  if (!changes) return OK;
  if (open > 1)
    return fail(cut->err, UNSUPPORTED, "node '%s' (%s): more than one axis of its output has no known size",
                cut->node->name, cut->node->type);
  if (cut->node->input_count < 2)
    return node_set_ints(cut->graph, cut->node, "shape", target, (size_t)out->shape.rank, cut->err);
  return cut_set_ints(cut, 1, ELEMENT_INT64, target, out->shape.rank);
}
