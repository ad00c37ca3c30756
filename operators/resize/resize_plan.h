/*
 * resize_plan.h - what Resize and Upsample share: from where along each axis an output element is taken, and
 * the resampling itself, one axis after the other.
 */
#ifndef OPERATORS_RESIZE_RESIZE_PLAN_H
#define OPERATORS_RESIZE_RESIZE_PLAN_H

#include "operators/gradient.h"

typedef enum ResizeMode { RESIZE_NEAREST, RESIZE_LINEAR, RESIZE_CUBIC } ResizeMode;

typedef enum ResizeCoordinates {
  COORDINATES_HALF_PIXEL,
  COORDINATES_HALF_PIXEL_SYMMETRIC,
  COORDINATES_PYTORCH_HALF_PIXEL,
  COORDINATES_ALIGN_CORNERS,
  COORDINATES_ASYMMETRIC,
  COORDINATES_TF_HALF_PIXEL_FOR_NN,
  COORDINATES_TF_CROP_AND_RESIZE
} ResizeCoordinates;

typedef enum ResizeNearest {
  NEAREST_ROUND_PREFER_FLOOR,
  NEAREST_ROUND_PREFER_CEIL,
  NEAREST_FLOOR,
  NEAREST_CEIL
} ResizeNearest;

/* One axis: `in` elements become `out`. */
typedef struct ResizeAxis {
  int64_t in, out;
  double scale;            /* as given, or out / in */
  double roi_from, roi_to; /* of TF_CROP_AND_RESIZE, in parts of the axis */
} ResizeAxis;

typedef struct ResizePlan {
  int mode, coordinates, nearest; /* the enums above */
  double cubic_a;
  bool exclude_outside, antialias;
  double extrapolation; /* of TF_CROP_AND_RESIZE */
  ResizeAxis axes[GRAPH_MAX_RANK];
} ResizePlan;

/* floor(dim * scale) in float32, as exporters compute it. BAD_INPUT where the scale is not positive and
   finite, or the result too large. */
Status resize_scaled_dim(const Infer *infer, int axis, double scale, int64_t dim, int64_t *result);

/* The plan of a bound node: a Resize, an Upsample. inputs[i] is the tensor of input i, NULL where absent;
   only those behind the first are read. The shapes are those of the first input and of the output, known. */
void resize_plan_of(const Node *node, const Tensor *const *inputs, const Shape *in, const Shape *out,
                    ResizePlan *plan);
void upsample_plan_of(const Node *node, const Tensor *const *inputs, const Shape *in, const Shape *out,
                      ResizePlan *plan);
/* Axes that stay as they are. */
void resize_plan_axes(ResizePlan *plan, const Shape *in, const Shape *out);

/* Where element i of the output's axis d lies between the input's elements; may be outside. */
double resize_position(const ResizePlan *plan, int d, int64_t i);
/* The input's element that is nearest to it, or -1 for the value outside a crop. */
int64_t resize_nearest_index(const ResizePlan *plan, int d, int64_t i);

/* Computes output 0 from input 0, whose shapes agree with the plan's axes. */
Status resize_run_plan(Run *run, const ResizePlan *plan);
/* The gradient of input 0: each output element gives to those that it was made of. Other inputs get zeros. */
Status resize_grad_plan(Grad *grad, const ResizePlan *plan);

/* Nearest moves values, linear averages them, cubic overshoots. */
OpRole resize_role_of(int mode, const char **reason);

#endif
