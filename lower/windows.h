/* windows.h - the windows of convolutions and pools as the two axes that instructions have. */
#ifndef LOWER_WINDOWS_H
#define LOWER_WINDOWS_H

#include "operators/window.h"
#include "runtime/program.h"

typedef struct Window2 {
  int32_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
  int32_t pad_top, pad_left, pad_bottom, pad_right;
} Window2;

/* Of a bound node whose params begin with WindowParams, on data of rank 3 or 4; `kernel`: dims of the kernel
   or NULL for the node's kernel_shape. False where the runtime has no such window. */
bool window2_of(const Node *node, const Shape *data, const Dim *kernel, Window2 *window);

/* Of a pool that neither clamps nor counts pads. */
EdgePoolParams pool_params(const Window2 *window);

#endif
