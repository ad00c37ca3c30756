/* Part of the role linear: ConvTranspose is a convolution with the kernel turned around over an input between
 * whose elements zeros were put. */
#include "lower/linear.h"
#include "lower/products.h"
#include "lower/roles.h"

#include <string.h>

/* One spatial axis: where element i of x lies in the spread input, and how long that is. */
typedef struct Spread {
  int64_t in, kernel, stride, dilation, out;
  int64_t first, length; /* x[i] lies at first + i * stride; first may be negative */
} Spread;

static int64_t attribute_at(const Node *node, const char *name, int i) {
  const Attribute *attribute = node_attribute(node, name);
  return attribute != NULL && i < (int)attribute->count ? attribute->ints[i] : 0;
}

/* `axis` from window_begin(): its pads are valid where they were given. */
static Spread spread_of(const Node *node, const WindowAxis *axis, int i, int64_t out) {
  const WindowParams *params = node->params;
  int64_t reach = (axis->kernel - 1) * axis->dilation, pad = axis->pad_begin;
  bool same = params->auto_pad == AUTO_PAD_SAME_UPPER || params->auto_pad == AUTO_PAD_SAME_LOWER;
  if (same || node_attribute(node, "output_shape") != NULL) {
    int64_t full = axis->stride * (axis->in - 1) + attribute_at(node, "output_padding", i) + reach + 1;
    int64_t total = full > out ? full - out : 0;
    pad = params->auto_pad == AUTO_PAD_SAME_UPPER ? total / 2 : total - total / 2;
  }
  return (Spread){axis->in, axis->kernel, axis->stride, axis->dilation, out, reach - pad, out + reach};
}

static bool spreads_of(const Node *node, Spread *h, Spread *w) {
  const Shape *data = &node->inputs[0]->shape, *out = &node->outputs[0]->shape;
  Window window;
  if (data->rank != 3 && data->rank != 4) return false;
  if (window_begin(&window, node->params, data, node->inputs[1]->shape.dims + 2) != NULL) return false;
  WindowAxis one = {.in = 1, .kernel = 1, .stride = 1, .dilation = 1};
  bool flat = window.count == 1;
  *h = flat ? spread_of(node, &one, INT16_MAX, 1) : spread_of(node, &window.axes[0], 0, out->dims[2]);
  *w = spread_of(node, &window.axes[window.count - 1], window.count - 1, out->dims[out->rank - 1]);
  if (flat) h->first = 0;
  return true;
}

/* [C][M/g][KH][KW] as [M][KH][KW][C/g], taps in reverse. */
static const float *turned_rows(Builder *b, const Tensor *weight, int64_t groups, int64_t taps) {
  int64_t channels = weight->shape.dims[0] / groups, each = weight->shape.dims[1];
  float *rows = arena_new(&b->scratch, (size_t)(channels * groups * each * taps), sizeof(float), b->err);
  if (rows == NULL) {
    b->status = SYSTEM;
    return NULL;
  }
  for (int64_t o = 0; o < groups * each; o++)
    for (int64_t k = 0; k < taps; k++)
      for (int64_t c = 0; c < channels; c++) {
        int64_t in = o / each * channels + c;
        rows[(o * taps + k) * channels + c] =
            (float)tensor_get(weight, (in * each + o % each) * taps + taps - 1 - k);
      }
  return rows;
}

/* Factors [M][taps][groups along C] with the taps in reverse, as the rows have them; NULL: there are none. */
static const uint8_t *turned_factors(Builder *b, const QuantSpec *spec, const Shape *weight) {
  if (spec == NULL || spec->kind != QUANT_INTEGER || spec->group_size == 0) return NULL;
  int64_t taps = shape_product(weight, 2, weight->rank), along = weight->dims[0] / spec->group_size;
  uint8_t *turned = arena_new(&b->scratch, (size_t)(weight->dims[1] * taps * along), 1, b->err);
  if (turned == NULL) {
    b->status = SYSTEM;
    return NULL;
  }
  for (int64_t o = 0; o < weight->dims[1]; o++)
    for (int64_t k = 0; k < taps; k++)
      memcpy(turned + (o * taps + k) * along, spec->factors + (o * taps + taps - 1 - k) * along,
             (size_t)along);
  return turned;
}

