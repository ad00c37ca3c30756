/* tensor_scatter.c - TensorScatter: new rows written into a cache, each batch element at its own place. */
#include "operators/gradient_moved.h"
#include "operators/reals.h"
#include "operators/shape/content.h"

#include <string.h>

static const char *const modes[] = {"linear", "circular", NULL};
#define MODE_CIRCULAR 1

typedef struct TensorScatterParams {
  int64_t axis;
  int mode;
} TensorScatterParams;

static Status infer(Infer *infer) {
  const InferValue *cache = &infer->in[0], *update = &infer->in[1], *places = infer_input(infer, 2);
  int axis;
  infer->out[0].type = cache->type;
  if (infer_types_differ(infer, 0, 1)) return infer_fail(infer, "cache and update have different types");
  if (!cache->has_shape) return OK;
  TRY(infer_axis(infer, ((const TensorScatterParams *)infer->params)->axis, cache->shape.rank, &axis));
  if (axis == 0) return infer_fail(infer, "the axis is the batch's");
  if (update->has_shape && update->shape.rank != cache->shape.rank)
    return infer_fail(infer, "cache and update have %d and %d dimensions", cache->shape.rank,
                      update->shape.rank);
  for (int d = 0; update->has_shape && d < cache->shape.rank; d++) {
    Dim a = cache->shape.dims[d], b = update->shape.dims[d];
    if (dim_is_known(a) && dim_is_known(b) && (d == axis ? b > a : a != b))
      return infer_fail(infer, "an update of %lld along axis %d does not fit a cache of %lld", (long long)b,
                        d, (long long)a);
  }
  if (places != NULL && places->has_shape &&
      (places->shape.rank != 1 ||
       (dim_is_known(places->shape.dims[0]) && dim_is_known(cache->shape.dims[0]) &&
        places->shape.dims[0] != cache->shape.dims[0])))
    return infer_fail(infer, "write_indices must have one element for each of the batch");
  infer_set(infer, 0, cache->type, &cache->shape);
  return OK;
}

static Status check_place(Run *run, int64_t place, int64_t count, int64_t room) {
  bool circular = ((const TensorScatterParams *)run->params)->mode == MODE_CIRCULAR;
  if (place >= 0 && place < room + (room == 0) && (circular || place + count <= room)) return OK;
  return run_fail(run, "%lld rows at %lld do not fit a cache of %lld", (long long)count, (long long)place,
                  (long long)room);
}

static Status scatter(Run *run) {
  const Tensor *cache = run->in[0], *update = run->in[1], *places = run_input(run, 2);
  int axis = 0, rank = cache->shape.rank;
  if (!axis_normalize(((const TensorScatterParams *)run->params)->axis, rank, &axis)) return BAD_INPUT;
  int64_t room = cache->shape.dims[axis], count = update->shape.dims[axis];
  int64_t outer = shape_product(&cache->shape, 1, axis);
  size_t bytes = (size_t)shape_product(&cache->shape, axis + 1, rank) * element_bytes(cache->type);
  TRY(run_copy(run));
  for (int64_t b = 0; bytes > 0 && b < cache->shape.dims[0]; b++) {
    int64_t place = places != NULL ? tensor_get_integer(places, b) : 0;
    TRY(check_place(run, place, count, room));
    for (int64_t i = 0; i < outer * count; i++) {
      int64_t o = b * outer + i / count, row = (place + i % count) % room;
      memcpy((char *)run->out[0]->data + (size_t)(o * room + row) * bytes,
             (const char *)update->data + (size_t)(b * outer * count + i) * bytes, bytes);
    }
  }
  return OK;
}

static Status grad_scatter(Grad *grad) {
  return grad_moved_by(grad, scatter, 1 << 0 | 1 << 1, NULL);
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(TensorScatterParams, axis, FIELD_INT, .otherwise = -2),
    ATTRIBUTE(TensorScatterParams, mode, FIELD_CHOICE, .choices = modes),
    {0}};

const Op op_TensorScatter = {
    .name = "TensorScatter",
    .brief = "Writes rows into a cache, for each batch element at its own place.",
    .versions = {{24, infer, scatter, NULL, grad_scatter}},
    .attributes = attributes,
    .params_bytes = sizeof(TensorScatterParams),
    .inputs = {{"past_cache", PORT_REQUIRED, ELEMENTS_ANY, "[batch, ..., room, ...]"},
               {"update", PORT_REQUIRED, ELEMENTS_ANY, "[batch, ..., rows, ...]"},
               {"write_indices", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT64), "[batch]"}},
    .outputs = {{"present_cache", PORT_REQUIRED, ELEMENTS_ANY, "[batch, ..., room, ...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "writes at places that only the data tells",
    .samples = {{"f32[2,1,4,3], f32[2,1,2,3], i64{0,2}", ""},
                {"f32[2,4,3], f32[2,3,3], i64{3,1}", "mode=\"circular\""},
                {"i8[1,2,3,4], i8[1,2,3,2]", "axis=-1"}},
};
