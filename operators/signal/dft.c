/* dft.c - DFT: the discrete Fourier transform along an axis; the last axis holds real and imaginary parts. */
#include "operators/gradient.h"
#include "operators/reals.h"
#include "operators/shape/content.h"
#include "operators/signal/fourier.h"

typedef struct DftParams {
  int64_t axis; /* an input since opset 20 */
  bool inverse, onesided;
} DftParams;

/* ---- inference ---- */

/* Length of the transform's output; DIM_UNKNOWN where it is not known. `length` is what is asked for. */
static Dim output_length(const DftParams *params, Dim in, bool has_length, Dim length) {
  if (!has_length) {
    if (!dim_is_known(in)) return params->onesided ? DIM_UNKNOWN : in;
    length = params->onesided && params->inverse ? (in > 0 ? 2 * (in - 1) : 0) : in;
  }
  if (!dim_is_known(length)) return DIM_UNKNOWN;
  return params->onesided && !params->inverse ? length / 2 + 1 : length;
}

static Status infer_along(Infer *infer, bool axis_known, int64_t axis_given) {
  const DftParams *params = infer->params;
  const InferValue *x = &infer->in[0];
  int axis;
  int64_t length = DIM_UNKNOWN;
  infer->out[0].type = x->type;
  if (!x->has_shape) return OK;
  Shape out = x->shape;
  if (out.rank < 2) return infer_fail(infer, "the input has %d dimensions, at least 2 are needed", out.rank);
  Dim parts = out.dims[out.rank - 1];
  if (dim_is_known(parts) && parts != 1 && parts != 2)
    return infer_fail(infer, "the last axis has %lld elements instead of 1 or 2", (long long)parts);
  out.dims[out.rank - 1] = params->onesided && params->inverse ? 1 : 2;
  if (!axis_known) return infer_rank(infer, 0, x->type, out.rank);
  TRY(infer_axis(infer, axis_given, out.rank, &axis));
  if (axis == out.rank - 1) return infer_fail(infer, "the last axis holds real and imaginary parts");
  bool has_length = infer_input(infer, 1) != NULL;
  if (has_length && known_int(infer, 1, &length) && (length < 1 || length > FOURIER_MAX_LENGTH))
    return infer_fail(infer, "a transform of length %lld is not within 1..%lld", (long long)length,
                      (long long)FOURIER_MAX_LENGTH);
  out.dims[axis] = output_length(params, out.dims[axis], has_length, length);
  return infer_set_sized(infer, 0, x->type, &out);
}

static Status check_scalar(const Infer *infer, int i) {
  const InferValue *in = infer_input(infer, i);
  if (in == NULL || !in->has_shape || !shape_is_known(&in->shape) || shape_elements(&in->shape) == 1)
    return OK;
  return infer_fail(infer, "input %d must have one element", i);
}

static Status infer_20(Infer *infer) {
  int64_t axis = -2;
  TRY(check_scalar(infer, 1));
  TRY(check_scalar(infer, 2));
  const InferValue *in = infer_input(infer, 2);
  if (in != NULL && in->constant != NULL) axis = tensor_get_integer(in->constant, 0);
  return infer_along(infer, in == NULL || in->constant != NULL, axis);
}

static Status infer_17(Infer *infer) {
  TRY(check_scalar(infer, 1));
  return infer_along(infer, true, ((const DftParams *)infer->params)->axis);
}

/* ---- the kernel ---- */

/* A node's lines along the axis. */
typedef struct DftCase {
  Fourier fourier;
  int64_t outer, inner, in, out;
  int parts, out_parts; /* 1 real, 2 complex */
  bool mirror;          /* a half of a spectrum is given */
  double *line;         /* room for one, [length, 2] */
} DftCase;

static Status begin(Run *run, int64_t axis_given, DftCase *c) {
  const DftParams *params = run->params;
  const Shape *x = &run->in[0]->shape, *y = &run->out[0]->shape;
  const Tensor *length_given = run_input(run, 1);
  int axis, rank = x->rank;
  if (!axis_normalize(axis_given, rank, &axis)) return run_fail(run, "the axis is outside the input");
  c->outer = shape_product(x, 0, axis);
  c->inner = shape_product(x, axis + 1, rank - 1);
  c->in = x->dims[axis];
  c->out = y->dims[axis];
  c->parts = (int)x->dims[rank - 1];
  c->out_parts = (int)y->dims[rank - 1];
  c->mirror = params->onesided && params->inverse;
  int64_t length = length_given != NULL ? tensor_get_integer(length_given, 0) : c->mirror ? c->out : c->in;
  TRY(fourier_begin(&c->fourier, run, length, params->inverse));
  c->line = reals_new(run, 2 * length);
  return c->line != NULL ? OK : run->err->status;
}

/* Where element i of line l is in the input. */
static int64_t place_in(const DftCase *c, int64_t l, int64_t i) {
  return ((l / c->inner * c->in + i) * c->inner + l % c->inner) * c->parts;
}

static int64_t place_out(const DftCase *c, int64_t l, int64_t k) {
  return ((l / c->inner * c->out + k) * c->inner + l % c->inner) * c->out_parts;
}