/* The elements whose place lies within the spread input. */
static void clip(const Spread *s, int64_t *from, int64_t *count) {
  *from = s->first < 0 ? (-s->first + s->stride - 1) / s->stride : 0;
  int64_t last = s->length - 1 < s->first ? -1 : (s->length - 1 - s->first) / s->stride;
  if (last > s->in - 1) last = s->in - 1;
  *count = last - *from + 1;
}

/* x, codes or floats, with zeros between and around its elements: FILL with the zero point, then COPY. */
static int32_t spread_input(Builder *b, int32_t x, const Spread *h, const Spread *w) {
  EdgeTensor in = b->tensors[x].info;
  int64_t batch = in.dims[0], channels = in.dims[3], row = w->length * channels;
  uint32_t dims[] = {in.dims[0], (uint32_t)h->length, (uint32_t)w->length, in.dims[3]};
  int32_t y = build_tensor(b, (EdgeType)in.type, 4, dims, in.scale, in.zero_point);
  EdgeFillParams fill = {in.zero_point};
  build_emit(b, EDGE_OP_FILL, NULL, 0, y, &fill, sizeof fill);
  int64_t top, rows, left, columns;
  clip(h, &top, &rows);
  clip(w, &left, &columns);
  if (rows <= 0 || columns <= 0) return y;
  Loops loops = {.operands = 2};
  loops_add(&loops, batch,
            (int32_t[LOOP_OPERANDS]){(int32_t)(h->length * row), (int32_t)(h->in * w->in * channels)});
  loops_add(&loops, rows, (int32_t[LOOP_OPERANDS]){(int32_t)(h->stride * row), (int32_t)(w->in * channels)});
  loops_add(&loops, columns, (int32_t[LOOP_OPERANDS]){(int32_t)(w->stride * channels), (int32_t)channels});
  loops_add(&loops, channels, (int32_t[LOOP_OPERANDS]){1, 1});
  build_copy(b, x, (top * w->in + left) * channels, y,
             (h->first + top * h->stride) * row + (w->first + left * w->stride) * channels, &loops);
  return y;
}

bool linear_of_conv_transpose(Builder *b, Linear *linear, Form form) {
  const Node *node = b->node;
  const Tensor *weight = node_constant(node, 1);
  int64_t groups = node_int(node, "group", 1);
  Spread h, w;
  if (!spreads_of(node, &h, &w)) return false;
  *linear = (Linear){.rows = turned_rows(b, weight, groups, h.kernel * w.kernel),
                     .outputs = weight->shape.dims[1] * groups,
                     .kernel_h = h.kernel,
                     .kernel_w = w.kernel,
                     .group_channels = weight->shape.dims[0] / groups,
                     .depthwise = groups > 1 && groups == weight->shape.dims[0],
                     .weight = node->inputs[1]->spec,
                     .factors = turned_factors(b, node->inputs[1]->spec, &weight->shape),
                     .bias = node_constant(node, 2),
                     .factor = 1,
                     .bias_factor = 1,
                     .params = {.stride_h = 1,
                                .stride_w = 1,
                                .dilation_h = (int32_t)h.dilation,
                                .dilation_w = (int32_t)w.dilation,
                                .groups = (int32_t)groups}};
  linear->x = spread_input(b, build_image(b, node->inputs[0], form), &h, &w);
  return true;
}

Status lower_conv_transpose(Builder *b) {
  Linear linear;
  Result result;
  if (!result_of(b, b->node->outputs[0], &result)) return lower_float(b);
  if (!linear_of_conv_transpose(b, &linear, FORM_CODES))
    return build_unsupported(b, "more than two spatial axes");
  linear_emit_image(b, &linear, &result);
  return b->status;
}
