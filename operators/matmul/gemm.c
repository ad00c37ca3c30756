#include "operators/matmul/gemm.h"
#include "operators/axes.h"

#include "operators/gradient.h"
#include "operators/panel_product.h"
#include "operators/product.h"
#include "operators/reals.h"

static const AttributeRow attributes[] = {ATTRIBUTE(GemmParams, alpha, FIELD_FLOAT, .otherwise_float = 1),
                                          ATTRIBUTE(GemmParams, beta, FIELD_FLOAT, .otherwise_float = 1),
                                          ATTRIBUTE(GemmParams, transA, FIELD_BOOL, .otherwise = 0),
                                          ATTRIBUTE(GemmParams, transB, FIELD_BOOL, .otherwise = 0),
                                          ATTRIBUTE(GemmParams, broadcast, FIELD_INT, .otherwise = 0),
                                          {0}};

static Status infer_gemm(Infer *infer) {
  const GemmParams *params = infer->params;
  const InferValue *a = &infer->in[0], *b = &infer->in[1], *c = infer_input(infer, 2);
  if (infer_types_differ(infer, 0, 1) || infer_types_differ(infer, 0, 2))
    return infer_fail(infer, "the inputs differ in type");
  infer->out[0].type = a->type;
  if (!a->has_shape || !b->has_shape) return OK;
  if (a->shape.rank != 2 || b->shape.rank != 2) return infer_fail(infer, "A and B must have two axes");
  Dim left = a->shape.dims[!params->transA], right = b->shape.dims[params->transB];
  if (dim_is_known(left) && dim_is_known(right) && left != right)
    return infer_fail(infer, "rows of %lld elements cannot be multiplied by columns of %lld", (long long)left,
                      (long long)right);
  Shape shape = SHAPE(a->shape.dims[params->transA], b->shape.dims[!params->transB]);
  if (c != NULL && c->has_shape) {
    if (c->shape.rank > 2) return infer_fail(infer, "C has more than two axes");
    for (int i = 0; i < c->shape.rank; i++) {
      Dim dim = c->shape.dims[c->shape.rank - 1 - i], out = shape.dims[1 - i];
      if (dim_is_known(dim) && dim_is_known(out) && dim != 1 && dim != out)
        return infer_fail(infer, "C cannot be broadcast to the product");
    }
  }
  infer_set(infer, 0, a->type, &shape);
  return OK;
}

typedef struct GemmCase {
  int64_t m, n, k;
  int64_t c_row, c_column; /* steps of C; 0 where it is broadcast */
} GemmCase;

static void gemm_case(const Run *run, GemmCase *c) {
  const GemmParams *params = run->params;
  c->m = run->out[0]->shape.dims[0];
  c->n = run->out[0]->shape.dims[1];
  c->k = run->in[0]->shape.dims[!params->transA];
  c->c_row = c->c_column = 0;
  const Tensor *added = run_input(run, 2);
  if (added == NULL) return;
  const Shape *shape = &added->shape;
  if (shape->rank > 0 && shape->dims[shape->rank - 1] != 1) c->c_column = 1;
  if (shape->rank > 1 && shape->dims[0] != 1) c->c_row = shape->dims[1];
}

static Status plain_gemm(Run *run) {
  const GemmParams *params = run->params;
  GemmCase g;
  gemm_case(run, &g);
  const Tensor *added = run_input(run, 2);
  const double *a = reals_of(run, run->in[0]), *b = reals_of(run, run->in[1]);
  if (a == NULL || b == NULL) return fail_memory(run->err);
  for (int64_t i = 0; i < g.m; i++)
    for (int64_t j = 0; j < g.n; j++) {
      double sum = 0;
      for (int64_t l = 0; l < g.k; l++)
        sum += a[params->transA ? l * g.m + i : i * g.k + l] * b[params->transB ? j * g.k + l : l * g.n + j];
      sum *= (double)params->alpha;
      if (added != NULL) sum += (double)params->beta * tensor_get(added, i * g.c_row + j * g.c_column);
      tensor_set(run->out[0], i * g.n + j, sum);
    }
  return OK;
}