/* A half of a spectrum stands for the whole: the other half is its mirror image, conjugated. Element i is
   that of the input, -1 for a zero. */
static int64_t source_of(const DftCase *c, int64_t i, double *sign) {
  bool turned = c->mirror && i > c->fourier.length / 2;
  int64_t at = turned ? c->fourier.length - i : i;
  *sign = turned ? -1 : 1;
  return at < c->in ? at : -1;
}

static void load_line(const DftCase *c, const Tensor *x, int64_t l) {
  for (int64_t i = 0; i < c->fourier.length; i++) {
    double sign;
    int64_t at = source_of(c, i, &sign), place = place_in(c, l, at);
    c->line[2 * i] = at >= 0 ? tensor_get(x, place) : 0;
    c->line[2 * i + 1] = at >= 0 && c->parts == 2 ? sign * tensor_get(x, place + 1) : 0;
  }
}

static Status run_along(Run *run, int64_t axis) {
  DftCase c;
  Tensor *y = run->out[0];
  if (tensor_elements(y) == 0) return OK;
  TRY(begin(run, axis, &c));
  for (int64_t l = 0; l < c.outer * c.inner; l++) {
    load_line(&c, run->in[0], l);
    for (int64_t k = 0; k < c.out; k++) {
      double real, imaginary;
      int64_t at = place_out(&c, l, k);
      fourier_bin(&c.fourier, c.line, k, &real, &imaginary);
      tensor_set(y, at, real);
      if (c.out_parts == 2) tensor_set(y, at + 1, imaginary);
    }
  }
  return OK;
}

/* ---- the way back ---- */

static void load_gradient(const DftCase *c, const float *dy, int64_t l) {
  for (int64_t k = 0; k < c->fourier.length; k++) {
    int64_t at = place_out(c, l, k);
    c->line[2 * k] = k < c->out ? (double)dy[at] : 0;
    c->line[2 * k + 1] = k < c->out && c->out_parts == 2 ? (double)dy[at + 1] : 0;
  }
}

static Status back_along(Grad *grad, int64_t axis) {
  DftCase c;
  float *dx = grad_of_input(grad, 0);
  TRY(grad_zero(grad));
  if (dx == NULL || tensor_elements(grad->run.out[0]) == 0) return OK;
  TRY(begin(&grad->run, axis, &c));
  for (int64_t l = 0; l < c.outer * c.inner; l++) {
    load_gradient(&c, grad_of_output(grad, 0), l);
    for (int64_t i = 0; i < c.fourier.length; i++) {
      double sign, real, imaginary;
      int64_t at = source_of(&c, i, &sign), place = place_in(&c, l, at);
      if (at < 0) continue;
      fourier_back(&c.fourier, c.line, i, &real, &imaginary);
      dx[place] += (float)real;
      if (c.parts == 2) dx[place + 1] += (float)(sign * imaginary);
    }
  }
  return OK;
}

static int64_t axis_of(const Run *run) {
  const Tensor *axis = run_input(run, 2);
  return axis != NULL ? tensor_get_integer(axis, 0) : -2;
}

static Status run_20(Run *run) {
  return run_along(run, axis_of(run));
}

static Status run_17(Run *run) {
  return run_along(run, ((const DftParams *)run->params)->axis);
}

static Status grad_20(Grad *grad) {
  return back_along(grad, axis_of(&grad->run));
}

static Status grad_17(Grad *grad) {
  return back_along(grad, ((const DftParams *)grad->run.params)->axis);
}

static const AttributeRow attributes[] = {ATTRIBUTE(DftParams, axis, FIELD_INT, .otherwise = 1),
                                          ATTRIBUTE(DftParams, inverse, FIELD_BOOL),
                                          ATTRIBUTE(DftParams, onesided, FIELD_BOOL),
                                          {0}};

#define INDEX_TYPES (ELEMENT_BIT(ELEMENT_INT32) | ELEMENT_BIT(ELEMENT_INT64))

const Op op_DFT = {
    .name = "DFT",
    .brief = "Discrete Fourier transform along an axis, and its inverse.",
    .versions = {{20, infer_20, run_20, NULL, grad_20}, {17, infer_17, run_17, NULL, grad_17}},
    .attributes = attributes,
    .params_bytes = sizeof(DftParams),
    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_FLOAT, "[..., signal, parts]"},
               {"dft_length", PORT_OPTIONAL, INDEX_TYPES, "[]"},
               {"axis", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT64), "[]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_FLOAT, "[..., bins, parts]"}},
    .role = ROLE_FLOAT,
    .role_reason = "spectra span more than eight bits can hold",
    .samples = {{"f32[1,5,1], -, i64[]{1}!", ""},
                {"f32[2,4,3,2], i64[]{6}!, i64[]{1}!", "inverse=1"},
                {"f32[1,8,1]", "onesided=1"},
                {"f32[1,5,2]", "onesided=1 inverse=1"},
                {"f32[2,5,2,2], i64[]{7}!, i64[]{-3}!", "onesided=1 inverse=1"},
                {"f32[1,7,1]", "axis=1 opset=17"}},
};
