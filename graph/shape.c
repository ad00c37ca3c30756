/* Shapes: products, strides, broadcasting. */
#include "graph/graph.h"

#define ELEMENTS_MAX (INT64_MAX / 16) /* so that their bytes fit too */

bool shape_is_known(const Shape *shape) {
  for (int i = 0; i < shape->rank; i++)
    if (!dim_is_known(shape->dims[i])) return false;
  return true;
}

bool shape_equals(const Shape *a, const Shape *b) {
  if (a->rank != b->rank) return false;
  for (int i = 0; i < a->rank; i++)
    if (a->dims[i] != b->dims[i]) return false;
  return true;
}

/* A 0 among the dims makes it 0, however large the others are. */
int64_t shape_elements(const Shape *shape) {
  int64_t product = 1;
  bool overflows = false;
  for (int i = 0; i < shape->rank; i++) {
    Dim dim = shape->dims[i];
    if (dim < 0) return -1;
    if (dim == 0) return shape_is_known(shape) ? 0 : -1;
    if (__builtin_mul_overflow(product, dim, &product) || product > ELEMENTS_MAX) {
      overflows = true;
      product = 1;
    }
  }
  return overflows ? -1 : product;
}

int64_t shape_product(const Shape *shape, int from, int to) {
  int64_t product = 1;
  for (int i = from; i < to; i++) product *= shape->dims[i];
  return product;
}

void shape_strides(const Shape *shape, int64_t strides[GRAPH_MAX_RANK]) {
  int64_t stride = 1;
  for (int i = shape->rank - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape->dims[i];
  }
}

void shape_print(Text *text, const Shape *shape, const Graph *graph) {
  text_add(text, "[");
  for (int i = 0; i < shape->rank; i++) {
    if (i > 0) text_add(text, ",");
    if (dim_is_known(shape->dims[i]))
      text_add(text, "%lld", (long long)shape->dims[i]);
    else
      text_add(text, "%s", graph == NULL ? "?" : graph_symbol_name(graph, shape->dims[i]));
  }
  text_add(text, "]");
}

/* 1 gives way to anything; a known dimension above 1 wins over an unknown one, which can only be that or 1.
 */
static bool broadcast_dim(Dim a, Dim b, Dim *result) {
  if (a == 1 || a == b) {
    *result = a == 1 ? b : a;
    return true;
  }
  if (b == 1) {
    *result = a;
    return true;
  }
  if (dim_is_known(a) && dim_is_known(b)) return false;
  *result = dim_is_known(a) ? a : dim_is_known(b) ? b : DIM_UNKNOWN;
  return true;
}

bool shape_broadcast(const Shape *a, const Shape *b, Shape *result) {
  Shape joined = {.rank = a->rank > b->rank ? a->rank : b->rank};
  for (int i = 1; i <= joined.rank; i++) {
    Dim left = i <= a->rank ? a->dims[a->rank - i] : 1, right = i <= b->rank ? b->dims[b->rank - i] : 1;
    if (!broadcast_dim(left, right, &joined.dims[joined.rank - i])) return false;
  }
  *result = joined;
  return true;
}

bool axis_normalize(int64_t axis, int rank, int *result) {
  if (axis < -rank || axis >= rank) return false;
  *result = (int)(axis < 0 ? axis + rank : axis);
  return true;
}