/* out = alpha * product + beta * C, where element [i][j] of the product lies at i * row + j * column. */
static void finish(const Run *run, const GemmCase *g, const float *product, int64_t row, int64_t column) {
  const GemmParams *params = run->params;
  const Tensor *added = run_input(run, 2);
  const float *c = added == NULL ? NULL : added->data;
  float *out = run->out[0]->data;
  for (int64_t i = 0; i < g->m; i++)
    for (int64_t j = 0; j < g->n; j++) {
      float scaled = params->alpha * product[i * row + j * column];
      out[i * g->n + j] = c == NULL ? scaled : scaled + params->beta * c[i * g->c_row + j * g->c_column];
    }
}

/* B as it is stored for transB may be the left-hand matrix, which nothing has to copy: then the product is
   the transposed one. A row of the result does not depend on how many others there are. */
static Status panel_gemm(Run *run, const GemmCase *g) {
  static const int64_t none = 0;
  const GemmParams *params = run->params;
  const float *a = run->in[0]->data, *b = run->in[1]->data;
  float *panels = floats_new(run, PANEL_FLOATS), *product = floats_new(run, g->m * g->n);
  if (panels == NULL || product == NULL) return fail_memory(run->err);
  PanelProduct p = panel_product_of(g->m, g->n, g->k, a, b, product, panels);
  if (params->transB) {
    p = panel_product_of(g->n, g->m, g->k, b, a, product, panels);
    p.b = (PanelSource){.data = a,
                        .end = a + g->m * g->k,
                        .channel_step = 1,
                        .taps = 1,
                        .offsets = &none,
                        .width = 1,
                        .row_step = g->k};
  }
  panel_product(&p);
  finish(run, g, product, params->transB ? 1 : g->n, params->transB ? g->m : 1);
  return OK;
}

static Status fast_gemm(Run *run) {
  const GemmParams *params = run->params;
  GemmCase g;
  gemm_case(run, &g);
  if (run->in[0]->type != ELEMENT_FLOAT32 || !product_fits(g.m) || !product_fits(g.n) || !product_fits(g.k))
    return plain_gemm(run);
  if (panel_product_runs() && !params->transA && g.m >= PANEL_LEAST_ROWS && g.n > 1 && g.k > 0)
    return panel_gemm(run, &g);
  const Tensor *added = run_input(run, 2);
  float *out = run->out[0]->data;
  if (added != NULL) {
    const float *c = added->data;
    for (int64_t i = 0; i < g.m; i++)
      for (int64_t j = 0; j < g.n; j++) out[i * g.n + j] = params->beta * c[i * g.c_row + j * g.c_column];
  }
  Matrix a = {run->in[0]->data, params->transA ? g.m : g.k, params->transA};
  Matrix b = {run->in[1]->data, params->transB ? g.k : g.n, params->transB};
  product_f32(g.m, g.n, g.k, params->alpha, a, b, added == NULL ? 0 : 1, out, g.n);
  return OK;
}

static Matrix flipped(Matrix matrix) {
  matrix.transposed = !matrix.transposed;
  return matrix;
}

/* dA = alpha dY B' and dB = alpha A' dY, each transposed where the operand is; dC is beta times dY, summed
   over what C was stretched along. */
static Status grad_gemm(Grad *grad) {
  const GemmParams *params = grad->run.params;
  GemmCase g;
  gemm_case(&grad->run, &g);
  const float *dy = grad_of_output(grad, 0);
  float *da = grad_of_input(grad, 0), *db = grad_of_input(grad, 1), *dc = grad_of_input(grad, 2);
  Matrix a = {grad->run.in[0]->data, params->transA ? g.m : g.k, params->transA};
  Matrix b = {grad->run.in[1]->data, params->transB ? g.k : g.n, params->transB};
  Matrix y = {dy, g.n, false};
  if (da != NULL && params->transA) product_f32(g.k, g.m, g.n, params->alpha, b, flipped(y), 0, da, g.m);
  if (da != NULL && !params->transA) product_f32(g.m, g.k, g.n, params->alpha, y, flipped(b), 0, da, g.k);
  if (db != NULL && params->transB) product_f32(g.n, g.k, g.m, params->alpha, flipped(y), a, 0, db, g.k);
  if (db != NULL && !params->transB) product_f32(g.k, g.n, g.m, params->alpha, flipped(a), y, 0, db, g.n);
  if (dc == NULL) return OK;
  TRY(grad_sum_to(grad, grad->in_grad[2], dy, &grad->run.out[0]->shape));
  int64_t count = tensor_elements(grad->in_grad[2]);
  for (int64_t i = 0; i < count; i++) dc[i] *= params->beta;
  return OK;
}

