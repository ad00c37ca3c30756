#include "operators/quant/quant_product.h"
#include "operators/reals.h"

/* Zero points of the left matrix belong to rows, those of the right one to columns. */
static Status infer_matmul_integer(Infer *infer) {
  TRY(quant_check_type(infer, 0, 2));
  TRY(quant_check_type(infer, 1, 3));
  TRY(quant_check_lies(infer, 0, 2, infer->in[0].shape.rank - 2));
  TRY(quant_check_lies(infer, 1, 3, infer->in[1].shape.rank - 1));
  return quant_infer_as(infer, "MatMul", infer->in, 2, ELEMENT_INT32);
}

static Status plain_matmul_integer(Run *run) {
  Tensor a, b, product;
  TRY(quant_real_tensor(run, run->in[0], NULL, run_input(run, 2), run->in[0]->shape.rank - 2, &a));
  TRY(quant_real_tensor(run, run->in[1], NULL, run_input(run, 3), run->in[1]->shape.rank - 1, &b));
  TRY(quant_run_as(run, "MatMul", (const Tensor *[]){&a, &b}, 2, &product));
  int64_t count = tensor_elements(&product);
  for (int64_t i = 0; i < count; i++) tensor_set(run->out[0], i, tensor_get(&product, i));
  return OK;
}

const Op op_MatMulInteger = {
    .name = "MatMulInteger",
    .brief = "Matrix product of 8-bit codes less their zero points, in int32.",
    .versions = {{10, infer_matmul_integer, plain_matmul_integer, NULL}},
    .inputs = {{"A", PORT_REQUIRED, QUANT_CODES_8, "[..., M, K]"},
               {"B", PORT_REQUIRED, QUANT_CODES_8, "[..., K, N]"},
               {"a_zero_point", PORT_OPTIONAL, QUANT_CODES_8, "[], [M] or [..., M, 1]"},
               {"b_zero_point", PORT_OPTIONAL, QUANT_CODES_8, "[], [N] or [..., 1, N]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT32), "[..., M, N]"}},
    .grad_reason = "not differentiable: computed in integers",
    .role = ROLE_INDEX,
    .samples = {{"u8[3,4], u8[4,5]!, u8[]{12}!, u8[]{3}!", ""},
                {"u8[2,3,4], i8[4,5]!, u8[3]!, i8[5]!", ""},
                {"i8[2,3,4], i8[2,4,5]!, i8[2,3,1]!, i8[2,1,5]!", ""},
                {"i8[4], i8[4,5]!", ""}}};
