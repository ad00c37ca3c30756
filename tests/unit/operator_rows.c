/* Every operator's row and its samples: nothing is missing in the row, inference agrees with evaluation
   however little it is told, the fast kernel agrees with the plain one, and the same inputs give the same
   bytes. */
#include "tests/support/node_case.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

Suite *suite_operator_rows(void);

/* ---- the row itself ---- */

static int check_ports(const Op *op, const Port *ports, const char *which) {
  int count = 0;
  bool optional = false;
  for (; count < OP_MAX_PORTS && ports[count].name != NULL; count++) {
    const Port *port = &ports[count];
    ck_assert_msg(port->types != 0, "%s: %s '%s' takes no type", op->name, which, port->name);
    ck_assert_msg(port->shape != NULL && port->shape[0] == '[', "%s: %s '%s' has no shape text", op->name,
                  which, port->name);
    /* ONNX has no such port; com.microsoft's zero points are optional before what is required */
    ck_assert_msg(port->kind != PORT_REQUIRED || !optional || op->domain != NULL,
                  "%s: %s '%s' is required behind an optional one", op->name, which, port->name);
    ck_assert_msg(!port_is_variadic(port->kind) || count + 1 == OP_MAX_PORTS || ports[count + 1].name == NULL,
                  "%s: %s '%s' is variadic and not the last", op->name, which, port->name);
    optional = optional || port->kind == PORT_OPTIONAL;
  }
  return count;
}

static void check_attributes(const Op *op) {
  for (const AttributeRow *row = op->attributes; row != NULL && row->name != NULL; row++) {
    ck_assert_msg(row->offset < op->params_bytes, "%s: attribute '%s' lies outside the params", op->name,
                  row->name);
    ck_assert_msg((row->field == FIELD_CHOICE) == (row->choices != NULL), "%s: choices of attribute '%s'",
                  op->name, row->name);
    ck_assert_msg(row->least <= row->most, "%s: range of attribute '%s'", op->name, row->name);
    for (const AttributeRow *other = op->attributes; other != row; other++)
      ck_assert_msg(strcmp(other->name, row->name) != 0, "%s: attribute '%s' twice", op->name, row->name);
  }
}

static void check_versions(const Op *op) {
  int count = 0;
  for (; count < OP_MAX_VERSIONS && op->versions[count].infer != NULL; count++) {
    ck_assert_msg(op->versions[count].run != NULL, "%s: version %d has no kernel", op->name, count);
    ck_assert_msg(op->versions[count].since >= 1, "%s: version %d has no opset", op->name, count);
    ck_assert_msg(count == 0 || op->versions[count].since < op->versions[count - 1].since,
                  "%s: versions are not sorted, newest first", op->name);
  }
  ck_assert_msg(count > 0, "%s: no version", op->name);
}

START_TEST(row_is_complete) {
  const Op *op = op_at(_i);
  size_t length = op->brief == NULL ? 0 : strlen(op->brief);
  ck_assert_msg(length > 0 && op->brief[length - 1] == '.', "%s: the brief is no sentence", op->name);
  ck_assert_msg(op->samples[0].inputs != NULL, "%s: no sample", op->name);
  ck_assert_msg((op->role == ROLE_FLOAT) == (op->role_reason != NULL),
                "%s: a role_reason stands there exactly for ROLE_FLOAT", op->name);
  ck_assert_msg((op->role == ROLE_LINEAR) == (op->linear != NULL), "%s: .linear goes with ROLE_LINEAR",
                op->name);
  ck_assert_msg(op_find(op->domain == NULL ? "" : op->domain, op->name) == op, "%s: is not found", op->name);
  check_versions(op);
  check_attributes(op);
  check_ports(op, op->inputs, "input");
  ck_assert_msg(check_ports(op, op->outputs, "output") > 0, "%s: no output", op->name);
}
END_TEST

/* A phrase that stands behind the operator's name in a message. */
START_TEST(row_has_a_gradient_or_says_why_not) {
  const Op *op = op_at(_i);
  for (int v = 0; v < OP_MAX_VERSIONS && op->versions[v].infer != NULL; v++)
    ck_assert_msg((op->versions[v].grad == NULL) == (op->grad_reason != NULL),
                  "%s: a grad_reason stands there exactly where version %d has no gradient", op->name, v);
  if (op->grad_reason == NULL) return;
  size_t length = strlen(op->grad_reason);
  ck_assert_msg(length > 0 && length <= 80 && op->grad_reason[length - 1] != '.',
                "%s: the grad_reason is no short phrase", op->name);
}
END_TEST