static Status linear_form(const Node *node, LinearForm *form, Error *err) {
  const GemmParams *params = node->params;
  (void)err;
  *form = (LinearForm){.data = 0, .weight = 1, .bias = 2, .channel_axis = params->transB ? 0 : 1};
  return OK;
}

static OpRole role_of(const Node *node, const char **reason) {
  const GemmParams *params = node->params;
  bool biased = node_input(node, 2) != NULL;
  if (!params->transA && params->alpha == 1 && (params->beta == 1 || !biased)) return ROLE_LINEAR;
  *reason = params->transA ? "float only: integer products do not transpose their data"
                           : "float only: integer products take alpha and beta of 1";
  return ROLE_FLOAT;
}

static OpCost cost(const Node *node) {
  const GemmParams *params = node->params;
  const Value *a = node_input(node, 0), *out = node->outputs[0];
  if (a == NULL || out == NULL || !a->has_shape || !out->has_shape || a->shape.rank != 2) return (OpCost){0};
  Dim k = a->shape.dims[!params->transA], m = out->shape.dims[0], n = out->shape.dims[1];
  double macs = (double)k * (double)n * (dim_is_known(m) ? (double)m : 1);
  return (OpCost){.macs = dim_is_known(k) && dim_is_known(n) && macs < 9e18 ? (int64_t)macs : 0};
}

#define GEMM_TYPES                                                                                           \
  (ELEMENTS_FLOAT | ELEMENT_BIT(ELEMENT_INT32) | ELEMENT_BIT(ELEMENT_INT64) | ELEMENT_BIT(ELEMENT_UINT32) |  \
   ELEMENT_BIT(ELEMENT_UINT64))

/* Either operand may hold the weights. */
static void gemm_axes(AxisRules *rules) {
  const GemmParams *params = rules->params;
  const Value *a = rules_in(rules, 0), *b = rules_in(rules, 1), *y = rules_out(rules, 0);
  axis_made(rules, a, params->transA, y, 0);
  axis_same(rules, a, !params->transA, b, params->transB);
  axis_made(rules, b, !params->transB, y, 1);
  axes_broadcast(rules, rules_in(rules, 2), y);
}

const Op op_Gemm = {
    .name = "Gemm",
    .brief = "alpha A B + beta C of two matrices, either of which may be read transposed.",
    .versions = {{13, infer_gemm, plain_gemm, fast_gemm, grad_gemm},
                 {11, infer_gemm, plain_gemm, fast_gemm, grad_gemm},
                 {7, infer_gemm, plain_gemm, fast_gemm, grad_gemm},
                 {1, infer_gemm, plain_gemm, fast_gemm, grad_gemm}},
    .attributes = attributes,
    .params_bytes = sizeof(GemmParams),
    .inputs = {{"A", PORT_REQUIRED, GEMM_TYPES, "[M, K]"},
               {"B", PORT_REQUIRED, GEMM_TYPES, "[K, N]"},
               {"C", PORT_OPTIONAL, GEMM_TYPES, "[M, N]"}},
    .outputs = {{"Y", PORT_REQUIRED, GEMM_TYPES, "[M, N]"}},
    .axes = gemm_axes,
    .role = ROLE_LINEAR,
    .role_of = role_of,
    .linear = linear_form,
    .cost = cost,
    .samples = {{"f32[1,6], f32[5,6]!, f32[5]!", "transB=1"},
                {"f32[3,4], f32[4,5]!", ""},
                {"f32[4,3], f32[5,4]!, f32[3,1]!", "transA=1 transB=1 alpha=0.5 beta=0.25"},
                {"f32[18,70], f32[5,70]!, f32[]!", "transB=1 alpha=0.5"},
                {"f32[3,4], f32[4,1]!, f32[3,1]!", ""},
                {"f32[4,1], f32[4,5]!, f32[1,5]!", "transA=1"},
                {"f32[5,4], f32[4,5]!, f32[5,5]", "beta=2.0"},
                {"i32[2,3], i32[3,2]!, i32[2]!", ""}},
};
