/* reshape.c - Reshape: the same values under another shape. */
#include "operators/axes.h"
#include "operators/gradient.h"
#include "operators/reals.h"
#include "operators/shape/content.h"

typedef struct ReshapeParams {
  bool allowzero;
  Ints shape; /* before version 5 */
} ReshapeParams;

/* A product of dims as far as it is known: a number, and symbols (or unknown dims) that it is to be
   multiplied by. */
typedef struct DimProduct {
  int64_t number;
  int symbol_count;
  Dim symbols[GRAPH_MAX_RANK];
} DimProduct;

static bool product_add(DimProduct *product, Dim dim) {
  if (dim_is_known(dim)) return !__builtin_mul_overflow(product->number, dim, &product->number);
  product->symbols[product->symbol_count++] = dim;
  return true;
}

/* Divides both by the symbols that they share. Unknown dims are not known to be the same. */
static void product_cancel(DimProduct *a, DimProduct *b) {
  for (int i = 0; i < a->symbol_count;) {
    int j = 0;
    while (j < b->symbol_count && (b->symbols[j] != a->symbols[i] || a->symbols[i] == DIM_UNKNOWN)) j++;
    if (j == b->symbol_count) {
      i++;
      continue;
    }
    a->symbols[i] = a->symbols[--a->symbol_count];
    b->symbols[j] = b->symbols[--b->symbol_count];
  }
}

/* What the one open dimension must be so that given = others * open; unknown where that cannot be said. */
static Status open_dim(const Infer *infer, const DimProduct *given, const DimProduct *others, bool must_fit,
                       Dim *open) {
  *open = DIM_UNKNOWN;
  if (others->symbol_count > 0 || given->symbol_count > 1) return OK;
  if (others->number == 0) {
    if (!must_fit || given->symbol_count > 0) return OK;
    return infer_fail(infer, "dimension -1 of the target shape can be anything, since another one is 0");
  }
  if (given->symbol_count == 0 && given->number % others->number != 0)
    return infer_fail(infer, "%lld elements cannot be reshaped: %lld do not divide them",
                      (long long)given->number, (long long)others->number);
  if (given->symbol_count == 0) *open = given->number / others->number;
  if (given->symbol_count == 1 && given->number == others->number) *open = given->symbols[0];
  return OK;
}

/* The output's dims as the target says, but for the open one; *open is its number or -1. */
static Status read_target(const Infer *infer, const Content *target, bool zero_copies, Shape *out, int *open,
                          bool *minus_one) {
  const InferValue *in = &infer->in[0];
  *open = -1;
  for (int i = 0; i < target->count; i++) {
    const ContentItem *item = &target->items[i];
    bool is_minus_one = item->known && item->value == -1;
    if (item->known && item->value < -1)
      return infer_fail(infer, "the target shape has a dimension of %lld", (long long)item->value);
    if (is_minus_one && *minus_one) return infer_fail(infer, "the target shape has -1 twice");
    out->dims[i] = content_dim(item);
    if (item->known && item->value == 0 && zero_copies) {
      if (in->has_shape && i >= in->shape.rank)
        return infer_fail(infer, "dimension %d of the target shape is 0, but the input has only %d", i,
                          in->shape.rank);
      out->dims[i] = in->has_shape ? in->shape.dims[i] : DIM_UNKNOWN;
    }
    if (is_minus_one) *open = i;
    *minus_one |= is_minus_one;
  }
  return OK;
}

/* Where exactly one dim is unknown without being -1, it follows from the others all the same. */
static int only_unknown(const Shape *out) {
  int open = -1;
  for (int i = 0; i < out->rank; i++) {
    if (out->dims[i] != DIM_UNKNOWN) continue;
    if (open >= 0) return -1;
    open = i;
  }
  return open;
}

/* A dim that a 0 copies from an input's unknown one is the same on both sides. */
static Status multiply(const Infer *infer, const Content *target, bool zero_copies, const Shape *out,
                       int open, DimProduct *given, DimProduct *wanted) {
  const Shape *in = &infer->in[0].shape;
  bool fits = true;
  for (int i = 0; i < in->rank || i < out->rank; i++) {
    bool is_copied = zero_copies && i < target->count && target->items[i].known &&
                     target->items[i].value == 0 && i < in->rank && !dim_is_known(in->dims[i]);
    if (is_copied) continue;
    if (i < in->rank) fits &= product_add(given, in->dims[i]);
    if (i < out->rank && i != open) fits &= product_add(wanted, out->dims[i]);
  }
  return fits ? OK : infer_fail(infer, "the target shape has too many elements");
}

