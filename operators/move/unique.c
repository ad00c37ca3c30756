/* unique.c - Unique: different elements (or slices along an axis), where they come first, and how often. */
#include "operators/reals.h"
#include "operators/shape/content.h"

#include <stdlib.h>
#include <string.h>

#define NO_AXIS INT64_MIN /* elements, not slices */

typedef struct UniqueParams {
  int64_t axis;
  bool sorted;
} UniqueParams;

enum { OUT_Y, OUT_INDICES, OUT_INVERSE, OUT_COUNTS };

static Status infer(Infer *infer) {
  const UniqueParams *params = infer->params;
  const InferValue *x = &infer->in[0];
  int axis;
  infer->out[OUT_Y].type = x->type;
  for (int i = 1; i < infer->output_count; i++) infer->out[i].type = ELEMENT_INT64;
  if (x->has_shape && params->axis != NO_AXIS) TRY(infer_axis(infer, params->axis, x->shape.rank, &axis));
  return OK; /* how many there are depends on the data */
}

/* An element or a slice: `outer` runs of `inner` elements, `step` apart. */
typedef struct Item {
  const Tensor *tensor;
  int64_t from, outer, inner, step;
  int64_t index, group; /* group: number of its value */
} Item;

static int compare_elements(const Tensor *x, int64_t i, int64_t j) {
  if (x->type == ELEMENT_STRING)
    return strcmp(((const char *const *)x->data)[i], ((const char *const *)x->data)[j]);
  if (x->type == ELEMENT_UINT64) {
    uint64_t a = ((const uint64_t *)x->data)[i], b = ((const uint64_t *)x->data)[j];
    return (a > b) - (a < b);
  }
  if (!element_is_float(x->type)) {
    int64_t a = tensor_get_integer(x, i), b = tensor_get_integer(x, j);
    return (a > b) - (a < b);
  }
  double a = tensor_get(x, i), b = tensor_get(x, j);
  if (a != a || b != b) return (a != a) - (b != b); /* NaN is larger than any number */
  return (a > b) - (a < b);
}

static int compare_values(const Item *a, const Item *b) {
  for (int64_t o = 0; o < a->outer; o++)
    for (int64_t i = 0; i < a->inner; i++) {
      int64_t at = o * a->step + i;
      int order = compare_elements(a->tensor, a->from + at, b->from + at);
      if (order != 0) return order;
    }
  return 0;
}

