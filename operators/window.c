#include "operators/window.h"

const char *const window_auto_pads[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", NULL};

static int64_t extent(const WindowAxis *axis) {
  return (axis->kernel - 1) * axis->dilation + 1;
}

static const char *check_counts(const WindowParams *params, int count) {
  if (params->kernel_shape.given && params->kernel_shape.count != count)
    return "kernel_shape does not have one entry for each spatial axis";
  if (params->strides.given && params->strides.count != count)
    return "strides does not have one entry for each spatial axis";
  if (params->dilations.given && params->dilations.count != count)
    return "dilations does not have one entry for each spatial axis";
  if (params->pads.given && params->pads.count != 2 * count)
    return "pads does not have two entries for each spatial axis";
  return NULL;
}

const char *window_begin(Window *window, const WindowParams *params, const Shape *data, const Dim *kernel) {
  int count = data->rank - 2;
  if (count < 1) return "the data needs a batch axis, a channel axis and at least one spatial axis";
  if (count > WINDOW_MAX_AXES) return "more than 3 spatial axes are not supported";
  const char *wrong = check_counts(params, count);
  if (wrong != NULL) return wrong;
  bool pads = params->auto_pad == AUTO_PAD_NOTSET && params->pads.given;
  *window = (Window){.count = count};
  for (int i = 0; i < count; i++) {
    if (dim_is_known(kernel[i]) && (kernel[i] < 1 || kernel[i] > WINDOW_MOST))
      return "a kernel dimension is zero or too large";
    if (params->kernel_shape.given && dim_is_known(kernel[i]) && kernel[i] != params->kernel_shape.values[i])
      return "kernel_shape contradicts the weight's shape";
    window->axes[i] = (WindowAxis){
        .in = data->dims[2 + i],
        .kernel = params->kernel_shape.given ? params->kernel_shape.values[i] : kernel[i],
        .out = DIM_UNKNOWN,
        .stride = params->strides.given ? params->strides.values[i] : 1,
        .dilation = params->dilations.given ? params->dilations.values[i] : 1,
        .pad_begin = pads ? params->pads.values[i] : 0,
        .pad_end = pads ? params->pads.values[count + i] : 0,
    };
  }
  return NULL;
}

/* SAME: as many outputs as strides fit in the input; padding makes up what the windows lack. */
static void pad_same(WindowAxis *axis, bool upper) {
  if (axis->stride == 1) axis->out = axis->in;
  if (!dim_is_known(axis->in)) return;
  axis->out = axis->in / axis->stride + (axis->in % axis->stride != 0);
  if (!dim_is_known(axis->kernel)) return;
  int64_t total = (axis->out - 1) * axis->stride + extent(axis) - axis->in;
  if (total < 0) total = 0;
  axis->pad_begin = upper ? total / 2 : total - total / 2;
  axis->pad_end = total - axis->pad_begin;
}

static const char *count_outputs(WindowAxis *axis, bool ceil_mode) {
  if (!dim_is_known(axis->kernel)) return NULL;
  int64_t pads = axis->pad_begin + axis->pad_end;
  if (!dim_is_known(axis->in)) {
    if (axis->stride == 1 && pads == extent(axis) - 1) axis->out = axis->in;
    return NULL;
  }
  int64_t room = axis->in + pads - extent(axis);
  if (room < 0) return "the kernel is larger than the padded input";
  axis->out = room / axis->stride + 1;
  /* A partial last window counts if it begins inside the input or the padding before it. */
  bool partial = room % axis->stride != 0;
  if (ceil_mode && partial && axis->out * axis->stride < axis->in + axis->pad_begin) axis->out++;
  return axis->out > WINDOW_MOST_OUT ? "the output is too large" : NULL;
}

const char *window_make(Window *window, const WindowParams *params, const Shape *data, const Dim *kernel) {
  const char *wrong = window_begin(window, params, data, kernel);
  for (int i = 0; wrong == NULL && i < window->count; i++) {
    WindowAxis *axis = &window->axes[i];
    if (params->auto_pad == AUTO_PAD_SAME_UPPER || params->auto_pad == AUTO_PAD_SAME_LOWER)
      pad_same(axis, params->auto_pad == AUTO_PAD_SAME_UPPER);
    else
      wrong = count_outputs(axis, params->ceil_mode && params->auto_pad == AUTO_PAD_NOTSET);
  }
  return wrong;
}

Shape window_output(const Window *window, const Shape *data, Dim channels) {
  Shape shape = {.rank = 2 + window->count, .dims = {data->dims[0], channels}};
  for (int i = 0; i < window->count; i++) shape.dims[2 + i] = window->axes[i].out;
  return shape;
}

void window_widen(Window *window) {
  int added = WINDOW_MAX_AXES - window->count;
  for (int i = WINDOW_MAX_AXES - 1; i >= 0; i--) {
    if (i >= added)
      window->axes[i] = window->axes[i - added];
    else
      window->axes[i] = (WindowAxis){.in = 1, .kernel = 1, .out = 1, .stride = 1, .dilation = 1};
  }
  window->count = WINDOW_MAX_AXES;
}

static int64_t ceil_divide(int64_t a, int64_t positive) {
  return a <= 0 ? -(-a / positive) : (a - 1) / positive + 1;
}

void window_taps(const WindowAxis *axis, int64_t o, bool padded, int64_t *first, int64_t *end) {
  int64_t start = window_input(axis, o, 0);
  int64_t low = padded ? -axis->pad_begin : 0;
  int64_t high = axis->in + (padded ? axis->pad_end : 0);
  *first = start < low ? ceil_divide(low - start, axis->dilation) : 0;
  *end = start < high ? ceil_divide(high - start, axis->dilation) : 0;
  if (*end > axis->kernel) *end = axis->kernel;
  if (*first > *end) *first = *end;
}

void window_outputs(const WindowAxis *axis, int64_t k, int64_t *first, int64_t *end) {
  int64_t start = window_input(axis, 0, k);
  *first = start < 0 ? ceil_divide(-start, axis->stride) : 0;
  *end = start < axis->in ? ceil_divide(axis->in - start, axis->stride) : 0;
  if (*end > axis->out) *end = axis->out;
  if (*first > *end) *first = *end;
}

void window_walk(const Window *window, int64_t t, WindowBody body, void *context) {
  const WindowAxis *a = window->axes;
  int64_t k[3] = {t / (a[1].kernel * a[2].kernel), t / a[2].kernel % a[1].kernel, t % a[2].kernel};
  int64_t first[3], end[3];
  for (int d = 0; d < 3; d++) window_outputs(&a[d], k[d], &first[d], &end[d]);
  if (end[2] <= first[2]) return;
  WindowRun run = {.step = a[2].stride, .count = end[2] - first[2]};
  int64_t column = window_input(&a[2], first[2], k[2]);
  for (int64_t z = first[0]; z < end[0]; z++)
    for (int64_t y = first[1]; y < end[1]; y++) {
      run.out = (z * a[1].out + y) * a[2].out + first[2];
      run.in = (window_input(&a[0], z, k[0]) * a[1].in + window_input(&a[1], y, k[1])) * a[2].in + column;
      body(context, &run);
    }
}
