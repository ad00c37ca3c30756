#include "operators/quant/quant_product.h"
#include "operators/reals.h"

enum { A, A_SCALE, A_ZERO, B, B_SCALE, B_ZERO, Y_SCALE, Y_ZERO };

/* Parameters of the left matrix belong to rows, those of the right one to columns. */
static Status infer_qlinear_matmul(Infer *infer) {
  const InferValue in[2] = {infer->in[A], infer->in[B]};
  int rows = in[0].shape.rank - 2, columns = in[1].shape.rank - 1;
  TRY(quant_check_type(infer, A, A_ZERO));
  TRY(quant_check_type(infer, B, B_ZERO));
  TRY(quant_check_lies(infer, A, A_SCALE, rows));
  TRY(quant_check_lies(infer, A, A_ZERO, rows));
  TRY(quant_check_lies(infer, B, B_SCALE, columns));
  TRY(quant_check_lies(infer, B, B_ZERO, columns));
  for (int i = Y_SCALE; i <= Y_ZERO; i++) {
    const InferValue *value = &infer->in[i];
    if (value->has_shape && shape_is_known(&value->shape) && shape_elements(&value->shape) != 1)
      return infer_fail(infer, "the output has one scale and one zero point");
  }
  return quant_infer_as(infer, "MatMul", in, 2, infer->in[Y_ZERO].type);
}

static Status plain_qlinear_matmul(Run *run) {
  Tensor a, b, product;
  int rows = run->in[A]->shape.rank - 2, columns = run->in[B]->shape.rank - 1;
  TRY(quant_real_tensor(run, run->in[A], run->in[A_SCALE], run->in[A_ZERO], rows, &a));
  TRY(quant_real_tensor(run, run->in[B], run->in[B_SCALE], run->in[B_ZERO], columns, &b));
  TRY(quant_run_as(run, "MatMul", (const Tensor *[]){&a, &b}, 2, &product));
  double scale = tensor_get(run->in[Y_SCALE], 0);
  int64_t zero_point = tensor_get_integer(run->in[Y_ZERO], 0), count = tensor_elements(&product);
  for (int64_t i = 0; i < count; i++) code_set(run->out[0], i, tensor_get(&product, i) / scale, zero_point);
  return OK;
}

const Op op_QLinearMatMul = {
    .name = "QLinearMatMul",
    .brief = "Matrix product of 8-bit codes, its sums given the scale of the output.",
    .versions = {{21, infer_qlinear_matmul, plain_qlinear_matmul, NULL},
                 {10, infer_qlinear_matmul, plain_qlinear_matmul, NULL}},
    .inputs = {{"a", PORT_REQUIRED, QUANT_CODES_8, "[..., M, K]"},
               {"a_scale", PORT_REQUIRED, QUANT_REALS, "[], [M] or [..., M, 1]"},
               {"a_zero_point", PORT_REQUIRED, QUANT_CODES_8, "[], ... as a_scale"},
               {"b", PORT_REQUIRED, QUANT_CODES_8, "[..., K, N]"},
               {"b_scale", PORT_REQUIRED, QUANT_REALS, "[], [N] or [..., 1, N]"},
               {"b_zero_point", PORT_REQUIRED, QUANT_CODES_8, "[], ... as b_scale"},
               {"y_scale", PORT_REQUIRED, QUANT_REALS, "[]"},
               {"y_zero_point", PORT_REQUIRED, QUANT_CODES_8, "[]"}},
    .outputs = {{"y", PORT_REQUIRED, QUANT_CODES_8, "[..., M, N]"}},
    .grad_reason = "not differentiable: computed in integers",
    .role = ROLE_INDEX,
    .samples = {
        {"u8[3,4], f32[]{0.1}!, u8[]{12}!, u8[4,5]!, f32[]{0.1}!, u8[]{3}!, f32[]{0.2}!, u8[]{128}!", ""},
        {"i8[2,3,4], f32[3](0.1,0.2)!, i8[3]!, i8[4,5]!, f32[5](0.1,0.2)!, i8[5]!, f32[]{0.2}!, i8[]{9}!",
         ""}}};
