#include "tests/support/graph_equal.h"

#include <check.h>
#include <string.h>

static void check_tensors(const Tensor *a, const Tensor *b, const char *what, const char *name) {
  ck_assert_msg((a == NULL) == (b == NULL), "%s: '%s' is a constant in one", what, name);
  if (a == NULL) return;
  ck_assert_msg(a->type == b->type && shape_equals(&a->shape, &b->shape), "%s: form of '%s'", what, name);
  if (a->type == ELEMENT_STRING) {
    for (int64_t i = 0; i < tensor_elements(a); i++)
      ck_assert_str_eq(((const char *const *)a->data)[i], ((const char *const *)b->data)[i]);
    return;
  }
  ck_assert_msg(memcmp(a->data, b->data, tensor_bytes(a)) == 0, "%s: bytes of '%s'", what, name);
}

/* Dimensions, symbols by their names. */
static void check_values(const Graph *ga, const Value *a, const Graph *gb, const Value *b, const char *what) {
  Text left = {0}, right = {0};
  ck_assert_str_eq(a->name, b->name);
  ck_assert_msg(a->type == b->type && a->has_shape == b->has_shape, "%s: type of '%s'", what, a->name);
  text_add(&left, " ");
  text_add(&right, " ");
  if (a->has_shape) {
    shape_print(&left, &a->shape, ga);
    shape_print(&right, &b->shape, gb);
  }
  ck_assert_str_eq(left.bytes, right.bytes);
  text_free(&left);
  text_free(&right);
}

static void check_attributes(const Attribute *a, const Attribute *b, const char *what) {
  ck_assert_str_eq(a->name, b->name);
  ck_assert_msg(a->kind == b->kind && a->count == b->count, "%s: attribute '%s'", what, a->name);
  bool same = a->i == b->i && memcmp(&a->f, &b->f, sizeof a->f) == 0;
  if (a->kind == ATTRIBUTE_STRING) ck_assert_str_eq(a->s, b->s);
  if (a->kind == ATTRIBUTE_TENSOR) check_tensors(a->tensor, b->tensor, what, a->name);
  if (a->kind == ATTRIBUTE_GRAPH) check_graphs_equal(a->graph, b->graph, what);
  for (size_t i = 0; i < a->count; i++) {
    if (a->kind == ATTRIBUTE_INTS) same = same && a->ints[i] == b->ints[i];
    if (a->kind == ATTRIBUTE_FLOATS) same = same && memcmp(&a->floats[i], &b->floats[i], sizeof(float)) == 0;
    if (a->kind == ATTRIBUTE_STRINGS) ck_assert_str_eq(a->strings[i], b->strings[i]);
  }
  ck_assert_msg(same, "%s: content of attribute '%s'", what, a->name);
}

static void check_ports(Value *const *a, Value *const *b, int count, const char *what, const char *node) {
  for (int i = 0; i < count; i++) {
    ck_assert_msg((a[i] == NULL) == (b[i] == NULL), "%s: node '%s', port %d", what, node, i);
    if (a[i] == NULL) continue;
    ck_assert_str_eq(a[i]->name, b[i]->name);
    check_tensors(a[i]->constant, b[i]->constant, what, a[i]->name);
  }
}

static void check_nodes(const Node *a, const Node *b, const char *what) {
  ck_assert_str_eq(a->name, b->name);
  ck_assert_str_eq(a->type, b->type);
  ck_assert_str_eq(a->domain, b->domain);
  ck_assert_msg(a->input_count == b->input_count && a->output_count == b->output_count &&
                    a->attribute_count == b->attribute_count,
                "%s: node '%s'", what, a->name);
  check_ports(a->inputs, b->inputs, a->input_count, what, a->name);
  check_ports(a->outputs, b->outputs, a->output_count, what, a->name);
  for (int i = 0; i < a->attribute_count; i++) check_attributes(&a->attributes[i], &b->attributes[i], what);
}

void check_graphs_equal(const Graph *a, const Graph *b, const char *what) {
  if (a->name[0] != '\0') ck_assert_str_eq(a->name, b->name); /* a written graph always has a name */
  ck_assert_msg(a->node_count == b->node_count && a->input_count == b->input_count &&
                    a->output_count == b->output_count && a->opset_count == b->opset_count,
                "%s: counts", what);
  for (int i = 0; i < a->opset_count; i++) {
    ck_assert_str_eq(a->opsets[i].domain, b->opsets[i].domain);
    ck_assert_int_eq(a->opsets[i].version, b->opsets[i].version);
  }
  for (int i = 0; i < a->input_count; i++) check_values(a, a->inputs[i], b, b->inputs[i], what);
  for (int i = 0; i < a->output_count; i++) check_values(a, a->outputs[i], b, b->outputs[i], what);
  for (int n = 0; n < a->node_count; n++) check_nodes(a->nodes[n], b->nodes[n], what);
}
