#include "operators/axes.h"
#include "operators/gradient.h"
#include "operators/panel_product.h"
#include "operators/product.h"
#include "operators/reals.h"

#include <string.h>

/* A product of stacks of matrices: vectors have got their missing axis, stacks are broadcast. */
typedef struct MatMulCase {
  int64_t m, n, k;
  Shape stack;                                              /* of the products */
  int64_t a_steps[GRAPH_MAX_RANK], b_steps[GRAPH_MAX_RANK]; /* elements along each stack axis, 0: broadcast */
} MatMulCase;

/* As a stack of matrices: [k] is [1, k] on the left and [k, 1] on the right. */
static bool as_matrices(const Shape *shape, bool left, Shape *result) {
  *result = *shape;
  if (shape->rank == 1) *result = left ? SHAPE(1, shape->dims[0]) : SHAPE(shape->dims[0], 1);
  return result->rank >= 2;
}

static Shape stack_of(const Shape *matrices) {
  Shape stack = *matrices;
  stack.rank -= 2;
  return stack;
}

static Status infer_matmul(Infer *infer) {
  const InferValue *x = &infer->in[0], *y = &infer->in[1];
  if (infer_types_differ(infer, 0, 1)) return infer_fail(infer, "the two inputs differ in type");
  infer->out[0].type = x->type;
  if (!x->has_shape || !y->has_shape) return OK;
  Shape a, b, result;
  if (!as_matrices(&x->shape, true, &a) || !as_matrices(&y->shape, false, &b))
    return infer_fail(infer, "an input is a scalar");
  Dim left = a.dims[a.rank - 1], right = b.dims[b.rank - 2];
  if (dim_is_known(left) && dim_is_known(right) && left != right)
    return infer_fail(infer, "rows of %lld elements cannot be multiplied by columns of %lld", (long long)left,
                      (long long)right);
  Shape a_stack = stack_of(&a), b_stack = stack_of(&b);
  if (!shape_broadcast(&a_stack, &b_stack, &result))
    return infer_fail(infer, "the axes before the matrices do not fit by broadcasting");
  if (x->shape.rank > 1) result.dims[result.rank++] = a.dims[a.rank - 2];
  if (y->shape.rank > 1) result.dims[result.rank++] = b.dims[b.rank - 1];
  infer_set(infer, 0, x->type, &result);
  return OK;
}

static void stack_steps(const Shape *matrices, const Shape *stack, int64_t steps[GRAPH_MAX_RANK]) {
  int missing = stack->rank - (matrices->rank - 2);
  int64_t strides[GRAPH_MAX_RANK];
  shape_strides(matrices, strides);
  for (int i = 0; i < stack->rank; i++)
    steps[i] = i < missing || matrices->dims[i - missing] == 1 ? 0 : strides[i - missing];
}

static void matmul_case(const Run *run, MatMulCase *c) {
  Shape a, b;
  as_matrices(&run->in[0]->shape, true, &a);
  as_matrices(&run->in[1]->shape, false, &b);
  c->m = a.dims[a.rank - 2];
  c->k = a.dims[a.rank - 1];
  c->n = b.dims[b.rank - 1];
  Shape a_stack = stack_of(&a), b_stack = stack_of(&b);
  shape_broadcast(&a_stack, &b_stack, &c->stack);
  stack_steps(&a, &c->stack, c->a_steps);
  stack_steps(&b, &c->stack, c->b_steps);
}

/* First elements of the matrices of product `index`. */
static void matmul_starts(const MatMulCase *c, int64_t index, int64_t *a, int64_t *b) {
  *a = *b = 0;
  for (int i = c->stack.rank - 1; i >= 0; i--) {
    int64_t at = index % c->stack.dims[i];
    index /= c->stack.dims[i];
    *a += at * c->a_steps[i];
    *b += at * c->b_steps[i];
  }
}

static double dot(const double *a, const double *b, int64_t k, int64_t step) {
  double sum = 0;
  for (int64_t i = 0; i < k; i++) sum += a[i] * b[i * step];
  return sum;
}

/* Two's complement, so that sums of any type wrap alike. */
static uint64_t integer_at(const Tensor *tensor, int64_t i) {
  if (tensor->type == ELEMENT_UINT64) return ((const uint64_t *)tensor->data)[i];
  return (uint64_t)tensor_get_integer(tensor, i);
}

