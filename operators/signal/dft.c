/* dft.c - DFT: the discrete Fourier transform along an axis; the last axis holds real and imaginary parts. */
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

typedef struct DftLine {
  const Tensor *x;
  int64_t from, step; /* elements of the axis, in pairs or singles */
  int64_t count;      /* elements there are */
  int parts;          /* 1 real, 2 complex */
} DftLine;

/* A half of a spectrum stands for the whole: the other half is its mirror image, conjugated. */
static void load_line(const DftLine *line, bool mirror, int64_t length, double *to) {
  for (int64_t i = 0; i < length; i++) {
    bool turned = mirror && i > length / 2;
    int64_t at = turned ? length - i : i, place = line->from + at * line->step * line->parts;
    bool there = at < line->count;
    to[2 * i] = there ? tensor_get(line->x, place) : 0;
    to[2 * i + 1] = there && line->parts == 2 ? tensor_get(line->x, place + 1) : 0;
    if (turned) to[2 * i + 1] = -to[2 * i + 1];
  }
}

static Status run_along(Run *run, int64_t axis_given) {
  const DftParams *params = run->params;
  const Tensor *x = run->in[0], *length_given = run_input(run, 1);
  Tensor *y = run->out[0];
  int axis, rank = x->shape.rank;
  if (!axis_normalize(axis_given, rank, &axis)) return run_fail(run, "the axis is outside the input");
  int64_t outer = shape_product(&x->shape, 0, axis), inner = shape_product(&x->shape, axis + 1, rank - 1);
  int64_t in = x->shape.dims[axis], out = y->shape.dims[axis];
  int parts = (int)x->shape.dims[rank - 1], out_parts = (int)y->shape.dims[rank - 1];
  bool mirror = params->onesided && params->inverse;
  int64_t length = length_given != NULL ? tensor_get_integer(length_given, 0) : mirror ? out : in;
  if (tensor_elements(y) == 0) return OK;
  Fourier fourier;
  TRY(fourier_begin(&fourier, run, length, params->inverse));
  double *line = reals_new(run, 2 * length);
  if (line == NULL) return run->err->status;
  for (int64_t l = 0; l < outer * inner; l++) {
    int64_t o = l / inner, i = l % inner;
    DftLine from = {x, (o * in * inner + i) * parts, inner, in, parts};
    load_line(&from, mirror, length, line);
    for (int64_t k = 0; k < out; k++) {
      double real, imaginary;
      int64_t at = ((o * out + k) * inner + i) * out_parts;
      fourier_bin(&fourier, line, k, &real, &imaginary);
      tensor_set(y, at, real);
      if (out_parts == 2) tensor_set(y, at + 1, imaginary);
    }
  }
  return OK;
}

static Status run_20(Run *run) {
  const Tensor *axis = run_input(run, 2);
  return run_along(run, axis != NULL ? tensor_get_integer(axis, 0) : -2);
}

static Status run_17(Run *run) {
  return run_along(run, ((const DftParams *)run->params)->axis);
}

static const AttributeRow attributes[] = {ATTRIBUTE(DftParams, axis, FIELD_INT, .otherwise = 1),
                                          ATTRIBUTE(DftParams, inverse, FIELD_BOOL),
                                          ATTRIBUTE(DftParams, onesided, FIELD_BOOL),
                                          {0}};

#define INDEX_TYPES (ELEMENT_BIT(ELEMENT_INT32) | ELEMENT_BIT(ELEMENT_INT64))

const Op op_DFT = {
    .name = "DFT",
    .brief = "Discrete Fourier transform along an axis, and its inverse.",
    .versions = {{20, infer_20, run_20, NULL}, {17, infer_17, run_17, NULL}},
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
                {"f32[1,7,1]", "axis=1 opset=17"}},
};