static Status fit(Infer *infer, const Content *target, bool zero_copies, Shape *out, int open,
                  bool minus_one) {
  if (!minus_one) open = only_unknown(out);
  DimProduct given = {.number = 1}, wanted = {.number = 1};
  TRY(multiply(infer, target, zero_copies, out, open, &given, &wanted));
  product_cancel(&given, &wanted);
  if (open >= 0) return open_dim(infer, &given, &wanted, minus_one, &out->dims[open]);
  if (given.symbol_count > 0 || wanted.symbol_count > 0 || given.number == wanted.number) return OK;
  return infer_fail(infer, "%lld elements cannot be reshaped to %lld", (long long)given.number,
                    (long long)wanted.number);
}

static Status infer_to(Infer *infer, const Content *target, bool allowzero) {
  if (target->count > GRAPH_MAX_RANK)
    return infer_fail(infer, "the target shape has %d dimensions, at most %d are possible", target->count,
                      GRAPH_MAX_RANK);
  Shape out = {.rank = target->count};
  int open;
  bool minus_one = false;
  TRY(read_target(infer, target, !allowzero, &out, &open, &minus_one));
  if (infer->in[0].has_shape) TRY(fit(infer, target, !allowzero, &out, open, minus_one));
  infer_set(infer, 0, infer->in[0].type, &out);
  content_pass(infer);
  return OK;
}

static Status reshape_infer(Infer *infer) {
  const ReshapeParams *params = infer->params;
  if (infer_input(infer, 1) == NULL) return infer_fail(infer, "input 1 ('shape') is missing");
  const InferValue *shape = &infer->in[1];
  if (shape->has_shape && shape->shape.rank != 1)
    return infer_fail(infer, "the target shape has %d dimensions instead of 1", shape->shape.rank);
  int64_t count = shape->has_shape ? shape_elements(&shape->shape) : 0;
  if (count > GRAPH_MAX_RANK)
    return infer_fail(infer, "the target shape has %lld dimensions, at most %d are possible",
                      (long long)count, GRAPH_MAX_RANK);
  Content target;
  if (!content_of(shape, &target)) return infer_open(infer, 0, infer->in[0].type);
  return infer_to(infer, &target, params->allowzero);
}

static Status reshape_infer_1(Infer *infer) {
  const ReshapeParams *params = infer->params;
  Content target = {.count = params->shape.count};
  if (target.count > GRAPH_MAX_RANK)
    return infer_fail(infer, "the target shape has %d dimensions, at most %d are possible", target.count,
                      GRAPH_MAX_RANK);
  for (int i = 0; i < target.count; i++) target.items[i] = content_known(params->shape.values[i]);
  return infer_to(infer, &target, false);
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(ReshapeParams, allowzero, FIELD_BOOL),
    ATTRIBUTE(ReshapeParams, shape, FIELD_INTS),
    {0},
};

const Op op_Reshape = {
    .name = "Reshape",
    .brief = "The same values under another shape; 0 keeps a dimension, -1 is what remains.",
    .versions = {{5, reshape_infer, run_copy, NULL, grad_view},
                 {1, reshape_infer_1, run_copy, NULL, grad_view}},
    .attributes = attributes,
    .params_bytes = sizeof(ReshapeParams),
    .inputs = {{"data", PORT_REQUIRED, ELEMENTS_ANY, "[...]"},
               {"shape", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT64), "[rank]"}},
    .outputs = {{"reshaped", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
    .axes = axes_view,
    .slim = cut_target_shape,
    .role = ROLE_VIEW,
    .is_alias = true,
    .samples = {{"f32[2,3,4], i64{0,-1}!", NULL},
                {"f32[2,3,4], i64{4,3,2}!", NULL},
                {"f32[0,3], i64{3,0}!", "allowzero=1"},
                {"i64{5}, i64[0]!", NULL},
                {"str[2,2], i64{-1}!", NULL},
                {"f32[2,6], -", "shape=[3,-1] opset=1"}},
};
