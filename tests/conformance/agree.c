/* The rule by which a computed tensor agrees with an expected one. */
#include "tests/conformance/conformance.h"

#include "graph/sequence.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static bool is_close(double computed, double expected, double absolute, double relative) {
  if (isnan(expected) || isnan(computed)) return isnan(expected) && isnan(computed);
  if (isinf(expected) || isinf(computed)) return computed == expected;
  return fabs(computed - expected) <= absolute + relative * fabs(expected);
}

static Status compare_floats(const Tensor *computed, const Tensor *expected, Error *err) {
  bool is_wide = expected->type == ELEMENT_FLOAT32 || expected->type == ELEMENT_FLOAT64;
  bool is_exact = element_in(expected->type, ELEMENTS_NARROW_FLOAT);
  double absolute = is_exact ? 0 : is_wide ? 1e-5 : 1e-3, relative = is_exact ? 0 : is_wide ? 1e-3 : 1e-2;
  int64_t count = tensor_elements(expected);
  for (int64_t i = 0; i < count; i++) {
    double a = tensor_get(computed, i), b = tensor_get(expected, i);
    if (!is_close(a, b, absolute, relative))
      return fail(err, BAD_INPUT, "element %" PRId64 " of %" PRId64 " is %.9g instead of %.9g", i, count, a,
                  b);
  }
  return OK;
}

static Status compare_strings(const Tensor *computed, const Tensor *expected, Error *err) {
  const char *const *a = computed->data, *const *b = expected->data;
  int64_t count = tensor_elements(expected);
  for (int64_t i = 0; i < count; i++)
    if (strcmp(a[i], b[i]) != 0)
      return fail(err, BAD_INPUT, "element %" PRId64 " of %" PRId64 " is '%s' instead of '%s'", i, count,
                  a[i], b[i]);
  return OK;
}

static Status compare_bytes(const Tensor *computed, const Tensor *expected, Error *err) {
  size_t size = element_bytes(expected->type);
  const char *a = computed->data, *b = expected->data;
  int64_t count = tensor_elements(expected);
  for (int64_t i = 0; i < count; i++)
    if (memcmp(a + (size_t)i * size, b + (size_t)i * size, size) != 0)
      return fail(err, BAD_INPUT, "element %" PRId64 " of %" PRId64 " is %" PRId64 " instead of %" PRId64, i,
                  count, tensor_get_integer(computed, i), tensor_get_integer(expected, i));
  return OK;
}

static Status differing_shapes(const Tensor *computed, const Tensor *expected, Error *err) {
  Text a = {0}, b = {0};
  shape_print(&a, &computed->shape, NULL);
  shape_print(&b, &expected->shape, NULL);
  fail(err, BAD_INPUT, "the shape is %s instead of %s", a.failed ? "?" : a.bytes, b.failed ? "?" : b.bytes);
  text_free(&a);
  text_free(&b);
  return BAD_INPUT;
}

static Status compare_items(const Tensor *computed, const Tensor *expected, Error *err) {
  int64_t count = sequence_count(expected);
  if (sequence_count(computed) != count)
    return fail(err, BAD_INPUT, "there are %" PRId64 " items instead of %" PRId64, sequence_count(computed),
                count);
  for (int64_t i = 0; i < count; i++) {
    Tensor a = sequence_item(computed, i), b = sequence_item(expected, i);
    if (tensors_agree(&a, &b, err) != OK) return fail_within(err, "item %" PRId64, i);
  }
  return OK;
}

Status tensors_agree(const Tensor *computed, const Tensor *expected, Error *err) {
  if (computed->type != expected->type)
    return fail(err, BAD_INPUT, "the type is %s instead of %s", element_name(computed->type),
                element_name(expected->type));
  if (!element_in(expected->type, ELEMENTS_ANY)) return compare_items(computed, expected, err);
  if (!shape_equals(&computed->shape, &expected->shape)) return differing_shapes(computed, expected, err);
  if (element_in(expected->type, ELEMENTS_FLOAT | ELEMENTS_NARROW_FLOAT))
    return compare_floats(computed, expected, err);
  if (expected->type == ELEMENT_STRING) return compare_strings(computed, expected, err);
  return compare_bytes(computed, expected, err);
}
