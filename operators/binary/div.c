#include "operators/binary/binary.h"

#define NO_QUOTIENT "float only: divided by more than a constant of one element"

/* Of truncated division; a divisor of 0 gives 0, the smallest number by -1 wraps around. */
static int64_t quotient(int64_t a, int64_t b) {
  if (b == 0) return 0;
  return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

static ContentItem content(ContentItem a, ContentItem b) {
  if (a.known && b.known) return content_known(quotient(a.value, b.value));
  if (content_is_same(a, b)) return content_known(1);
  return b.known && b.value == 1 ? a : CONTENT_UNKNOWN;
}

static Status infer(Infer *infer) {
  TRY(binary_infer(infer));
  return binary_infer_content(infer, content);
}

static double real(double a, double b) {
  return a / b;
}

static int64_t integer(int64_t a, int64_t b) {
  return quotient(a, b);
}

static uint64_t natural(uint64_t a, uint64_t b) {
  return b == 0 ? 0 : a / b;
}

static const BinaryFunctions functions = {real, integer, natural};

static Status run_plain(Run *run) {
  return binary_run(run, &functions);
}

BINARY_LOOP(loop, a / b)

static Status run_fast(Run *run) {
  return binary_fast(run, loop);
}

static OpRole role_of(const Node *node, const char **reason) {
  OpRole role = binary_role(node, ROLE_FLOAT);
  if (role == ROLE_FLOAT) *reason = NO_QUOTIENT;
  return role;
}

static Status run_old(Run *run) {
  return binary_run_old(run, run_plain);
}

BINARY_LOOP(of_a, ((void)a, 1.0f / b))
BINARY_LOOP(of_b, -a / (b * b))

static Status grad_div(Grad *grad) {
  return binary_grad(grad, of_a, of_b);
}

static Status grad_old(Grad *grad) {
  return binary_grad_old(grad, grad_div);
}

const Op op_Div = {
    .name = "Div",
    .brief = "a / b; integers are divided towards zero, and by 0 give 0.",
    .versions = {{7, infer, run_plain, run_fast, grad_div}, {1, binary_infer_old, run_old, NULL, grad_old}},
    .attributes = binary_attributes,
    .params_bytes = sizeof(BinaryParams),
    BINARY_PORTS(ELEMENTS_NUMERIC, ELEMENTS_NUMERIC),
    .role = ROLE_FLOAT,
    .role_reason = NO_QUOTIENT,
    .role_of = role_of,
    .samples = {{"f32[2,3,4], f32[2,3,4](0.5,2)", ""},
                {"f32[2,3,4,5], f32[3,1,1](1,3)!", ""},
                {"f32[2,3]{1,-1,0,2,inf,nan}, f32[]{0}", ""},
                {"i64{7,-7,5,-9223372036854775808}, i64{2,2,0,-1}", ""},
                {"f32[2,3,4], f32[3](1,2)", "broadcast=1 axis=1 opset=6"},
                {"i8{-128,-7}, i8{-1,3}", ""}}};