static uint64_t dot_integer(const Tensor *a, int64_t a_at, const Tensor *b, int64_t b_at, int64_t k,
                            int64_t step) {
  uint64_t sum = 0;
  for (int64_t i = 0; i < k; i++) sum += integer_at(a, a_at + i) * integer_at(b, b_at + i * step);
  return sum;
}

static Status plain_matmul(Run *run) {
  MatMulCase c;
  matmul_case(run, &c);
  const Tensor *left = run->in[0], *right = run->in[1];
  Tensor *out = run->out[0];
  bool integer = element_is_integer(left->type);
  const double *x = integer ? NULL : reals_of(run, left), *y = integer ? NULL : reals_of(run, right);
  if (!integer && (x == NULL || y == NULL)) return fail_memory(run->err);
  int64_t size = c.m * c.n, count = shape_elements(&c.stack);
  for (int64_t p = 0; p < count; p++) {
    int64_t a, b;
    matmul_starts(&c, p, &a, &b);
    for (int64_t i = 0; i < size; i++) {
      int64_t row = a + i / c.n * c.k, column = b + i % c.n;
      if (integer)
        tensor_set_integer(out, p * size + i, (int64_t)dot_integer(left, row, right, column, c.k, c.n));
      else
        tensor_set(out, p * size + i, dot(x + row, y + column, c.k, c.n));
    }
  }
  return OK;
}

/* `panels` NULL: through CBLAS. */
static void multiply(const MatMulCase *c, const float *a, const float *b, float *out, float *panels) {
  if (panels != NULL) {
    PanelProduct product = panel_product_of(c->m, c->n, c->k, a, b, out, panels);
    panel_product(&product);
  } else {
    product_f32(c->m, c->n, c->k, 1, (Matrix){a, c->k, false}, (Matrix){b, c->n, false}, 0, out, c->n);
  }
}

static Status fast_matmul(Run *run) {
  MatMulCase c;
  matmul_case(run, &c);
  int64_t count = shape_elements(&c.stack), b_elements = tensor_elements(run->in[1]);
  if (b_elements == c.k * c.n && c.stack.rank > 0 && tensor_elements(run->in[0]) == count * c.m * c.k) {
    c.m *= count; /* one matrix on the right: the left ones are one tall matrix */
    count = 1;
  }
  if (run->in[0]->type != ELEMENT_FLOAT32 || !product_fits(c.m) || !product_fits(c.n) || !product_fits(c.k))
    return plain_matmul(run);
  const float *x = run->in[0]->data, *y = run->in[1]->data;
  float *out = run->out[0]->data, *panels = NULL;
  if (panel_product_runs() && c.m >= PANEL_LEAST_ROWS && c.n > 1 && c.k > 0) {
    panels = floats_new(run, PANEL_FLOATS);
    if (panels == NULL) return fail_memory(run->err);
  }
  for (int64_t p = 0; p < count; p++) {
    int64_t a = 0, b = 0;
    if (count > 1) matmul_starts(&c, p, &a, &b);
    multiply(&c, x + a, y + b, out + p * c.m * c.n, panels);
  }
  return OK;
}

/* dA += dY B' and dB += A' dY for every product of the stack: what is broadcast gets the sum. */
static Status grad_matmul(Grad *grad) {
  MatMulCase c;
  matmul_case(&grad->run, &c);
  const float *a = grad->run.in[0]->data, *b = grad->run.in[1]->data, *dy = grad_of_output(grad, 0);
  float *da = grad_of_input(grad, 0), *db = grad_of_input(grad, 1);
  if (da != NULL) memset(da, 0, tensor_bytes(grad->in_grad[0]));
  if (db != NULL) memset(db, 0, tensor_bytes(grad->in_grad[1]));
  int64_t count = shape_elements(&c.stack), a_at, b_at;
  for (int64_t p = 0; p < count && c.m * c.n * c.k > 0; p++) {
    matmul_starts(&c, p, &a_at, &b_at);
    Matrix y = {dy + p * c.m * c.n, c.n, false};
    if (da != NULL) product_f32(c.m, c.k, c.n, 1, y, (Matrix){b + b_at, c.n, true}, 1, da + a_at, c.k);
    if (db != NULL) product_f32(c.k, c.n, c.m, 1, (Matrix){a + a_at, c.k, true}, y, 1, db + b_at, c.n);
  }
  return OK;
}

