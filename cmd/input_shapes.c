#include "cmd/input_shapes.h"

#include <stdlib.h>
#include <string.h>

/* "1x3x224x224" */
static bool parse_shape(const char *text, Shape *shape) {
  *shape = (Shape){0};
  while (*text != '\0') {
    char *end;
    long long dim = strtoll(text, &end, 10);
    if (end == text || dim < 1 || shape->rank == GRAPH_MAX_RANK) return false;
    shape->dims[shape->rank++] = dim;
    if (*end == '\0') return true;
    if (*end != 'x' && *end != ',') return false;
    text = end + 1;
  }
  return false;
}

Status input_shapes_check_names(const Options *options, const InputPort *ports, int count, Error *err) {
  int given;
  const OptionPair *pairs = options_pairs(options, "shape", &given);
  for (int p = 0; p < given; p++) {
    bool is_known = false;
    for (int i = 0; i < count; i++) is_known |= strcmp(ports[i].name, pairs[p].name) == 0;
    if (!is_known)
      return fail(err, BAD_USAGE, "--shape: the model has no input '%s' (the first one is '%s')",
                  pairs[p].name, count > 0 ? ports[0].name : "");
  }
  return OK;
}

/* --shape for this input, if there is one. */
static Status given_shape(const Options *options, const InputPort *port, bool *found, Shape *shape,
                          Error *err) {
  int count;
  const OptionPair *pairs = options_pairs(options, "shape", &count);
  *found = false;
  for (int i = 0; i < count; i++) {
    if (strcmp(pairs[i].name, port->name) != 0) continue;
    if (!parse_shape(pairs[i].value, shape))
      return fail(err, BAD_USAGE, "--shape %s=%s: is no shape; it should look like %s=1x3x224x224",
                  port->name, pairs[i].value, port->name);
    *found = true;
  }
  return OK;
}

/* The dims of a sample after the layout is applied. */
static Shape sample_shape(const DataForm *form, DataLayout layout) {
  Shape shape = {.rank = form->rank};
  for (int d = 0; d < form->rank; d++) shape.dims[d] = form->dims[d];
  if (form->rank == 3 && layout == LAYOUT_NHWC_TO_NCHW)
    shape = SHAPE(form->dims[2], form->dims[0], form->dims[1]);
  if (form->rank == 3 && layout == LAYOUT_NCHW_TO_NHWC)
    shape = SHAPE(form->dims[1], form->dims[2], form->dims[0]);
  return shape;
}

/* Open dimensions become those of the sample, whose last ones stand below the input's last ones. */
static void settle_by_dims(Shape *shape, const Shape *sample) {
  int skipped = shape->rank - sample->rank;
  if (skipped < 0 || skipped > 1) return;
  for (int d = skipped; d < shape->rank; d++)
    if (!dim_is_known(shape->dims[d])) shape->dims[d] = sample->dims[d - skipped];
}

/* One open dimension that is left follows from the number of elements. */
static void settle_by_count(Shape *shape, int64_t elements) {
  int open = -1;
  int64_t product = 1;
  for (int d = 0; d < shape->rank; d++) {
    if (dim_is_known(shape->dims[d])) {
      product *= shape->dims[d] > 0 ? shape->dims[d] : 1;
    } else if (open >= 0) {
      return;
    } else {
      open = d;
    }
  }
  if (open >= 0 && product > 0 && elements % product == 0) shape->dims[open] = elements / product;
}

static Status refuse_open(const InputPort *port, Error *err) {
  return fail(err, BAD_USAGE,
              "input '%s' has dimensions that are not fixed: give --data, or --shape %s=DxDx...", port->name,
              port->name);
}

/* Entries of the data's first axis that make a sample. */
static int64_t rows_of(const DataForm *form, const Shape *sample, const Shape *shape) {
  if (shape_elements(shape) == form->elements || shape->rank != sample->rank + 1) return 1;
  for (int d = 0; d < sample->rank; d++)
    if (sample->dims[d] != shape->dims[d + 1]) return 1;
  return shape->dims[0];
}

static Status check_fit(const InputPort *port, const DataForm *form, const char *path, const Shape *shape,
                        int64_t rows, Error *err) {
  if (rows > 1 && form->samples % rows != 0)
    return fail(err, BAD_INPUT, "%s: input '%s' takes %lld entries at once, and %lld are no multiple of that",
                path, port->name, (long long)rows, (long long)form->samples);
  if (rows > 1 || shape_elements(shape) == form->elements) return OK;
  Text wanted = {0}, given = {0};
  Shape sample = sample_shape(form, LAYOUT_AS_IS);
  shape_print(&wanted, shape, NULL);
  shape_print(&given, &sample, NULL);
  Status status = fail(err, BAD_INPUT, "%s: a sample is %s (%lld numbers), but input '%s' takes %s (%lld)",
                       path, given.bytes, (long long)form->elements, port->name, wanted.bytes,
                       (long long)shape_elements(shape));
  text_free(&wanted);
  text_free(&given);
  return status;
}

static void start_shape(const InputPort *port, const DataForm *form, DataLayout layout, Shape *shape) {
  if (port->has_shape) {
    *shape = port->shape;
    if (shape->rank > 0 && !dim_is_known(shape->dims[0])) shape->dims[0] = 1;
  } else if (form != NULL) { /* rank unknown: a batch of one sample */
    Shape sample = sample_shape(form, layout);
    *shape = (Shape){.rank = sample.rank + 1, .dims = {1}};
    memcpy(shape->dims + 1, sample.dims, (size_t)sample.rank * sizeof sample.dims[0]);
  }
}

Status input_shape_settle(const Options *options, const InputPort *port, const DataForm *form,
                          DataLayout layout, const char *path, Shape *shape, int64_t *rows, Error *err) {
  bool found;
  *rows = 1;
  TRY(given_shape(options, port, &found, shape, err));
  if (!found) {
    if (!port->has_shape && form == NULL) return refuse_open(port, err);
    start_shape(port, form, layout, shape);
    if (form != NULL) {
      Shape sample = sample_shape(form, layout);
      settle_by_dims(shape, &sample);
      settle_by_count(shape, form->elements);
    }
  }
  if (!shape_is_known(shape)) return refuse_open(port, err);
  if (shape_elements(shape) <= 0) return fail(err, BAD_INPUT, "input '%s' has no elements", port->name);
  if (form == NULL) return OK;
  Shape sample = sample_shape(form, layout);
  *rows = rows_of(form, &sample, shape);
  return check_fit(port, form, path, shape, *rows, err);
}
