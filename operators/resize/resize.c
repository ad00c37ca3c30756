/* resize.c - Resize: nearest, linear or cubic resampling along any axes. */
#include "operators/axes.h"
#include "operators/reals.h"
#include "operators/resize/resize_plan.h"
#include "operators/shape/content.h"

#include <math.h>

static const char *const modes[] = {"nearest", "linear", "cubic", NULL};
static const char *const coordinates[] = {
    "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
    "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize", NULL};
static const char *const nearest_modes[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil", NULL};

typedef enum AspectPolicy { ASPECT_STRETCH, ASPECT_NOT_LARGER, ASPECT_NOT_SMALLER } AspectPolicy;
static const char *const policies[] = {"stretch", "not_larger", "not_smaller", NULL};

typedef struct ResizeParams {
  int mode, coordinate_transformation_mode, nearest_mode, keep_aspect_ratio_policy;
  float cubic_coeff_a, extrapolation_value;
  bool exclude_outside, antialias;
  Ints axes;
} ResizeParams;

/* The i-th of the axes that scales and sizes are about. */
static int axis_of(const ResizeParams *params, int rank, int i) {
  int axis = i;
  if (params->axes.given && !axis_normalize(params->axes.values[i], rank, &axis)) return -1;
  return axis;
}

static int axis_count(const ResizeParams *params, int rank) {
  return params->axes.given ? params->axes.count : rank;
}

static Status check_axes(const Infer *infer, int rank) {
  const ResizeParams *params = infer->params;
  bool given[GRAPH_MAX_RANK] = {false};
  for (int i = 0; i < axis_count(params, rank); i++) {
    int axis;
    if (!params->axes.given) continue;
    TRY(infer_axis(infer, params->axes.values[i], rank, &axis));
    if (given[axis]) return infer_fail(infer, "axis %d is given twice", axis);
    given[axis] = true;
  }
  return OK;
}

/* ---- sizes ---- */

/* One scale for all axes, such that none of them gets larger (or smaller) than asked for. */
static double common_scale(const ResizeParams *params, const Shape *in, const int64_t *sizes) {
  double chosen = 0;
  for (int i = 0; i < axis_count(params, in->rank); i++) {
    double scale = (double)sizes[i] / (double)in->dims[axis_of(params, in->rank, i)];
    bool is_better = params->keep_aspect_ratio_policy == ASPECT_NOT_LARGER ? scale < chosen : scale > chosen;
    if (i == 0 || is_better) chosen = scale;
  }
  return chosen;
}

/* Sizes of the axes after the policy; the scale that each has. */
static void apply_policy(const ResizeParams *params, const Shape *in, int64_t *sizes, double *scales) {
  int count = axis_count(params, in->rank);
  double common = 0;
  if (params->keep_aspect_ratio_policy != ASPECT_STRETCH) common = common_scale(params, in, sizes);
  for (int i = 0; i < count; i++) {
    double dim = (double)in->dims[axis_of(params, in->rank, i)];
    scales[i] = dim > 0 ? (double)sizes[i] / dim : 1;
    if (params->keep_aspect_ratio_policy == ASPECT_STRETCH) continue;
    scales[i] = common;
    sizes[i] = (int64_t)floor(common * dim + 0.5);
  }
}

static Status check_size(const Infer *infer, int axis, int64_t size, Dim dim) {
  if (size < 0 || size > CONTENT_MAX_ELEMENTS)
    return infer_fail(infer, "the size of axis %d is %lld", axis, (long long)size);
  if (dim == 0 && size > 0)
    return infer_fail(infer, "axis %d has no elements to make %lld of", axis, (long long)size);
  return OK;
}

static Status infer_sizes(Infer *infer, const Content *sizes) {
  const ResizeParams *params = infer->params;
  const Shape *in = &infer->in[0].shape;
  Shape out = *in;
  int64_t values[GRAPH_MAX_RANK];
  bool known = true;
  for (int i = 0; i < sizes->count; i++) {
    int axis = axis_of(params, in->rank, i);
    const ContentItem *size = &sizes->items[i];
    if (size->known) TRY(check_size(infer, axis, size->value, in->dims[axis]));
    out.dims[axis] = content_dim(size);
    values[i] = size->value;
    known &= size->known && in->dims[axis] > 0;
  }
  if (params->keep_aspect_ratio_policy != ASPECT_STRETCH) {
    double scales[GRAPH_MAX_RANK];
    if (known) apply_policy(params, in, values, scales);
    for (int i = 0; i < sizes->count; i++) {
      int axis = axis_of(params, in->rank, i);
      if (known) TRY(check_size(infer, axis, values[i], in->dims[axis]));
      out.dims[axis] = known ? values[i] : in->dims[axis] == 0 ? 0 : DIM_UNKNOWN;
    }
  }
  return infer_set_sized(infer, 0, infer->in[0].type, &out);
}

/* ---- scales ---- */

static Status infer_scales(Infer *infer, const Tensor *scales) {
  const ResizeParams *params = infer->params;
  const Shape *in = &infer->in[0].shape;
  Shape out = *in;
  for (int i = 0; i < axis_count(params, in->rank); i++) {
    int axis = axis_of(params, in->rank, i);
    double scale = tensor_get(scales, i);
    if (dim_is_known(in->dims[axis]))
      TRY(resize_scaled_dim(infer, axis, scale, in->dims[axis], &out.dims[axis]));
    else if (scale != 1)
      out.dims[axis] = DIM_UNKNOWN;
  }
  return infer_set_sized(infer, 0, infer->in[0].type, &out);
}

/* Elements of a 1-D input; 0 where it is absent, -1 where not known. */
static int64_t length_of(const Infer *infer, int i) {
  if (infer_input(infer, i) == NULL) return 0;
  return infer->in[i].has_shape ? shape_elements(&infer->in[i].shape) : -1;
}

static Status check_length(const Infer *infer, const char *what, int64_t length, int count) {
  if (length < 0 || length == count) return OK;
  return infer_fail(infer, "%lld %s are given for %d axes", (long long)length, what, count);
}

static Status check_roi(const Infer *infer, int roi, int count) {
  const ResizeParams *params = infer->params;
  if (params->coordinate_transformation_mode != COORDINATES_TF_CROP_AND_RESIZE) return OK;
  int64_t length = roi < 0 ? 0 : length_of(infer, roi);
  if (length < 0 || length == 2 * (int64_t)count) return OK;
  return infer_fail(infer, "a region of %lld numbers is given for %d axes, two for each are needed",
                    (long long)length, count);
}

/* `roi` and `sizes` are input numbers, -1 where the version has none. */
static Status infer_with(Infer *infer, int roi, int scales, int sizes) {
  const InferValue *in = &infer->in[0];
  infer->out[0].type = in->type;
  int64_t scale_count = length_of(infer, scales), size_count = sizes < 0 ? 0 : length_of(infer, sizes);
  if (scale_count == 0 && size_count == 0) return infer_fail(infer, "neither scales nor sizes are given");
  if (scale_count > 0 && size_count > 0) return infer_fail(infer, "both scales and sizes are given");
  if (!in->has_shape) return OK;
  const ResizeParams *params = infer->params;
  TRY(check_axes(infer, in->shape.rank));
  int count = axis_count(params, in->shape.rank);
  TRY(check_roi(infer, roi, count));
  Content content;
  if (size_count > 0) {
    TRY(check_length(infer, "sizes", size_count, count));
    if (content_of(&infer->in[sizes], &content)) return infer_sizes(infer, &content);
  } else if (scale_count > 0) {
    TRY(check_length(infer, "scales", scale_count, count));
    if (infer->in[scales].constant != NULL) return infer_scales(infer, infer->in[scales].constant);
  }
  return infer_rank(infer, 0, in->type, in->shape.rank);
}

static Status resize_infer(Infer *infer) {
  return infer_with(infer, 1, 2, 3);
}

static Status resize_infer_10(Infer *infer) {
  return infer_with(infer, -1, 1, -1);
}

/* ---- running ---- */

static void plan_scales(ResizePlan *plan, const ResizeParams *params, const Shape *in, const Tensor *scales,
                        const Tensor *sizes) {
  double values[GRAPH_MAX_RANK];
  int count = axis_count(params, in->rank);
  if (scales != NULL && tensor_elements(scales) > 0) {
    for (int i = 0; i < count; i++) values[i] = tensor_get(scales, i);
  } else {
    int64_t wanted[GRAPH_MAX_RANK] = {0};
    run_ints(sizes, wanted, GRAPH_MAX_RANK);
    apply_policy(params, in, wanted, values);
  }
  for (int i = 0; i < count; i++) plan->axes[axis_of(params, in->rank, i)].scale = values[i];
}

static void plan_roi(ResizePlan *plan, const ResizeParams *params, int rank, const Tensor *roi) {
  int count = axis_count(params, rank);
  if (roi == NULL || tensor_elements(roi) != 2 * (int64_t)count) return;
  for (int i = 0; i < count; i++) {
    ResizeAxis *axis = &plan->axes[axis_of(params, rank, i)];
    axis->roi_from = tensor_get(roi, i);
    axis->roi_to = tensor_get(roi, count + i);
  }
}

/* Version 10 knows one way of numbering: x / scale, rounded down. */
void resize_plan_of(const Node *node, const Tensor *const *inputs, const Shape *in, const Shape *out,
                    ResizePlan *plan) {
  const ResizeParams *params = node->params;
  bool old = node->version->since < 11;
  *plan = (ResizePlan){.mode = params->mode,
                       .coordinates = old ? COORDINATES_ASYMMETRIC : params->coordinate_transformation_mode,
                       .nearest = old ? NEAREST_FLOOR : params->nearest_mode,
                       .cubic_a = params->cubic_coeff_a,
                       .exclude_outside = params->exclude_outside,
                       .antialias = params->antialias,
                       .extrapolation = params->extrapolation_value};
  resize_plan_axes(plan, in, out);
  if (old) {
    plan_scales(plan, params, in, inputs[1], NULL);
    return;
  }
  plan_scales(plan, params, in, node->input_count > 2 ? inputs[2] : NULL,
              node->input_count > 3 ? inputs[3] : NULL);
  plan_roi(plan, params, in->rank, node->input_count > 1 ? inputs[1] : NULL);
}

static Status resize_run(Run *run) {
  ResizePlan plan;
  resize_plan_of(run->node, run->in, &run->in[0]->shape, &run->out[0]->shape, &plan);
  return resize_run_plan(run, &plan);
}

static Status grad_resize(Grad *grad) {
  ResizePlan plan;
  resize_plan_of(grad->run.node, grad->run.in, &grad->run.in[0]->shape, &grad->run.out[0]->shape, &plan);
  return resize_grad_plan(grad, &plan);
}

static OpRole resize_role(const Node *node, const char **reason) {
  return resize_role_of(((const ResizeParams *)node->params)->mode, reason);
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(ResizeParams, mode, FIELD_CHOICE, .choices = modes),
    ATTRIBUTE(ResizeParams, coordinate_transformation_mode, FIELD_CHOICE, .choices = coordinates),
    ATTRIBUTE(ResizeParams, nearest_mode, FIELD_CHOICE, .choices = nearest_modes),
    ATTRIBUTE(ResizeParams, keep_aspect_ratio_policy, FIELD_CHOICE, .choices = policies),
    ATTRIBUTE(ResizeParams, cubic_coeff_a, FIELD_FLOAT, .otherwise_float = -0.75f),
    ATTRIBUTE(ResizeParams, extrapolation_value, FIELD_FLOAT),
    ATTRIBUTE(ResizeParams, exclude_outside, FIELD_BOOL),
    ATTRIBUTE(ResizeParams, antialias, FIELD_BOOL),
    ATTRIBUTE(ResizeParams, axes, FIELD_INTS),
    {0},
};

#define RESIZE_ROI                                                                                           \
  (ELEMENT_BIT(ELEMENT_FLOAT16) | ELEMENT_BIT(ELEMENT_FLOAT32) | ELEMENT_BIT(ELEMENT_FLOAT64))

/* Sizes that are given for all axes count channels too. */
static Status resize_slim(AxisCut *cut) {
  const ResizeParams *params = cut->params;
  const Value *out = cut->node->outputs[0];
  int64_t sizes[GRAPH_MAX_RANK];
  if (cut->node->version->since < 11 || node_constant(cut->node, 3) == NULL || !cut_changes(cut, out, 1))
    return OK;
  int count = run_ints(node_constant(cut->node, 3), sizes, GRAPH_MAX_RANK);
  for (int i = 0; i < count; i++)
    if (axis_of(params, out->shape.rank, i) == 1) sizes[i] = cut_kept(cut, out, 1, 0, axis_size(out, 1));
  return cut_set_ints(cut, 3, ELEMENT_INT64, sizes, count);
}

const Op op_Resize = {
    .name = "Resize",
    .brief = "Resamples along axes: nearest, linear or cubic.",
    .versions = {{11, resize_infer, resize_run, NULL, grad_resize},
                 {10, resize_infer_10, resize_run, NULL, grad_resize}},
    .attributes = attributes,
    .params_bytes = sizeof(ResizeParams),
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_WIDE, "[...]"},
               {"roi", PORT_OPTIONAL, RESIZE_ROI, "[2*count]"},
               {"scales", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_FLOAT32), "[count]"},
               {"sizes", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT64), "[count]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_WIDE, "[...]"}},
    .settings = 1 << 1 | 1 << 2,
    .axes = axes_planes,
    .slim = resize_slim,
    .role = ROLE_SAME_SCALE,
    .role_of = resize_role,
    .samples = {{"f32[1,2,3,4], -, f32{1,1,2,1.5}!", NULL},
                {"f32[1,2,3,4], -, -, i64{1,2,5,3}!", "mode=\"linear\""},
                {"f32[1,1,6,5], -, -, i64{4,3}!", "mode=\"linear\" antialias=1 axes=[2,3]"},
                {"f32[1,1,4,4], -, f32{2.5,0.75}!", "mode=\"cubic\" exclude_outside=1 axes=[-2,-1]"},
                {"f32[1,1,4,6], -, -, i64{3,3}!",
                 "mode=\"linear\" axes=[2,3] keep_aspect_ratio_policy=\"not_larger\""},
                {"f32[4,4], f32{0.2,-0.5,0.9,1}!, -, i64{3,3}!",
                 "mode=\"linear\" coordinate_transformation_mode=\"tf_crop_and_resize\" "
                 "extrapolation_value=7.0"},
                {"i8[1,1,2,2], f32[0]!, f32{1,1,2,3}!", "nearest_mode=\"floor\" opset=11"},
                {"f32[1,1,2,2], f32{1,1,2,3}!", "mode=\"linear\" opset=10"}},
};
