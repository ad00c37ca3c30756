/* Windows with one or two spatial axes. */
#include "lower/windows.h"

static WindowAxis only_one(void) {
  return (WindowAxis){.in = 1, .kernel = 1, .out = 1, .stride = 1, .dilation = 1};
}

bool window2_of(const Node *node, const Shape *data, const Dim *kernel, Window2 *window) {
  const WindowParams *params = node->params;
  Window whole;
  if (data->rank != 3 && data->rank != 4) return false;
  if (kernel == NULL) kernel = params->kernel_shape.values;
  if (window_make(&whole, params, data, kernel) != NULL) return false;
  WindowAxis w = whole.axes[whole.count - 1], h = whole.count > 1 ? whole.axes[0] : only_one();
  *window = (Window2){.kernel_h = (int32_t)h.kernel,
                      .kernel_w = (int32_t)w.kernel,
                      .stride_h = (int32_t)h.stride,
                      .stride_w = (int32_t)w.stride,
                      .dilation_h = (int32_t)h.dilation,
                      .dilation_w = (int32_t)w.dilation,
                      .pad_top = (int32_t)h.pad_begin,
                      .pad_left = (int32_t)w.pad_begin,
                      .pad_bottom = (int32_t)h.pad_end,
                      .pad_right = (int32_t)w.pad_end};
  return true;
}

EdgePoolParams pool_params(const Window2 *w) {
  return (EdgePoolParams){.kernel_h = w->kernel_h,
                          .kernel_w = w->kernel_w,
                          .stride_h = w->stride_h,
                          .stride_w = w->stride_w,
                          .dilation_h = w->dilation_h,
                          .dilation_w = w->dilation_w,
                          .pad_top = w->pad_top,
                          .pad_left = w->pad_left,
                          .pad_bottom = w->pad_bottom,
                          .pad_right = w->pad_right,
                          .mult = 1.0f,
                          .act_min = INT8_MIN,
                          .act_max = INT8_MAX};
}
