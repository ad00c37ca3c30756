/* transpose.c - Transpose: the axes in another order. */
#include "operators/axes.h"
#include "operators/gradient_moved.h"
#include "operators/move/element_copy.h"

typedef struct TransposeParams {
  Ints perm;
} TransposeParams;

/* Input axis that output axis d is. */
static int64_t source_axis(const TransposeParams *params, int rank, int d) {
  return params->perm.given ? params->perm.values[d] : rank - 1 - d;
}

static Status transpose_check(const Node *node, void *params, Error *err) {
  const Ints *perm = &((TransposeParams *)params)->perm;
  bool seen[GRAPH_MAX_RANK] = {false};
  for (int d = 0; d < perm->count; d++) {
    int64_t axis = perm->values[d];
    if (perm->count > GRAPH_MAX_RANK || axis < 0 || axis >= perm->count || seen[axis])
      return fail(err, BAD_INPUT, "node '%s' (%s): attribute 'perm' is no order of the axes 0 to %d",
                  node->name, node->type, perm->count - 1);
    seen[axis] = true;
  }
  return OK;
}

static Status transpose_infer(Infer *infer) {
  const TransposeParams *params = infer->params;
  const InferValue *in = &infer->in[0];
  infer->out[0].type = in->type;
  if (!in->has_shape) return OK;
  Shape out = {.rank = in->shape.rank};
  if (params->perm.given && params->perm.count != out.rank)
    return infer_fail(infer, "attribute 'perm' has %d axes, the input %d", params->perm.count, out.rank);
  for (int d = 0; d < out.rank; d++) out.dims[d] = in->shape.dims[source_axis(params, out.rank, d)];
  infer_set(infer, 0, in->type, &out);
  return OK;
}

static Status transpose_run(Run *run) {
  const Tensor *in = run->in[0];
  int rank = in->shape.rank;
  int64_t strides[GRAPH_MAX_RANK];
  shape_strides(&in->shape, strides);
  CopyAxis axes[GRAPH_MAX_RANK];
  for (int d = 0; d < rank; d++) {
    int64_t from = source_axis(run->params, rank, d);
    axes[d] = (CopyAxis){in->shape.dims[from], strides[from]};
  }
  copy_strided(run->out[0]->data, in->data, element_bytes(in->type), axes, rank);
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(TransposeParams, perm, FIELD_INTS),
    {0},
};

static void transpose_axes(AxisRules *rules) {
  const Value *in = rules_in(rules, 0), *out = rules_out(rules, 0);
  for (int d = 0; in != NULL && in->has_shape && d < in->shape.rank; d++)
    axis_same(rules, in, (int)source_axis(rules->params, in->shape.rank, d), out, d);
}

const Op op_Transpose = {
    .name = "Transpose",
    .brief = "The axes in another order; reversed where `perm` is absent.",
    .versions = {{1, transpose_infer, transpose_run, NULL, grad_moved}},
    .attributes = attributes,
    .params_bytes = sizeof(TransposeParams),
    .check = transpose_check,
    .inputs = {{"data", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
    .outputs = {{"transposed", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
    .axes = transpose_axes,
    .role = ROLE_VIEW,
    .samples = {{"f32[2,3,4]", NULL},
                {"f32[1,3,4,5]", "perm=[0,2,3,1]"},
                {"i8[2,3,4]", "perm=[1,0,2]"},
                {"str[2,3]", "perm=[1,0]"},
                {"f64[0,3]", NULL},
                {"i16[3,5]", NULL}},
};
