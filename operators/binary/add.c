#include "operators/binary/binary.h"

static ContentItem content(ContentItem a, ContentItem b) {
  if (a.known && b.known) return content_known((int64_t)((uint64_t)a.value + (uint64_t)b.value));
  if (a.known && a.value == 0) return b;
  return b.known && b.value == 0 ? a : CONTENT_UNKNOWN;
}

static Status infer(Infer *infer) {
  TRY(binary_infer(infer));
  return binary_infer_content(infer, content);
}

static double real(double a, double b) {
  return a + b;
}

static int64_t integer(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a + (uint64_t)b);
}

static uint64_t natural(uint64_t a, uint64_t b) {
  return a + b;
}

static const BinaryFunctions functions = {real, integer, natural};

static Status run_plain(Run *run) {
  return binary_run(run, &functions);
}

BINARY_LOOP(loop, a + b)

static Status run_fast(Run *run) {
  return binary_fast(run, loop);
}

static OpRole role_of(const Node *node, const char **reason) {
  (void)reason;
  return binary_role(node, ROLE_SUM);
}

static Status run_old(Run *run) {
  return binary_run_old(run, run_plain);
}

static Status grad_add(Grad *grad) {
  return binary_grad(grad, NULL, NULL);
}

static Status grad_old(Grad *grad) {
  return binary_grad_old(grad, grad_add);
}

const Op op_Add = {
    .name = "Add",
    .brief = "a + b.",
    .versions = {{7, infer, run_plain, run_fast, grad_add}, {1, binary_infer_old, run_old, NULL, grad_old}},
    .attributes = binary_attributes,
    .params_bytes = sizeof(BinaryParams),
    BINARY_PORTS(ELEMENTS_NUMERIC, ELEMENTS_NUMERIC),
    .passes = 1 << 0 | 1 << 1,
    .role = ROLE_SUM,
    .role_of = role_of,
    .samples = {{"f32[2,3,4], f32[2,3,4]", ""},
                {"f32[2,3,4,5], f32[3,1,1]!", ""},
                {"f32[2,1,4], f32[3,1]", ""},
                {"f32[2,3], f32[]{0.5}!", ""},
                {"f32[5], f32[2,5]", ""},
                {"i64{4,9}, i64[]{2}!", ""},
                {"f32[2,3,4], f32[3](1,2)", "broadcast=1 axis=1 opset=6"},
                {"f16[3], f16[3]", ""}}};
