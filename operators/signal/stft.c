/* stft.c - STFT: Fourier transforms of frames of a signal. */
#include "operators/gradient.h"
#include "operators/reals.h"
#include "operators/shape/content.h"
#include "operators/signal/fourier.h"

typedef struct StftParams {
  bool onesided;
} StftParams;

enum { IN_SIGNAL, IN_STEP, IN_WINDOW, IN_LENGTH };

static Status infer_frame(const Infer *infer, int64_t *length) {
  const InferValue *window = infer_input(infer, IN_WINDOW);
  *length = DIM_UNKNOWN;
  if (window == NULL && infer_input(infer, IN_LENGTH) == NULL)
    return infer_fail(infer, "needs a window or a frame length");
  (void)known_int(infer, IN_LENGTH, length);
  if (window == NULL || !window->has_shape) return OK;
  if (window->shape.rank != 1) return infer_fail(infer, "the window has %d dimensions", window->shape.rank);
  Dim size = window->shape.dims[0];
  if (!dim_is_known(size)) return OK;
  if (*length != DIM_UNKNOWN && *length != size)
    return infer_fail(infer, "a window of %lld does not fit frames of %lld", (long long)size,
                      (long long)*length);
  *length = size;
  return OK;
}

static Status infer(Infer *infer) {
  const InferValue *signal = &infer->in[IN_SIGNAL];
  int64_t length, step = 0;
  bool onesided = ((const StftParams *)infer->params)->onesided;
  infer->out[0].type = signal->type;
  TRY(infer_frame(infer, &length));
  for (int i = IN_STEP; i < infer->input_count; i++) {
    const InferValue *in = infer_input(infer, i);
    if (i != IN_WINDOW && in != NULL && in->has_shape && shape_is_known(&in->shape) &&
        shape_elements(&in->shape) != 1)
      return infer_fail(infer, "input %d must have one element", i);
  }
  if (!signal->has_shape) return OK;
  if (signal->shape.rank != 3)
    return infer_fail(infer, "the signal has %d dimensions instead of 3", signal->shape.rank);
  Dim all = signal->shape.dims[1], parts = signal->shape.dims[2], frames = DIM_UNKNOWN;
  if (dim_is_known(parts) && parts != 1 && (parts != 2 || onesided))
    return infer_fail(infer, "a signal of %lld parts has no such transform", (long long)parts);
  bool known = known_int(infer, IN_STEP, &step);
  if (known && step < 1) return infer_fail(infer, "the frame step is below 1");
  if (length != DIM_UNKNOWN &&
      (length < 1 || length > FOURIER_MAX_LENGTH || (dim_is_known(all) && length > all)))
    return infer_fail(infer, "frames of %lld do not fit the signal", (long long)length);
  if (known && length != DIM_UNKNOWN && dim_is_known(all)) frames = (all - length) / step + 1;
  Dim bins = length == DIM_UNKNOWN ? DIM_UNKNOWN : onesided ? length / 2 + 1 : length;
  return infer_set_sized(infer, 0, signal->type, &SHAPE(signal->shape.dims[0], frames, bins, 2));
}

static int64_t frame_length(const Run *run) {
  const Tensor *window = run_input(run, IN_WINDOW);
  return window != NULL ? tensor_elements(window) : tensor_get_integer(run->in[IN_LENGTH], 0);
}

static Status run_stft(Run *run) {
  const Tensor *signal = run->in[IN_SIGNAL], *window = run_input(run, IN_WINDOW);
  Tensor *y = run->out[0];
  int64_t step = tensor_get_integer(run->in[IN_STEP], 0), all = signal->shape.dims[1];
  int64_t length = frame_length(run);
  int parts = (int)signal->shape.dims[2];
  int64_t frames = y->shape.dims[1], bins = y->shape.dims[2];
  Fourier fourier;
  TRY(fourier_begin(&fourier, run, length, false));
  double *line = reals_new(run, 2 * length);
  if (line == NULL) return run->err->status;
  for (int64_t f = 0; f < y->shape.dims[0] * frames; f++) {
    int64_t from = f / frames * all + f % frames * step;
    for (int64_t i = 0; i < length; i++) {
      double weight = window != NULL ? tensor_get(window, i) : 1;
      line[2 * i] = weight * tensor_get(signal, (from + i) * parts);
      line[2 * i + 1] = parts == 2 ? weight * tensor_get(signal, (from + i) * parts + 1) : 0;
    }
    for (int64_t k = 0; k < bins; k++) {
      double real, imaginary;
      fourier_bin(&fourier, line, k, &real, &imaginary);
      tensor_set(y, (f * bins + k) * 2, real);
      tensor_set(y, (f * bins + k) * 2 + 1, imaginary);
    }
  }
  return OK;
}

