#include "operators/axes.h"
#include "operators/pool/pool.h"

typedef struct MaxPoolParams {
  WindowParams window;
  int64_t storage_order; /* of Indices: 0 row-major, 1 column-major */
} MaxPoolParams;

static const AttributeRow attributes[] = {
    WINDOW_ATTRIBUTES,
    ATTRIBUTE(WindowParams, ceil_mode, FIELD_BOOL, .otherwise = 0),
    ATTRIBUTE(MaxPoolParams, storage_order, FIELD_INT, .otherwise = 0, .least = 0, .most = 1),
    {0}};

static Status infer_max_pool(Infer *infer) {
  TRY(pool_infer(infer));
  if (!infer_wants(infer, 1)) return OK;
  infer->out[1].type = ELEMENT_INT64;
  if (infer->out[0].has_shape) {
    Shape shape = infer->out[0].shape;
    infer_set(infer, 1, ELEMENT_INT64, &shape);
  }
  return OK;
}

static int64_t row_major(const PoolCase *c, int64_t position) {
  (void)c;
  return position;
}

static int64_t column_major(const PoolCase *c, int64_t position) {
  const WindowAxis *a = c->window.axes;
  int64_t m = position % a[2].in, l = position / a[2].in % a[1].in, k = position / a[2].in / a[1].in;
  return (m * a[1].in + l) * a[0].in + k;
}

static Status plain_max_pool(Run *run) {
  const MaxPoolParams *params = run->params;
  return pool_plain(run, pool_maximum, 0, params->storage_order == 0 ? row_major : column_major);
}

static Status fast_max_pool(Run *run) {
  PoolCase c;
  TRY(pool_begin(run, &c));
  return pool_fast_fits(run, &c) ? pool_fast_maximum(run, &c) : plain_max_pool(run);
}

static OpRole role_of(const Node *node, const char **reason) {
  if (node->output_count < 2 || node->outputs[1] == NULL) return ROLE_SAME_SCALE;
  *reason = "float only: it also gives the indices of its maxima";
  return ROLE_FLOAT;
}

const Op op_MaxPool = {
    .name = "MaxPool",
    .brief = "Largest element of each window, and where it is.",
    .versions = {{22, infer_max_pool, plain_max_pool, fast_max_pool, pool_grad_maximum},
                 {12, infer_max_pool, plain_max_pool, fast_max_pool, pool_grad_maximum},
                 {8, infer_max_pool, plain_max_pool, fast_max_pool, pool_grad_maximum},
                 {1, infer_max_pool, plain_max_pool, fast_max_pool, pool_grad_maximum}},
    .attributes = attributes,
    .params_bytes = sizeof(MaxPoolParams),
    .check = pool_check,
    .inputs = {{"X", PORT_REQUIRED, POOL_TYPES_MAX, "[N, C, ...]"}},
    .outputs = {{"Y", PORT_REQUIRED, POOL_TYPES_MAX, "[N, C, ...]"},
                {"Indices", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT64), "[N, C, ...]"}},
    .axes = axes_planes,
    .role = ROLE_SAME_SCALE,
    .role_of = role_of,
    .samples = {{"f32[1,3,8,7]", "kernel_shape=[2,2] strides=[2,2]"},
                {"f32[2,2,7,8]", "kernel_shape=[3,3] strides=[2,2] pads=[1,0,0,1] ceil_mode=1"},
                {"f32[1,2,9,9]", "kernel_shape=[3,2] dilations=[2,3] auto_pad=\"SAME_UPPER\""},
                {"f32[1,2,6,5]", "kernel_shape=[3,3] strides=[2,1] auto_pad=\"SAME_LOWER\""},
                {"f32[1,2,4,6]", "kernel_shape=[2,3] storage_order=1 outputs=2"},
                {"f32[1,3,10]", "kernel_shape=[3] strides=[2] pads=[1,1]"},
                {"u8[1,2,5,5]", "kernel_shape=[2,2]"},
                {"f32[1,2,3,4,5]", "kernel_shape=[2,2,3] strides=[1,2,2]"}},
};
