#include "operators/axes.h"
#include "operators/binary/binary.h"

#define NO_SLOPES "float only: the slopes differ from channel to channel"

static double real(double x, double slope) {
  return x < 0 ? slope * x : x;
}

static int64_t integer(int64_t x, int64_t slope) {
  return x < 0 ? (int64_t)((uint64_t)x * (uint64_t)slope) : x;
}

static uint64_t natural(uint64_t x, uint64_t slope) {
  (void)slope;
  return x;
}

static const BinaryFunctions functions = {real, integer, natural};

static Status run_plain(Run *run) {
  return binary_run(run, &functions);
}

BINARY_LOOP(loop, a < 0.0f ? b * a : a)

static Status run_fast(Run *run) {
  return binary_fast(run, loop);
}

/* The slope must not stretch x. */
static Status check_result(Infer *infer) {
  if (!infer->out[0].has_shape || !infer->in[0].has_shape) return OK;
  if (infer->out[0].shape.rank == infer->in[0].shape.rank) {
    bool fits = true;
    for (int d = 0; d < infer->out[0].shape.rank; d++)
      fits = fits && (infer->in[0].shape.dims[d] == infer->out[0].shape.dims[d] ||
                      !dim_is_known(infer->in[0].shape.dims[d]));
    if (fits) return OK;
  }
  return infer_fail(infer, "the slope has more elements than x along some dimension");
}

static Status infer(Infer *infer) {
  TRY(binary_infer(infer));
  return check_result(infer);
}

/* Up to opset 6, a slope of one dimension belongs to the channels. */
static Status infer_old(Infer *infer) {
  TRY(binary_infer_at(infer, 1));
  return check_result(infer);
}

static Status run_old(Run *run) {
  return binary_run_at(run, 1, run_plain);
}

BINARY_LOOP(of_x, a < 0.0f ? b : 1.0f)
BINARY_LOOP(of_slope, ((void)b, a < 0.0f ? a : 0.0f))

static Status grad_prelu(Grad *grad) {
  return binary_grad(grad, of_x, of_slope);
}

static Status grad_old(Grad *grad) {
  return binary_grad_at(grad, 1, grad_prelu);
}

static OpRole role_of(const Node *node, const char **reason) {
  const Tensor *slope = node_constant(node, 1);
  if (slope != NULL && tensor_elements(slope) == 1) return ROLE_TABLE;
  *reason = NO_SLOPES;
  return ROLE_FLOAT;
}

/* Before version 7, a slope of one axis lies along the channels. */
static void prelu_axes(AxisRules *rules) {
  const Value *slope = rules_in(rules, 1);
  if (rules->node->version->since >= 7 || axis_size(slope, 0) == 1)
    axes_elementwise(rules);
  else
    axes_per_channel(rules);
}

const Op op_PRelu = {
    .name = "PRelu",
    .brief = "x, or slope * x where x is negative; the slope is broadcast to x.",
    .versions = {{7, infer, run_plain, run_fast, grad_prelu}, {1, infer_old, run_old, NULL, grad_old}},
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_NUMERIC, "[N, C, ...]"},
               {"slope", PORT_REQUIRED, ELEMENTS_NUMERIC, "[C, 1, ...]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_NUMERIC, "[N, C, ...]"}},
    .axes = prelu_axes,
    .role = ROLE_FLOAT,
    .role_reason = NO_SLOPES,
    .role_of = role_of,
    .samples = {{"f32[2,3,4,4], f32[3,1,1]!", ""},
                {"f32[2,3], f32[1]!", ""},
                {"i32[2,3], i32[2,3]", ""},
                {"f32[2,3,4], f32[3]!", "opset=6"}}};
