/* tile.c - Tile: a tensor repeated along its axes. */
#include "operators/gradient_moved.h"
#include "operators/move/element_copy.h"
#include "operators/shape/content.h"

static Status tile_dim(const Infer *infer, int axis, const ContentItem *repeats, Dim *dim) {
  if (!repeats->known) {
    *dim = DIM_UNKNOWN;
    return OK;
  }
  if (repeats->value < 0)
    return infer_fail(infer, "axis %d is to be repeated %lld times", axis, (long long)repeats->value);
  if (!dim_is_known(*dim)) {
    if (repeats->value != 1) *dim = DIM_UNKNOWN;
    return OK;
  }
  if (!__builtin_mul_overflow(*dim, repeats->value, dim)) return OK;
  return infer_fail(infer, "the output has too many elements");
}

static Status tile_infer(Infer *infer) {
  const InferValue *in = &infer->in[0];
  if (infer->input_count > 2) return infer_fail(infer, "repeats is its last input");
  KnownInts limits; /* refuses repeats that are no list, or too many */
  TRY(known_ints(infer, 1, "the list of repeats", GRAPH_MAX_RANK, &limits));
  if (!in->has_shape) return infer_open(infer, 0, in->type);
  Content repeats;
  if (!content_of(&infer->in[1], &repeats)) return infer_rank(infer, 0, in->type, in->shape.rank);
  if (repeats.count != in->shape.rank)
    return infer_fail(infer, "%d repeats are given for %d axes", repeats.count, in->shape.rank);
  Shape out = in->shape;
  for (int d = 0; d < out.rank; d++) TRY(tile_dim(infer, d, &repeats.items[d], &out.dims[d]));
  return infer_set_sized(infer, 0, in->type, &out);
}

/* Each axis counts twice: how often it is repeated, and its elements. */
static Status tile_run(Run *run) {
  const Tensor *in = run->in[0], *out = run->out[0];
  int rank = in->shape.rank;
  int64_t strides[GRAPH_MAX_RANK];
  shape_strides(&in->shape, strides);
  CopyAxis axes[COPY_MAX_RANK];
  if (tensor_elements(out) == 0) return OK;
  for (int d = 0; d < rank; d++) {
    axes[2 * d] = (CopyAxis){out->shape.dims[d] / in->shape.dims[d], 0};
    axes[2 * d + 1] = (CopyAxis){in->shape.dims[d], strides[d]};
  }
  copy_strided(out->data, in->data, element_bytes(in->type), axes, 2 * rank);
  return OK;
}

/* Up to opset 5: one axis, and how often it is repeated. */
static Status tile_infer_1(Infer *infer) {
  if (infer->input_count != 3 || !infer->in[2].present)
    return infer_fail(infer, "tiles and axis are its inputs");
  return infer_open(infer, 0, infer->in[0].type);
}

static Status tile_run_1(Run *run) {
  const Tensor *in = run->in[0];
  int64_t count = tensor_get_integer(run->in[1], 0), rows;
  int axis;
  if (!axis_normalize(tensor_get_integer(run->in[2], 0), in->shape.rank, &axis) || count < 0)
    return run_fail(run, "cannot repeat axis %lld %lld times", (long long)tensor_get_integer(run->in[2], 0),
                    (long long)count);
  Shape shape = in->shape;
  if (__builtin_mul_overflow(shape.dims[axis], count, &rows))
    return run_fail(run, "the output has too many elements");
  shape.dims[axis] = rows;
  if (shape_elements(&shape) < 0 || shape_elements(&shape) > CONTENT_MAX_ELEMENTS)
    return run_fail(run, "the output has too many elements");
  TRY(run_set_shape(run, 0, &shape));
  return tile_run(run);
}

const Op op_Tile = {
    .name = "Tile",
    .brief = "A tensor repeated along its axes.",
    .versions = {{6, tile_infer, tile_run, NULL, grad_moved},
                 {1, tile_infer_1, tile_run_1, NULL, grad_moved}},
    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_ANY, "[...]"},
               {"repeats", PORT_REQUIRED, ELEMENTS_NUMERIC, "[rank]"}, /* opset 5: tiles, [] */
               {"axis", PORT_OPTIONAL, ELEMENTS_NUMERIC, "[]"}},       /* up to opset 5 */
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
    .role = ROLE_SAME_SCALE,
    .samples = {{"f32[2,3], i64{2,1}!", NULL},
                {"f32[2,3], i64{2,3}!", NULL},
                {"str[2], i64{3}!", NULL},
                {"f32[2,3], i64{0,2}!", NULL},
                {"i8[1,2,2], i64{1,1,2}", NULL},
                {"f32[2,3], f32[]{2}, f32[]{1}", "opset=5"}},
};
