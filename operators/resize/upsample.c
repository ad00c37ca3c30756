/* upsample.c - Upsample: the older Resize, of versions 7 to 9. */
#include "operators/reals.h"
#include "operators/resize/resize_plan.h"
#include "operators/shape/content.h"

static const char *const modes[] = {"nearest", "linear", "bilinear", NULL};

typedef struct UpsampleParams {
  int mode;
  Floats scales;                   /* of version 7 */
  float height_scale, width_scale; /* of version 1 */
} UpsampleParams;

static int mode_of(const UpsampleParams *params) {
  return params->mode == 0 ? RESIZE_NEAREST : RESIZE_LINEAR;
}

/* Number of scales that there are; `input` is that of version 9, NULL where it is not known yet. */
static int64_t scale_count(const Node *node, const Tensor *input, int rank) {
  const UpsampleParams *params = node->params;
  if (node->version->since >= 9) return input == NULL ? rank : tensor_elements(input);
  return node->version->since >= 7 ? params->scales.count : 4;
}

/* Scale of axis d, of `scale_count` ones. */
static double scale_of(const Node *node, const Tensor *input, int d) {
  const UpsampleParams *params = node->params;
  if (node->version->since >= 9) return tensor_get(input, d);
  if (node->version->since >= 7) return params->scales.values[d];
  return d == 2 ? params->height_scale : d == 3 ? params->width_scale : 1;
}

static Status upsample_infer(Infer *infer) {
  const InferValue *in = &infer->in[0];
  infer->out[0].type = in->type;
  bool from_input = infer->node->version->since >= 9;
  if (from_input && infer_input(infer, 1) == NULL) return infer_fail(infer, "input 1 ('scales') is missing");
  if (!in->has_shape) return OK;
  const Tensor *scales = from_input ? infer->in[1].constant : NULL;
  Shape out = in->shape;
  int64_t count = scale_count(infer->node, scales, out.rank);
  if (count != out.rank)
    return infer_fail(infer, "%lld scales are given for %d axes", (long long)count, out.rank);
  if (from_input && scales == NULL) return infer_rank(infer, 0, in->type, out.rank);
  for (int d = 0; d < out.rank; d++) {
    double scale = scale_of(infer->node, scales, d);
    if (dim_is_known(out.dims[d]))
      TRY(resize_scaled_dim(infer, d, scale, in->shape.dims[d], &out.dims[d]));
    else if (scale != 1)
      out.dims[d] = DIM_UNKNOWN;
  }
  return infer_set_sized(infer, 0, in->type, &out);
}

void upsample_plan_of(const Node *node, const Tensor *const *inputs, const Shape *in, const Shape *out,
                      ResizePlan *plan) {
  *plan = (ResizePlan){
      .mode = mode_of(node->params), .coordinates = COORDINATES_ASYMMETRIC, .nearest = NEAREST_FLOOR};
  resize_plan_axes(plan, in, out);
  for (int d = 0; d < in->rank; d++)
    plan->axes[d].scale = scale_of(node, node->input_count > 1 ? inputs[1] : NULL, d);
}

static Status upsample_run(Run *run) {
  ResizePlan plan;
  upsample_plan_of(run->node, run->in, &run->in[0]->shape, &run->out[0]->shape, &plan);
  return resize_run_plan(run, &plan);
}

static Status grad_upsample(Grad *grad) {
  ResizePlan plan;
  upsample_plan_of(grad->run.node, grad->run.in, &grad->run.in[0]->shape, &grad->run.out[0]->shape, &plan);
  return resize_grad_plan(grad, &plan);
}

static OpRole upsample_role(const Node *node, const char **reason) {
  return resize_role_of(mode_of(node->params), reason);
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(UpsampleParams, mode, FIELD_CHOICE, .choices = modes),
    ATTRIBUTE(UpsampleParams, scales, FIELD_FLOATS),
    ATTRIBUTE(UpsampleParams, height_scale, FIELD_FLOAT, .otherwise_float = 1),
    ATTRIBUTE(UpsampleParams, width_scale, FIELD_FLOAT, .otherwise_float = 1),
    {0},
};

const Op op_Upsample = {
    .name = "Upsample",
    .brief = "Enlarges along axes, nearest or linear; later called Resize.",
    .versions = {{9, upsample_infer, upsample_run, NULL, grad_upsample},
                 {7, upsample_infer, upsample_run, NULL, grad_upsample},
                 {1, upsample_infer, upsample_run, NULL, grad_upsample}},
    .attributes = attributes,
    .params_bytes = sizeof(UpsampleParams),
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_WIDE, "[...]"},
               {"scales", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_FLOAT32), "[rank]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_WIDE, "[...]"}},
    .settings = 1 << 1,
    .role = ROLE_SAME_SCALE,
    .role_of = upsample_role,
    .samples = {{"f32[1,2,2,3], f32{1,1,2,3}!", "opset=9"},
                {"f32[1,2,2,3], f32{1,1,1.5,2}!", "mode=\"linear\" opset=9"},
                {"f32[1,2,2,3]", "scales=[1.0,1.0,2.0,2.0] opset=8"},
                {"f32[1,1,2,3]", "height_scale=2.0 width_scale=1.5 mode=\"bilinear\" opset=1"}},
};