START_TEST(rows_are_sorted) {
  ck_assert_int_gt(op_count(), 0);
  for (int i = 1; i < op_count(); i++) {
    const Op *a = op_at(i - 1), *b = op_at(i);
    if ((a->domain == NULL) != (b->domain == NULL)) continue;
    int domains = a->domain == NULL ? 0 : strcmp(a->domain, b->domain);
    ck_assert_int_le(domains, 0);
    if (domains == 0) ck_assert_str_lt(a->name, b->name);
  }
}
END_TEST

/* ---- samples ---- */

static const char *where(const Op *op, const OpSample *sample) {
  static char text[512];
  snprintf(text, sizeof text, "%s {\"%s\", \"%s\"}", op->name, sample->inputs,
           sample->attributes == NULL ? "" : sample->attributes);
  return text;
}

static void run_sample(NodeCase *c, const Op *op, const OpSample *sample, NodeKernel kernel) {
  Error err = {0};
  Status status = node_case_run(c, op, sample->inputs, sample->attributes, kernel, &err);
  ck_assert_msg(status == OK, "%s: %s", where(op, sample), err.text);
}

#define FOR_SAMPLES(op, sample)                                                                              \
  for (const OpSample *sample = (op)->samples; sample < (op)->samples + OP_MAX_SAMPLES; sample++)            \
    if (sample->inputs != NULL)

/* True where what is inferred allows what was computed. */
static bool allows(const InferValue *inferred, const Tensor *computed) {
  if (inferred->type == ELEMENT_NONE) return true; /* an item of a sequence */
  if (inferred->type != computed->type) return false;
  if (!inferred->has_shape) return true;
  if (inferred->shape.rank != computed->shape.rank) return false;
  for (int d = 0; d < computed->shape.rank; d++)
    if (dim_is_known(inferred->shape.dims[d]) && inferred->shape.dims[d] != computed->shape.dims[d])
      return false;
  if (!inferred->has_elements) return true;
  for (int64_t i = 0; i < tensor_elements(computed); i++)
    if (dim_is_known(inferred->elements[i]) && inferred->elements[i] != tensor_get_integer(computed, i))
      return false;
  return true;
}

static void check_inference(const NodeCase *c, const InferValue *in, const char *text, const char *told) {
  InferValue out[SAMPLE_MAX_INPUTS];
  Error err = {0};
  Status status = node_case_infer(c, in, out, &err);
  ck_assert_msg(status == OK, "%s, told %s: %s", text, told, err.text);
  for (int i = 0; i < c->sample.node->output_count; i++)
    ck_assert_msg(c->out[i] == NULL || allows(&out[i], c->out[i]), "%s, told %s: output %d differs", text,
                  told, i);
}

/* What the graph knows of the inputs: type and shape, the content of constants. */
static void describe_inputs(const NodeCase *c, InferValue *in) {
  for (int i = 0; i < c->sample.input_count; i++) {
    memset(&in[i], 0, sizeof in[i]);
    if (c->sample.inputs[i] == NULL) continue;
    infer_value_of(c->sample.inputs[i], &in[i]);
    if (c->sample.node->inputs[i]->constant != NULL) continue;
    in[i].constant = NULL;
    in[i].has_elements = false;
  }
}

START_TEST(inference_allows_what_is_computed) {
  const Op *op = op_at(_i);
  FOR_SAMPLES(op, sample) {
    NodeCase c;
    InferValue in[SAMPLE_MAX_INPUTS];
    run_sample(&c, op, sample, NODE_PLAIN);
    describe_inputs(&c, in);
    check_inference(&c, in, where(op, sample), "types and shapes");
    for (int i = 0; i < c.sample.input_count; i++)
      for (int d = 0; d < in[i].shape.rank; d++)
        if (in[i].constant == NULL) in[i].shape.dims[d] = d == 0 ? DIM_SYMBOL(0) : DIM_UNKNOWN;
    check_inference(&c, in, where(op, sample), "ranks");
    for (int i = 0; i < c.sample.input_count; i++)
      in[i].has_shape = in[i].has_shape && in[i].constant != NULL;
    check_inference(&c, in, where(op, sample), "types");
    node_case_free(&c);
  }
}
END_TEST

/* What a body gives may have dimensions that only its run tells. */
static bool may_stay_open(const Node *node, const Shape *shape) {
  for (int a = 0; a < node->attribute_count; a++)
    if (node->attributes[a].graph != NULL) return !shape_is_known(shape);
  return false;
}

