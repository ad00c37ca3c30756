/* shared by the family: the forms, inference, and the kernel, which computes on real numbers. */
#include "operators/qlinear/qlinear.h"

#include "operators/reals.h"

#include <string.h>

/* ---- the forms ---- */

#define ONE_OPERAND .count = 1, .in = {{0, 1, 2}}, .bias = -1, .out = {-1, 3, 4}
#define TWO_OPERANDS .count = 2, .in = {{0, 1, 2}, {3, 4, 5}}, .bias = -1, .out = {-1, 6, 7}

static const QLinearForm forms[] = {
    {"", "QLinearConv", "Conv", .count = 2, .in = {{0, 1, 2}, {3, 4, 5}}, .bias = 8, .out = {-1, 6, 7}},
    {"", "QLinearMatMul", "MatMul", TWO_OPERANDS},
    {QLINEAR_DOMAIN, "QGemm", "Gemm", .count = 2, .in = {{0, 1, 2}, {3, 4, 5}}, .bias = 6, .out = {-1, 7, 8}},
    {QLINEAR_DOMAIN, "QLinearAdd", "Add", TWO_OPERANDS},
    {QLINEAR_DOMAIN, "QLinearMul", "Mul", TWO_OPERANDS},
    {QLINEAR_DOMAIN, "QLinearGlobalAveragePool", "GlobalAveragePool", ONE_OPERAND},
    {QLINEAR_DOMAIN, "QLinearAveragePool", "AveragePool", ONE_OPERAND},
    {QLINEAR_DOMAIN, "QLinearSigmoid", "Sigmoid", ONE_OPERAND},
    {QLINEAR_DOMAIN, "QLinearLeakyRelu", "LeakyRelu", ONE_OPERAND},
    {QLINEAR_DOMAIN, "QLinearSoftmax", "Softmax", ONE_OPERAND},
    {QLINEAR_DOMAIN, "QLinearConcat", "Concat", .count = 0, .in = {{2, 3, 4}}, .bias = -1, .out = {-1, 0, 1}},
};
enum { FORMS = sizeof forms / sizeof *forms };

const QLinearForm *qlinear_form(const char *domain, const char *type) {
  for (int i = 0; i < FORMS; i++)
    if (strcmp(forms[i].type, type) == 0 && strcmp(forms[i].domain, domain) == 0) return &forms[i];
  return NULL;
}

const QLinearForm *qlinear_form_of(const char *real) {
  for (int i = 0; i < FORMS; i++)
    if (strcmp(forms[i].real, real) == 0) return &forms[i];
  return NULL;
}

int qlinear_operands(const QLinearForm *form, const Node *node) {
  return form->count > 0 ? form->count : (node->input_count - form->in[0].codes) / 3;
}

QLinearOperand qlinear_operand(const QLinearForm *form, int i) {
  if (form->count > 0) return form->in[i];
  QLinearOperand first = form->in[0];
  return (QLinearOperand){first.codes + 3 * i, first.scale + 3 * i, first.zero_point + 3 * i};
}

int qlinear_axis(const QLinearForm *form, const Node *node, int i, int rank) {
  if (strcmp(form->real, "Conv") == 0) return i == 1 ? 0 : -1;
  if (strcmp(form->real, "Gemm") == 0 && i == 1) return node_int(node, "transB", 0) != 0 ? 0 : 1;
  if (strcmp(form->real, "MatMul") == 0 && rank >= 1) return i == 1 ? rank - 1 : rank >= 2 ? rank - 2 : -1;
  return -1;
}

Status qlinear_check_layout(const Node *node, int64_t channels_last, Error *err) {
  if (channels_last == 0) return OK;
  return fail(err, UNSUPPORTED, "node '%s' (%s): edgec reads channels behind the batch only, not last",
              node->name, node->type);
}

/* ---- inference ---- */

static Status check_single(Infer *infer, int i) {
  const InferValue *value = infer_input(infer, i);
  if (value == NULL || !value->has_shape || !shape_is_known(&value->shape)) return OK;
  return shape_elements(&value->shape) == 1 ? OK : infer_fail(infer, "input %d is not one number", i);
}

static Status check_operand(Infer *infer, const QLinearForm *form, int i) {
  QLinearOperand at = qlinear_operand(form, i);
  const InferValue *codes = &infer->in[at.codes];
  TRY(quant_check_type(infer, at.codes, at.zero_point));
  int axis = qlinear_axis(form, infer->node, i, codes->has_shape ? codes->shape.rank : 0);
  if (axis < 0) {
    TRY(check_single(infer, at.scale));
    return check_single(infer, at.zero_point);
  }
  TRY(quant_check_lies(infer, at.codes, at.scale, axis));
  return quant_check_lies(infer, at.codes, at.zero_point, axis);
}