static Status linear_form(const Node *node, LinearForm *form, Error *err) {
  const Value *weight = node_input(node, 1);
  if (weight == NULL || !weight->has_shape)
    return fail(err, UNSUPPORTED, "node '%s' (MatMul): the rank of its second input is not known",
                node->name);
  *form = (LinearForm){.data = 0, .weight = 1, .bias = -1, .channel_axis = weight->shape.rank - 1};
  return OK;
}

static OpCost cost(const Node *node) {
  const Value *x = node_input(node, 0), *out = node->outputs[0];
  if (x == NULL || out == NULL || !x->has_shape || !out->has_shape || x->shape.rank == 0) return (OpCost){0};
  Dim k = x->shape.dims[x->shape.rank - 1];
  double macs = (double)k;
  for (int i = 0; i < out->shape.rank; i++)
    if (i > 0 || dim_is_known(out->shape.dims[i])) macs *= (double)out->shape.dims[i];
  return (OpCost){.macs = dim_is_known(k) && macs > 0 && macs < 9e18 ? (int64_t)macs : 0};
}

#define MATMUL_TYPES                                                                                         \
  (ELEMENTS_FLOAT | ELEMENT_BIT(ELEMENT_INT32) | ELEMENT_BIT(ELEMENT_INT64) | ELEMENT_BIT(ELEMENT_UINT32) |  \
   ELEMENT_BIT(ELEMENT_UINT64))

/* Axes of a stack are broadcast; a vector has no rows, or no columns. */
static void matmul_axes(AxisRules *rules) {
  const Value *a = rules_in(rules, 0), *b = rules_in(rules, 1), *y = rules_out(rules, 0);
  if (a == NULL || b == NULL || y == NULL || !a->has_shape || !b->has_shape || !y->has_shape) return;
  int rank_a = a->shape.rank, rank_b = b->shape.rank, rank = y->shape.rank;
  axis_same(rules, a, rank_a - 1, b, rank_b > 1 ? rank_b - 2 : 0);
  if (rank_a > 1) axis_made(rules, a, rank_a - 2, y, rank_b > 1 ? rank - 2 : rank - 1);
  if (rank_b > 1) axis_made(rules, b, rank_b - 1, y, rank - 1);
  for (int d = 3; d <= rank_a || d <= rank_b; d++)
    for (int i = 0; i < 2; i++) {
      const Value *operand = i == 0 ? a : b;
      if (axis_size(operand, operand->shape.rank - d) == 1)
        axis_free(rules, operand, operand->shape.rank - d);
      else if (operand->shape.rank >= d)
        axis_same(rules, operand, operand->shape.rank - d, y, rank - d);
    }
}

const Op op_MatMul = {
    .name = "MatMul",
    .brief = "Matrix product, with numpy's rules for vectors and stacks of matrices.",
    .versions = {{13, infer_matmul, plain_matmul, fast_matmul, grad_matmul},
                 {9, infer_matmul, plain_matmul, fast_matmul, grad_matmul},
                 {1, infer_matmul, plain_matmul, fast_matmul, grad_matmul}},
    .inputs = {{"A", PORT_REQUIRED, MATMUL_TYPES, "[..., M, K]"},
               {"B", PORT_REQUIRED, MATMUL_TYPES, "[..., K, N]"}},
    .outputs = {{"Y", PORT_REQUIRED, MATMUL_TYPES, "[..., M, N]"}},
    .axes = matmul_axes,
    .role = ROLE_LINEAR,
    .linear = linear_form,
    .cost = cost,
    .samples = {{"f32[3,4], f32[4,5]!", ""},
                {"f32[1,6], f32[6,5]!", ""},
                {"f32[2,1,3,4], f32[3,4,2]", ""},
                {"f32[4], f32[2,4,3]", ""},
                {"f32[2,3,4], f32[4]!", ""},
                {"f32[5], f32[5]", ""},
                {"f32[2,3,3,4], f32[4,2]!", ""},
                {"i64[2,3], i64[3,2]!", ""}},
};