/* Told everything, inference gives the exact shape, or none at all. */
START_TEST(inference_is_exact_where_all_is_known) {
  const Op *op = op_at(_i);
  FOR_SAMPLES(op, sample) {
    NodeCase c;
    InferValue in[SAMPLE_MAX_INPUTS], out[SAMPLE_MAX_INPUTS];
    Error err = {0};
    run_sample(&c, op, sample, NODE_PLAIN);
    memset(in, 0, sizeof in);
    for (int i = 0; i < c.sample.input_count; i++)
      if (c.sample.inputs[i] != NULL) infer_value_of(c.sample.inputs[i], &in[i]);
    ck_assert_int_eq(node_case_infer(&c, in, out, &err), OK);
    for (int i = 0; i < c.sample.node->output_count; i++)
      ck_assert_msg(c.out[i] == NULL || !out[i].has_shape || may_stay_open(c.sample.node, &out[i].shape) ||
                        shape_equals(&out[i].shape, &c.out[i]->shape),
                    "%s: output %d", where(op, sample), i);
    node_case_free(&c);
  }
}
END_TEST

/* ---- fast against plain ---- */

static double largest(const Tensor *tensor) {
  double most = 0;
  for (int64_t i = 0; i < tensor_elements(tensor); i++) {
    double size = fabs(tensor_get(tensor, i));
    if (isfinite(size) && size > most) most = size;
  }
  return most;
}

static bool is_near(double a, double b, double scale) {
  if (isnan(a) || isnan(b)) return isnan(a) && isnan(b);
  if (isinf(a) || isinf(b)) return a == b;
  return fabs(a - b) <= 1e-6 * fabs(b) + 1e-6 * scale;
}

static void check_near(const Tensor *fast, const Tensor *plain, const char *text) {
  ck_assert_msg(fast->type == plain->type && shape_equals(&fast->shape, &plain->shape), "%s: form", text);
  if (!element_is_float(plain->type)) {
    ck_assert_msg(memcmp(fast->data, plain->data, tensor_bytes(plain)) == 0, "%s: integers differ", text);
    return;
  }
  double scale = largest(plain);
  for (int64_t i = 0; i < tensor_elements(plain); i++)
    ck_assert_msg(is_near(tensor_get(fast, i), tensor_get(plain, i), scale),
                  "%s: element %d: %.9g, plain %.9g", text, (int)i, tensor_get(fast, i),
                  tensor_get(plain, i));
}

START_TEST(fast_agrees_with_plain) {
  const Op *op = op_at(_i);
  FOR_SAMPLES(op, sample) {
    NodeCase plain, fast;
    run_sample(&plain, op, sample, NODE_PLAIN);
    run_sample(&fast, op, sample, NODE_FAST);
    for (int i = 0; i < plain.sample.node->output_count; i++)
      if (plain.out[i] != NULL && plain.out[i]->type != ELEMENT_STRING)
        check_near(fast.out[i], plain.out[i], where(op, sample));
    node_case_free(&plain);
    node_case_free(&fast);
  }
}
END_TEST

/* ---- determinism, and inputs that stay as they are ---- */

static void check_same_bytes(const Tensor *a, const Tensor *b, const char *text) {
  if (a == NULL || a->type == ELEMENT_STRING) return;
  ck_assert_msg(a->type == b->type && shape_equals(&a->shape, &b->shape) &&
                    memcmp(a->data, b->data, tensor_bytes(a)) == 0,
                "%s", text);
}

START_TEST(runs_repeat) {
  const Op *op = op_at(_i);
  FOR_SAMPLES(op, sample) {
    NodeCase first, second;
    SampleCase fresh;
    Error err = {0};
    run_sample(&first, op, sample, NODE_FAST);
    run_sample(&second, op, sample, NODE_FAST);
    ck_assert_int_eq(sample_build(op, sample, 0, &fresh, &err), OK);
    for (int i = 0; i < first.sample.node->output_count; i++)
      check_same_bytes(first.out[i], second.out[i], where(op, sample));
    for (int i = 0; i < fresh.input_count; i++)
      check_same_bytes(fresh.inputs[i], first.sample.inputs[i], where(op, sample));
    graph_free(fresh.graph);
    node_case_free(&first);
    node_case_free(&second);
  }
}
END_TEST

Suite *suite_operator_rows(void) {
  Suite *suite = suite_create("operator_rows");
  TCase *rows = tcase_create("rows");
  tcase_add_test(rows, rows_are_sorted);
  tcase_add_loop_test(rows, row_is_complete, 0, op_count());
  tcase_add_loop_test(rows, row_has_a_gradient_or_says_why_not, 0, op_count());
  tcase_add_loop_test(rows, row_has_a_gradient_or_says_why_not, 0, op_count());
  suite_add_tcase(suite, rows);
  TCase *samples = tcase_create("samples");
  tcase_add_loop_test(samples, inference_allows_what_is_computed, 0, op_count());
  tcase_add_loop_test(samples, inference_is_exact_where_all_is_known, 0, op_count());
  tcase_add_loop_test(samples, fast_agrees_with_plain, 0, op_count());
  tcase_add_loop_test(samples, runs_repeat, 0, op_count());
  suite_add_tcase(suite, samples);
  return suite;
}