/* ---- the way back ---- */

/* Element i of the frame at `from`, given the gradient of what was transformed. */
static void back_element(const Grad *grad, int64_t from, int64_t i, double real, double imaginary) {
  const Tensor *window = run_input(&grad->run, IN_WINDOW);
  const float *signal = grad->run.in[IN_SIGNAL]->data;
  float *dsignal = grad_of_input(grad, IN_SIGNAL), *dwindow = grad_of_input(grad, IN_WINDOW);
  int64_t parts = grad->run.in[IN_SIGNAL]->shape.dims[2], at = (from + i) * parts;
  double weight = window != NULL ? tensor_get(window, i) : 1;
  if (dsignal != NULL) dsignal[at] += (float)(weight * real);
  if (dsignal != NULL && parts == 2) dsignal[at + 1] += (float)(weight * imaginary);
  if (dwindow == NULL) return;
  dwindow[i] += (float)((double)signal[at] * real + (parts == 2 ? (double)signal[at + 1] * imaginary : 0));
}

static Status grad_stft(Grad *grad) {
  const Tensor *signal = grad->run.in[IN_SIGNAL];
  const Shape *y = &grad->run.out[0]->shape;
  const float *dy = grad_of_output(grad, 0);
  int64_t step = tensor_get_integer(grad->run.in[IN_STEP], 0), all = signal->shape.dims[1];
  int64_t frames = y->dims[1], bins = y->dims[2], length = frame_length(&grad->run);
  Fourier fourier;
  TRY(grad_zero(grad));
  TRY(fourier_begin(&fourier, &grad->run, length, false));
  double *line = reals_new(&grad->run, 2 * length);
  if (line == NULL) return fail_memory(grad->run.err);
  for (int64_t i = 0; i < 2 * length; i++) line[i] = 0;
  for (int64_t f = 0; f < y->dims[0] * frames; f++) {
    for (int64_t k = 0; k < 2 * bins; k++) line[k] = (double)dy[2 * f * bins + k];
    for (int64_t i = 0; i < length; i++) {
      double real, imaginary;
      fourier_back(&fourier, line, i, &real, &imaginary);
      back_element(grad, f / frames * all + f % frames * step, i, real, imaginary);
    }
  }
  return OK;
}

static const AttributeRow attributes[] = {ATTRIBUTE(StftParams, onesided, FIELD_BOOL, .otherwise = 1), {0}};

#define INDEX_TYPES (ELEMENT_BIT(ELEMENT_INT32) | ELEMENT_BIT(ELEMENT_INT64))

const Op op_STFT = {
    .name = "STFT",
    .brief = "Fourier transforms of windowed frames of a signal.",
    .versions = {{17, infer, run_stft, NULL, grad_stft}},
    .attributes = attributes,
    .params_bytes = sizeof(StftParams),
    .inputs = {{"signal", PORT_REQUIRED, ELEMENTS_FLOAT, "[batch, length, parts]"},
               {"frame_step", PORT_REQUIRED, INDEX_TYPES, "[]"},
               {"window", PORT_OPTIONAL, ELEMENTS_FLOAT, "[frame]"},
               {"frame_length", PORT_OPTIONAL, INDEX_TYPES, "[]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_FLOAT, "[batch, frames, bins, 2]"}},
    .role = ROLE_FLOAT,
    .role_reason = "spectra span more than eight bits can hold",
    .samples = {{"f32[2,16,1], i64[]{4}!, f32[8]!", ""},
                {"f32[1,10,2], i64[]{3}, -, i64[]{4}", "onesided=0"}},
};
