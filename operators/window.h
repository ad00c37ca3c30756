/*
 * window.h - geometry of windows that slide over the spatial axes of [N, C, spatial...]: what convolution and
 * pooling share.
 *
 * Output o of an axis sees the inputs o * stride - pad_begin + k * dilation for the taps k = 0..kernel-1;
 * those outside 0..in-1 are padding.
 */
#ifndef OPERATORS_WINDOW_H
#define OPERATORS_WINDOW_H

#include "operators/op.h"

#define WINDOW_MAX_AXES 3                  /* spatial axes */
#define WINDOW_MOST (INT64_C(1) << 24)     /* largest kernel, stride, dilation or pad */
#define WINDOW_MOST_OUT (INT64_C(1) << 31) /* largest output along an axis */

enum { AUTO_PAD_NOTSET, AUTO_PAD_SAME_UPPER, AUTO_PAD_SAME_LOWER, AUTO_PAD_VALID };
extern const char *const window_auto_pads[];

/* The attributes that all windowed operators have; the first member of their params. */
typedef struct WindowParams {
  int auto_pad;
  bool ceil_mode;
  Ints kernel_shape, pads, strides, dilations;
} WindowParams;

#define WINDOW_ATTRIBUTES                                                                                    \
  ATTRIBUTE(WindowParams, auto_pad, FIELD_CHOICE, .choices = window_auto_pads),                              \
      ATTRIBUTE(WindowParams, kernel_shape, FIELD_INTS, .least = 1, .most = WINDOW_MOST),                    \
      ATTRIBUTE(WindowParams, pads, FIELD_INTS, .least = 0, .most = WINDOW_MOST),                            \
      ATTRIBUTE(WindowParams, strides, FIELD_INTS, .least = 1, .most = WINDOW_MOST),                         \
      ATTRIBUTE(WindowParams, dilations, FIELD_INTS, .least = 1, .most = WINDOW_MOST)

/* One axis. `in`, `kernel` and `out` may be unknown or symbols during inference; never while running. */
typedef struct WindowAxis {
  Dim in, kernel, out;
  int64_t stride, dilation, pad_begin, pad_end;
} WindowAxis;

typedef struct Window {
  int count; /* spatial axes, 1..WINDOW_MAX_AXES */
  WindowAxis axes[WINDOW_MAX_AXES];
} Window;

/* Reads attributes and shapes into `window` with `out` still unknown. `kernel`: as many dims as `data` has
   spatial axes. NULL, or what is wrong. */
const char *window_begin(Window *window, const WindowParams *params, const Shape *data, const Dim *kernel);

/* window_begin(), then resolves auto_pad and computes `out` of convolution and pooling. */
const char *window_make(Window *window, const WindowParams *params, const Shape *data, const Dim *kernel);

/* The window's output shape: [data's N, channels, out...]. */
Shape window_output(const Window *window, const Shape *data, Dim channels);

/* Puts axes of one output and input in front, up to WINDOW_MAX_AXES: kernels then know only the 3-D case. */
void window_widen(Window *window);

/* Taps k in [*first, *end) of output `o` that lie inside the input (or, with `padded`, inside input and
   padding; a last window of ceil_mode may reach beyond both). */
void window_taps(const WindowAxis *axis, int64_t o, bool padded, int64_t *first, int64_t *end);

/* Outputs o in [*first, *end) whose tap `k` lies inside the input. */
void window_outputs(const WindowAxis *axis, int64_t k, int64_t *first, int64_t *end);

/* Elements that one tap of a window connects: `count` outputs from `out` on, and inputs from `in` on, `step`
 * apart. */
typedef struct WindowRun {
  int64_t out, in, step, count;
} WindowRun;

typedef void (*WindowBody)(void *context, const WindowRun *run);

/* Calls `body` for all that tap `t` of a widened window (counted through row by row) connects, a row at a
 * time. */
void window_walk(const Window *window, int64_t t, WindowBody body, void *context);

/* Input position of tap `k` of output `o`; may lie in the padding. */
static inline int64_t window_input(const WindowAxis *axis, int64_t o, int64_t k) {
  return o * axis->stride - axis->pad_begin + k * axis->dilation;
}

#endif