/* Any number of operands, joined one after the other. */
static Status infer_joined(Infer *infer, const QLinearForm *form, int count, ElementType type) {
  InferValue in[2] = {infer->in[qlinear_operand(form, 0).codes]};
  TRY(quant_infer_as(infer, form->real, in, 1, type));
  for (int i = 1; i < count; i++) {
    in[0] = infer->out[0];
    in[1] = infer->in[qlinear_operand(form, i).codes];
    in[0].present = true;
    TRY(quant_infer_as(infer, form->real, in, 2, type));
  }
  return OK;
}

static ElementType type_of_result(const Infer *infer, const QLinearForm *form) {
  const InferValue *zero_point = infer_input(infer, form->out.zero_point);
  if (infer_input(infer, form->out.scale) == NULL) return ELEMENT_FLOAT32;
  return zero_point != NULL ? zero_point->type : infer->in[form->in[0].codes].type;
}

Status qlinear_infer(Infer *infer) {
  const QLinearForm *form = qlinear_form(infer->node->domain, infer->node->type);
  const InferValue *bias = form->bias >= 0 ? infer_input(infer, form->bias) : NULL;
  int count = qlinear_operands(form, infer->node);
  for (int i = 0; i < count; i++) TRY(check_operand(infer, form, i));
  TRY(check_single(infer, form->out.scale));
  TRY(check_single(infer, form->out.zero_point));
  ElementType type = type_of_result(infer, form);
  if (form->count == 0) return infer_joined(infer, form, count, type);
  InferValue in[3] = {infer->in[form->in[0].codes]};
  if (count == 2) in[1] = infer->in[form->in[1].codes];
  if (bias != NULL) in[2] = *bias;
  return quant_infer_as(infer, form->real, in, bias == NULL ? count : 3, type);
}

/* ---- running ---- */

static Status real_operand(Run *run, const QLinearForm *form, int i, Tensor *reals) {
  QLinearOperand at = qlinear_operand(form, i);
  const Tensor *codes = run->in[at.codes];
  int axis = qlinear_axis(form, run->node, i, codes->shape.rank);
  return quant_real_tensor(run, codes, run_input(run, at.scale), run_input(run, at.zero_point), axis, reals);
}

/* The bias counts in steps of alpha * scale_a * scale_b. */
static Status real_bias(Run *run, const QLinearForm *form, Tensor *reals) {
  const Tensor *bias = run->in[form->bias];
  double step = tensor_get(run->in[form->in[0].scale], 0) * (double)(float)node_float(run->node, "alpha", 1);
  TRY(quant_real_tensor(run, bias, run->in[form->in[1].scale], NULL, bias->shape.rank - 1, reals));
  double *values = reals->data;
  for (int64_t i = 0; i < tensor_elements(bias); i++) values[i] *= step;
  return OK;
}

static void store(Run *run, const QLinearForm *form, const Tensor *result) {
  const Tensor *scale = run_input(run, form->out.scale), *zero_point = run_input(run, form->out.zero_point);
  int64_t count = tensor_elements(result);
  for (int64_t i = 0; i < count; i++) {
    double real = tensor_get(result, i);
    if (scale == NULL)
      tensor_set(run->out[0], i, real);
    else
      code_set(run->out[0], i, real / tensor_get(scale, 0), zero_point_at(zero_point, 0));
  }
}

Status qlinear_run(Run *run) {
  const QLinearForm *form = qlinear_form(run->node->domain, run->node->type);
  int count = qlinear_operands(form, run->node);
  bool has_bias = form->bias >= 0 && run_input(run, form->bias) != NULL;
  Tensor *reals = run_scratch(run, (size_t)(count + 1) * sizeof *reals), result;
  const Tensor **in = run_scratch(run, (size_t)(count + 1) * sizeof *in);
  if (reals == NULL || in == NULL) return fail_memory(run->err);
  for (int i = 0; i < count; i++) TRY(real_operand(run, form, i, &reals[i]));
  if (has_bias) TRY(real_bias(run, form, &reals[count]));
  count += has_bias;
  for (int i = 0; i < count; i++) in[i] = &reals[i];
  TRY(quant_run_as(run, form->real, in, count, &result));
  store(run, form, &result);
  return OK;
}