static int by_value(const void *left, const void *right) {
  const Item *a = left, *b = right;
  int order = compare_values(a, b);
  return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

/* First item, number of items of each value. */
typedef struct Group {
  Item first;
  int64_t count, order; /* order: its number among the results */
} Group;

static int by_place(const void *left, const void *right) {
  const Group *a = left, *b = right;
  return (a->first.index > b->first.index) - (a->first.index < b->first.index);
}

typedef struct Unique {
  Run *run;
  int axis; /* -1: elements */
  int64_t count, groups;
  Item *items;
  Group *found;
  int64_t *order; /* of a group among the results */
} Unique;

static Status begin(Unique *u, Run *run) {
  const Tensor *x = run->in[0];
  int64_t axis_given = ((const UniqueParams *)run->params)->axis, inner = 1, outer = 1;
  *u = (Unique){.run = run, .axis = -1, .count = tensor_elements(x)};
  if (axis_given != NO_AXIS) {
    if (!axis_normalize(axis_given, x->shape.rank, &u->axis))
      return run_fail(run, "the axis is outside the input");
    u->count = x->shape.dims[u->axis];
    outer = shape_product(&x->shape, 0, u->axis);
    inner = shape_product(&x->shape, u->axis + 1, x->shape.rank);
  }
  u->items = run_scratch(run, (size_t)u->count * sizeof *u->items);
  u->found = run_scratch(run, (size_t)u->count * sizeof *u->found);
  u->order = run_scratch(run, (size_t)u->count * sizeof *u->order);
  if (u->items == NULL || u->found == NULL || u->order == NULL) return run->err->status;
  for (int64_t i = 0; i < u->count; i++)
    u->items[i] = (Item){x, i * inner, outer, inner, inner * u->count, i, 0};
  return OK;
}

static void group(Unique *u) {
  qsort(u->items, (size_t)u->count, sizeof *u->items, by_value);
  for (int64_t i = 0; i < u->count; i++) {
    if (i == 0 || compare_values(&u->items[i - 1], &u->items[i]) != 0) {
      u->found[u->groups] = (Group){u->items[i], 0, u->groups};
      u->groups++;
    }
    u->found[u->groups - 1].count++;
    u->items[i].group = u->groups - 1;
  }
  if (!((const UniqueParams *)u->run->params)->sorted)
    qsort(u->found, (size_t)u->groups, sizeof *u->found, by_place);
  for (int64_t g = 0; g < u->groups; g++) u->order[u->found[g].order] = g;
}

static Status store_values(const Unique *u) {
  const Tensor *x = u->run->in[0];
  Shape shape = u->axis < 0 ? SHAPE(u->groups) : x->shape;
  if (u->axis >= 0) shape.dims[u->axis] = u->groups;
  TRY(run_set_shape(u->run, OUT_Y, &shape));
  size_t size = element_bytes(x->type);
  for (int64_t g = 0; g < u->groups; g++) {
    const Item *from = &u->found[g].first;
    for (int64_t o = 0; o < from->outer; o++)
      memcpy((char *)u->run->out[OUT_Y]->data + (size_t)((o * u->groups + g) * from->inner) * size,
             (const char *)x->data + (size_t)(from->from + o * from->step) * size,
             (size_t)from->inner * size);
  }
  return OK;
}

static Status store_list(const Unique *u, int output) {
  Tensor *out = run_output(u->run, output);
  int64_t count = output == OUT_INVERSE ? u->count : u->groups;
  if (out == NULL) return OK;
  TRY(run_set_shape(u->run, output, &SHAPE(count)));
  for (int64_t i = 0; i < count; i++) {
    if (output == OUT_INVERSE)
      tensor_set_integer(out, u->items[i].index, u->order[u->items[i].group]);
    else
      tensor_set_integer(out, i, output == OUT_INDICES ? u->found[i].first.index : u->found[i].count);
  }
  return OK;
}

static Status run_unique(Run *run) {
  Unique u;
  TRY(begin(&u, run));
  group(&u);
  if (run->out[OUT_Y] != NULL) TRY(store_values(&u));
  for (int i = OUT_INDICES; i <= OUT_COUNTS; i++) TRY(store_list(&u, i));
  return OK;
}

static const AttributeRow attributes[] = {ATTRIBUTE(UniqueParams, axis, FIELD_INT, .otherwise = NO_AXIS),
                                          ATTRIBUTE(UniqueParams, sorted, FIELD_BOOL, .otherwise = 1),
                                          {0}};

const Op op_Unique = {
    .name = "Unique",
    .brief = "The different elements or slices, where each comes first, and how often.",
    .versions = {{11, infer, run_unique, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(UniqueParams),
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_WIDE, "[...]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_WIDE, "[...]"},
                {"indices", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT64), "[found]"},
                {"inverse_indices", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT64), "[items]"},
                {"counts", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT64), "[found]"}},
    .grad_reason = "not differentiable: which elements are equal depends on all of them",
    .role = ROLE_FLOAT,
    .role_reason = "how many elements stay is known only with the data",
    .samples = {{"f32{2,1,1,3,4,3}", "sorted=0 outputs=4"},
                {"i64[3,2]{1,0,1,0,2,0}", "axis=0 outputs=4"},
                {"f32[2,4,2]", "axis=-2 outputs=4"},
                {"str{\"b\",\"a\",\"b\"}", "outputs=4"}},
};
