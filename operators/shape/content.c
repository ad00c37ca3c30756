/* shared by the family: what is known of integer tensors before anything is computed. */
#include "operators/shape/content.h"

#include "operators/reals.h"

#include <string.h>

ContentItem content_known(int64_t value) {
  return (ContentItem){.known = true, .value = value};
}

ContentItem content_item(Dim dim) {
  return (ContentItem){.known = dim_is_known(dim), .value = dim};
}

Dim content_dim(const ContentItem *item) {
  if (!item->known) return item->value;
  return item->value >= 0 ? item->value : DIM_UNKNOWN;
}

bool content_of(const InferValue *value, Content *content) {
  if (!value->present || !value->has_shape || value->shape.rank > 1) return false;
  if (value->type != ELEMENT_NONE && !element_is_integer(value->type)) return false;
  int64_t count = shape_elements(&value->shape);
  if (count < 0 || count > INFER_MAX_ELEMENTS) return false;
  content->count = (int)count;
  for (int i = 0; i < content->count; i++) {
    if (value->constant != NULL)
      content->items[i] = content_known(tensor_get_integer(value->constant, i));
    else
      content->items[i] = content_item(value->has_elements ? value->elements[i] : DIM_UNKNOWN);
  }
  return true;
}

void content_follow(InferValue *out, const Content *content) {
  for (int i = 0; i < content->count; i++) {
    out->elements[i] = content_dim(&content->items[i]);
    if (out->elements[i] != DIM_UNKNOWN) out->has_elements = true;
  }
  if (content->count == 0) out->has_elements = true;
}

void content_pass(Infer *infer) {
  const InferValue *in = &infer->in[0];
  int64_t count = in->has_shape ? shape_elements(&in->shape) : -1;
  if (count < 0 || count > INFER_MAX_ELEMENTS || !element_is_integer(in->type)) return;
  if (in->constant == NULL && !in->has_elements) return;
  for (int64_t i = 0; i < count; i++) {
    ContentItem item = in->constant != NULL ? content_known(tensor_get_integer(in->constant, i))
                                            : content_item(in->elements[i]);
    infer->out[0].elements[i] = content_dim(&item);
  }
  infer->out[0].has_elements = true;
}

static Status check_list(const Infer *infer, const char *what, int64_t count, int most) {
  if (count <= most) return OK;
  return infer_fail(infer, "%s has %lld values, at most %d are possible", what, (long long)count, most);
}

Status known_ints(const Infer *infer, int i, const char *what, int most, KnownInts *ints) {
  *ints = (KnownInts){.known = true};
  if (infer_input(infer, i) == NULL) return OK;
  const InferValue *value = &infer->in[i];
  if (value->has_shape && value->shape.rank > 1)
    return infer_fail(infer, "%s has %d dimensions instead of 1", what, value->shape.rank);
  if (value->has_shape) TRY(check_list(infer, what, shape_elements(&value->shape), most));
  Content content;
  if (!content_of(value, &content)) {
    ints->known = false;
    ints->count = -1;
    return OK;
  }
  ints->count = content.count;
  for (int n = 0; n < content.count; n++) {
    ints->values[n] = content.items[n].value;
    ints->known &= content.items[n].known;
  }
  return OK;
}

Status known_ints_of(const Infer *infer, const Ints *attribute, const char *what, int most, KnownInts *ints) {
  *ints = (KnownInts){.known = true};
  TRY(check_list(infer, what, attribute->count, most));
  ints->count = attribute->count;
  for (int i = 0; i < attribute->count; i++) ints->values[i] = attribute->values[i];
  return OK;
}

bool known_int(const Infer *infer, int i, int64_t *value) {
  Content content;
  if (infer_input(infer, i) == NULL || !content_of(&infer->in[i], &content)) return false;
  if (content.count != 1 || !content.items[0].known) return false;
  *value = content.items[0].value;
  return true;
}

Status infer_set_sized(Infer *infer, int i, ElementType type, const Shape *shape) {
  int64_t elements = shape_elements(shape);
  if (shape_is_known(shape) && (elements < 0 || elements > CONTENT_MAX_ELEMENTS))
    return infer_fail(infer, "the output would have more than %lld elements",
                      (long long)CONTENT_MAX_ELEMENTS);
  infer_set(infer, i, type, shape);
  return OK;
}

Status infer_open(Infer *infer, int i, ElementType type) {
  infer->out[i].type = type;
  return OK;
}

Status infer_rank(Infer *infer, int i, ElementType type, int rank) {
  if (rank > GRAPH_MAX_RANK)
    return infer_fail(infer, "the output would have %d dimensions, at most %d are possible", rank,
                      GRAPH_MAX_RANK);
  Shape shape = {.rank = rank};
  for (int d = 0; d < rank; d++) shape.dims[d] = DIM_UNKNOWN;
  infer_set(infer, i, type, &shape);
  return OK;
}

Status infer_axis(const Infer *infer, int64_t axis, int rank, int *result) {
  if (axis_normalize(axis, rank, result)) return OK;
  return infer_fail(infer, "axis %lld is outside an input of %d dimensions", (long long)axis, rank);
}

int run_ints(const Tensor *tensor, int64_t *values, int most) {
  if (tensor == NULL) return 0;
  int count = (int)tensor_elements(tensor);
  if (count > most) count = most;
  for (int i = 0; i < count; i++) values[i] = tensor_get_integer(tensor, i);
  return count;
}

Status run_copy(Run *run) {
  if (run->out[0] == NULL || tensor_elements(run->in[0]) == 0) return OK;
  memcpy(run->out[0]->data, run->in[0]->data, tensor_bytes(run->in[0]));
  return OK;
}
