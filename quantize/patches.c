#include "quantize/patches.h"

#include "operators/conv/conv_case.h"

static bool is_matrix(const Layer *layer) {
  return !node_is(layer->node, "Conv");
}

static Status window_of(const Layer *layer, const Tensor *data, Window *window, Error *err) {
  const ConvParams *params = layer->node->params;
  const char *wrong =
      window_make(window, &params->window, &data->shape, layer->weight->constant->shape.dims + 2);
  if (wrong != NULL) return fail(err, BAD_INPUT, "node '%s': %s", layer->node->name, wrong);
  window_widen(window);
  return OK;
}

static int64_t positions_of(const Layer *layer, const Tensor *data) {
  Window window;
  Error ignored = {0};
  if (is_matrix(layer)) return layer->depth > 0 ? tensor_elements(data) / layer->depth : 0;
  if (window_of(layer, data, &window, &ignored) != OK) return 0;
  return data->shape.dims[0] * window.axes[0].out * window.axes[1].out * window.axes[2].out;
}

Patches patches_of(const Layer *layer, const Tensor *data, int64_t sample) {
  Patches patches = {.all = positions_of(layer, data)};
  patches.step = patches.all / PATCHES_MOST + 1;
  patches.start = patches.all > 0 ? sample % patches.step % patches.all : 0;
  patches.count = (patches.all - patches.start + patches.step - 1) / patches.step;
  if (patches.count > PATCHES_MOST) patches.count = PATCHES_MOST;
  return patches;
}

/* What values are divided by, and how fine they are rounded then. */
typedef struct Unit {
  float inverse, parts;
} Unit;

/* Adding and taking away 1.5 * 2^23 rounds half to even. */
static float in_units(float value, Unit unit) {
  return (((value * unit.inverse) * unit.parts + 0x1.8p23f) - 0x1.8p23f) / unit.parts;
}

static void take_rows(const Layer *layer, const float *values, const Patches *patches, Unit unit,
                      float *matrix) {
  for (int64_t p = 0; p < patches->count; p++) {
    const float *row = values + (patches->start + p * patches->step) * layer->depth;
    for (int64_t i = 0; i < layer->depth; i++) matrix[p * layer->depth + i] = in_units(row[i], unit);
  }
}

/* One channel's taps at one position: `at` is the output, `x` the channel. */
static void take_window(const Window *window, const float *x, const int64_t at[3], Unit unit, float *to) {
  const WindowAxis *a = window->axes;
  for (int64_t k = 0; k < a[0].kernel; k++)
    for (int64_t l = 0; l < a[1].kernel; l++)
      for (int64_t m = 0; m < a[2].kernel; m++) {
        int64_t d = window_input(&a[0], at[0], k), h = window_input(&a[1], at[1], l),
                w = window_input(&a[2], at[2], m);
        bool inside = d >= 0 && d < a[0].in && h >= 0 && h < a[1].in && w >= 0 && w < a[2].in;
        *to++ = inside ? in_units(x[(d * a[1].in + h) * a[2].in + w], unit) : 0.0f;
      }
}

static void take_windows(const Layer *layer, const Tensor *data, const Window *window, const Patches *patches,
                         int64_t group, Unit unit, float *matrix) {
  const WindowAxis *a = window->axes;
  int64_t pixels = a[0].in * a[1].in * a[2].in, group_in = layer->inputs / layer->groups;
  for (int64_t p = 0; p < patches->count; p++) {
    int64_t position = patches->start + p * patches->step;
    int64_t at[3] = {position / (a[1].out * a[2].out) % a[0].out, position / a[2].out % a[1].out,
                     position % a[2].out};
    int64_t image = position / (a[0].out * a[1].out * a[2].out);
    const float *x = (const float *)data->data + (image * layer->inputs + group * group_in) * pixels;
    for (int64_t c = 0; c < group_in; c++)
      take_window(window, x + c * pixels, at, unit, matrix + p * layer->depth + c * layer->taps);
  }
}

Status patches_take(const Layer *layer, const Tensor *data, const Patches *patches, int64_t group,
                    float parts, float *matrix, Error *err) {
  Window window;
  Unit unit = {1.0f / layer->data->spec->scales[0], parts};
  if (is_matrix(layer)) {
    take_rows(layer, data->data, patches, unit, matrix);
    return OK;
  }
  TRY(window_of(layer, data, &window, err));
  take_windows(layer, data, &window, patches, group, unit, matrix);
  return OK;
}
