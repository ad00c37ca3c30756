/* Orders of axes in memory, and the loops that follow from them. */
#include "lower/layout.h"

bool layout_has_channels(const Shape *shape) {
  return shape->rank == 3 || shape->rank == 4;
}

bool layout_is_same(const Shape *shape) {
  if (!layout_has_channels(shape)) return true;
  return shape->dims[1] == 1 || shape_product(shape, 2, shape->rank) == 1;
}

void layout_order(const Shape *shape, Layout layout, int order[GRAPH_MAX_RANK]) {
  bool last = layout == LAYOUT_LAST && layout_has_channels(shape);
  for (int k = 0; k < shape->rank; k++) order[k] = k;
  for (int k = 1; last && k < shape->rank; k++) order[k] = k + 1 < shape->rank ? k + 1 : 1;
}

void layout_strides(const Shape *shape, Layout layout, int32_t strides[GRAPH_MAX_RANK]) {
  int order[GRAPH_MAX_RANK];
  int64_t stride = 1;
  layout_order(shape, layout, order);
  for (int k = shape->rank - 1; k >= 0; k--) {
    strides[order[k]] = (int32_t)stride;
    stride *= shape->dims[order[k]];
  }
}

void layout_image(const Shape *shape, uint32_t dims[4]) {
  dims[0] = shape->rank > 0 ? (uint32_t)shape->dims[0] : 1;
  dims[1] = shape->rank > 3 ? (uint32_t)shape->dims[2] : 1;
  dims[2] = shape->rank > 2 ? (uint32_t)shape->dims[shape->rank - 1] : 1;
  dims[3] = shape->rank > 1 ? (uint32_t)shape->dims[1] : 1;
}

/* True if the new loop continues the last one for every operand. */
static bool is_continued(const Loops *loops, int64_t dim, const int32_t stride[LOOP_OPERANDS]) {
  if (loops->rank == 0) return false;
  for (int i = 0; i < loops->operands; i++)
    if (loops->stride[i][loops->rank - 1] != stride[i] * dim) return false;
  return true;
}

void loops_add(Loops *loops, int64_t dim, const int32_t stride[LOOP_OPERANDS]) {
  if (dim == 1) return;
  int at = loops->rank;
  if (is_continued(loops, dim, stride)) {
    loops->dims[--at] *= (int32_t)dim;
  } else {
    loops->dims[at] = (int32_t)dim;
    loops->rank++;
  }
  for (int i = 0; i < loops->operands; i++) loops->stride[i][at] = stride[i];
}

void loops_broadcast(Loops *loops, const Shape *out, Layout layout, int operands, const Shape *const shapes[],
                     const Layout layouts[]) {
  int32_t strides[LOOP_OPERANDS][GRAPH_MAX_RANK] = {{0}};
  int order[GRAPH_MAX_RANK];
  *loops = (Loops){.operands = operands};
  for (int i = 0; i < operands; i++) layout_strides(shapes[i], layouts[i], strides[i]);
  layout_order(out, layout, order);
  for (int k = 0; k < out->rank; k++) {
    int32_t stride[LOOP_OPERANDS] = {0};
    for (int i = 0; i < operands; i++) {
      int axis = order[k] - (out->rank - shapes[i]->rank);
      stride[i] = axis < 0 || shapes[i]->dims[axis] == 1 ? 0 : strides[i][axis];
    }
    loops_add(loops, out->dims[order[k]], stride);
  }
}

bool loops_store(const Loops *loops, int32_t *rank, int32_t *dims, int32_t *const strides[]) {
  if (loops->rank > EDGE_MAX_RANK) return false;
  *rank = loops->rank;
  for (int k = 0; k < EDGE_MAX_RANK; k++) {
    dims[k] = k < loops->rank ? loops->dims[k] : 1;
    for (int i = 0; i < loops->operands; i++) strides[i][k] = k < loops->rank ? loops->stride[i][k] : 0;
  }
  return true;
}
