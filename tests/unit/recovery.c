/* The simulation, and quantize_recover() as a whole. */
#include "quantize/rounding.h"
#include "tests/support/recovery_case.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_recovery(void);

/* ---- an observer that rewrites ---- */

static Status double_it(void *context, const Value *value, const Tensor *tensor, Error *err) {
  (void)context;
  (void)value;
  (void)err;
  float *values = tensor->data;
  for (int64_t i = 0; i < tensor_elements(tensor); i++) values[i] *= 2;
  return OK;
}

START_TEST(what_an_observer_writes_is_read) {
  Maker maker = maker_new(13), *m = &maker;
  Error err = {0};
  Interpreter *interpreter;
  Runner *runner;
  float data[2] = {1, 3};
  Tensor input = {ELEMENT_FLOAT32, SHAPE(1, 2), data};
  make_output(m, NODE("Neg", "y", NODE("Identity", "same", make_input(m, "x", SHAPE(1, 2)))));
  maker_finish(m);
  ck_assert_int_eq(interpreter_new(&interpreter, m->graph, &err), OK);
  ck_assert_int_eq(runner_new(&runner, interpreter, &err), OK);
  Observer observer = {.see = double_it, .rewrites = true};
  ck_assert_int_eq(runner_run(runner, (const Tensor *[]){&input}, &observer, &err), OK);
  ck_assert_float_eq(((const float *)runner_output(runner, 0)->data)[1], -24);
  ck_assert_float_eq(data[1], 3); /* the caller's stays */
  runner_free(runner);
  interpreter_free(interpreter);
  graph_free(m->graph);
}
END_TEST

/* ---- the simulation ---- */

/* One weight and one bias: all by hand. */
START_TEST(simulation_rounds_as_the_codes_say) {
  Maker maker = maker_new(13), *m = &maker;
  RecoveryCase c = {.settings = {.method = CALIBRATE_MIN_MAX}};
  Value *x = make_input(m, "x", SHAPE(1, 1));
  make_output(m, NODE("Gemm", "y", x, make_weight(m, "w", SHAPE(1, 1), 1), make_weight(m, "b", SHAPE(1), 1)));
  recovery_case_quantize(&c, m, 4, 1);
  recovery_case_begin(&c);
  int64_t width;
  float *real = recovery_case_outputs(&c, SIMULATE_REAL, 8, &width);
  float *coded = recovery_case_outputs(&c, SIMULATE_CODES, 8, &width);
  const Layer *layer = &c.layers.layers[0];
  const QuantSpec *in = x->spec, *out = layer->sum->spec;
  double w = tensor_get(layer->weight->constant, 0), b = tensor_get(layer->bias->constant, 0);
  double unit = (double)in->scales[0] * layer_scale(layer, 0);
  for (int i = 0; i < 8; i++) {
    double reals = ((double)real[i] - b) / w; /* x again */
    double limit = fmin(fmax(rint(reals / (double)in->scales[0]) + in->zero_point, -128), 127);
    double xs = (double)in->scales[0] * (limit - in->zero_point);
    double y = weight_rounded(w, layer_scale(layer, 0), 7) * xs + rint(b / unit) * unit;
    double code = rint(y / (double)out->scales[0]);
    ck_assert_double_eq_tol((double)coded[i], code * (double)out->scales[0], 1.01 * (double)out->scales[0]);
  }
  free(real);
  free(coded);
  recovery_case_free(&c);
}
END_TEST

/* ---- the whole ---- */

/* Conv, Relu, depthwise Conv, pooling, Gemm. */
static void build_net(Maker *m) {
  Value *x = make_input(m, "x", SHAPE(1, 3, 8, 8));
  Value *a = NODE("Relu", "ra", NODE("Conv", "a", x, make_weight(m, "w", SHAPE(8, 3, 3, 3), 1.5)));
  Value *b = NODE("Conv", "b", a, make_weight(m, "v", SHAPE(8, 1, 3, 3), 0.8));
  set_int(m, "group", 8);
  Value *p = NODE("Flatten", "f", NODE("GlobalAveragePool", "p", NODE("Relu", "rb", b)));
  make_output(m, NODE("Gemm", "y", p, make_weight(m, "u", SHAPE(8, 5), 1), make_weight(m, "c", SHAPE(5), 1)));
}

static RecoveryReport recover_on(RecoveryCase *c, int64_t samples) {
  Error err = {0};
  RecoveryReport report;
  Status status = quantize_recover(c->graph, &c->calibration, &c->reader, 0, samples, &c->settings,
                                   &c->options, c->pool, &report, &err);
  ck_assert_msg(status == OK, "%s", err.text);
  return report;
}

static RecoveryReport recover(RecoveryCase *c) {
  return recover_on(c, 64);
}

static void only(RecoveryCase *c, RecoveryMethodId method) {
  c->options.effort = EFFORT_HIGH;
  for (int i = 0; i < RECOVERY_METHOD_COUNT; i++) c->options.without[i] = i != (int)method;
}

/* Too many weights for the samples: what fits these does not fit others, and is taken back. */
START_TEST(what_only_fits_its_samples_is_refused) {
  static const RecoveryMethodId methods[] = {RECOVERY_GPTQ, RECOVERY_ADAROUND};
  Maker maker = maker_new(13), *m = &maker;
  RecoveryCase c = {0};
  Value *x = make_input(m, "x", SHAPE(1, 400)), *w = make_weight(m, "w", SHAPE(400, 8), 1);
  make_output(m, NODE("Gemm", "y", x, w));
  only(&c, methods[_i]);
  recovery_case_quantize(&c, m, 4, 1);
  const Tensor *weight = w->constant;
  const QuantSpec *spec = w->spec;
  RecoveryReport report = recover_on(&c, 9);
  ck_assert_int_eq(report.step_count, 1);
  ck_assert(!report.steps[0].is_kept);
  ck_assert_double_le(report.steps[0].after, report.steps[0].before);
  ck_assert_ptr_eq(w->constant, weight);
  ck_assert_ptr_eq(w->spec, spec);
  recovery_case_free(&c);
}
END_TEST

START_TEST(only_what_helps_is_kept) {
  Maker maker = maker_new(13), *m = &maker;
  RecoveryCase c = {.offset = 1, .options = {.effort = _i == 0 ? EFFORT_NORMAL : EFFORT_HIGH}};
  build_net(m);
  recovery_case_quantize(&c, m, _i == 2 ? 8 : 4, 2);
  RecoveryReport report = recover(&c);
  double now = report.steps[0].before;
  ck_assert_int_ge(report.step_count, _i == 0 ? 2 : 3);
  ck_assert_int_gt(report.fit_samples, report.held_samples);
  ck_assert_int_le(report.fit_samples + report.held_samples, 64);
  for (int i = 0; i < report.step_count; i++) {
    ck_assert_double_eq(report.steps[i].before, now);
    ck_assert(report.steps[i].is_kept == (report.steps[i].after > report.steps[i].before));
    if (report.steps[i].is_kept) now = report.steps[i].after;
  }
  ck_assert_double_gt(now, report.steps[0].before);
  recovery_case_free(&c);
}
END_TEST

/* Ranges that somebody has set stay. */
START_TEST(ranges_can_be_kept) {
  Maker maker = maker_new(13), *m = &maker;
  RecoveryCase c = {.options = {.effort = EFFORT_HIGH, .keep_ranges = true}};
  build_net(m);
  recovery_case_quantize(&c, m, 4, 2);
  const QuantSpec *spec = m->graph->inputs[0]->spec;
  const Calibration *calibration = c.calibration;
  RecoveryReport report = recover(&c);
  ck_assert_ptr_eq(m->graph->inputs[0]->spec, spec);
  ck_assert_ptr_eq(c.calibration, calibration);
  ck_assert_int_gt(report.step_count, 1);
  for (int i = 0; i < report.step_count; i++) {
    ck_assert_str_ne(report.steps[i].method, "equalization");
    ck_assert_str_ne(report.steps[i].method, "ranges");
  }
  recovery_case_free(&c);
}
END_TEST

START_TEST(methods_can_be_switched_off) {
  Maker maker = maker_new(13), *m = &maker;
  RecoveryCase c = {0};
  only(&c, RECOVERY_GPTQ);
  build_net(m);
  recovery_case_quantize(&c, m, 4, 1);
  RecoveryReport report = recover(&c);
  ck_assert_int_eq(report.step_count, 1);
  ck_assert_str_eq(report.steps[0].method, "gptq");
  c.options.effort = EFFORT_NONE;
  ck_assert_int_eq(recover(&c).step_count, 0);
  recovery_case_free(&c);
}
END_TEST

/* The same bits from one thread and from three. */
START_TEST(threads_do_not_matter) {
  RecoveryCase cases[2] = {{.offset = 1}, {.offset = 1}};
  for (int i = 0; i < 2; i++) {
    Maker maker = maker_new(13);
    build_net(&maker);
    cases[i].options.effort = EFFORT_HIGH;
    recovery_case_quantize(&cases[i], &maker, _i == 0 ? 4 : 8, i == 0 ? 1 : 3);
    recover(&cases[i]);
  }
  ck_assert_int_eq(cases[0].graph->value_count, cases[1].graph->value_count);
  for (int v = 0; v < cases[0].graph->value_count; v++) {
    const Value *a = cases[0].graph->values[v], *b = cases[1].graph->values[v];
    ck_assert_str_eq(a->name, b->name);
    if (a->constant != NULL)
      ck_assert_mem_eq(a->constant->data, b->constant->data, tensor_bytes(a->constant));
    if (a->spec != NULL && a->spec->scale_count > 0)
      ck_assert_mem_eq(a->spec->scales, b->spec->scales, (size_t)a->spec->scale_count * sizeof(float));
  }
  recovery_case_free(&cases[0]);
  recovery_case_free(&cases[1]);
}
END_TEST

Suite *suite_recovery(void) {
  Suite *suite = suite_create("recovery");
  TCase *tests = tcase_create("all");
  tcase_add_test(tests, what_an_observer_writes_is_read);
  tcase_add_test(tests, simulation_rounds_as_the_codes_say);
  tcase_add_loop_test(tests, only_what_helps_is_kept, 0, 3);
  tcase_add_loop_test(tests, what_only_fits_its_samples_is_refused, 0, 2);
  tcase_add_test(tests, ranges_can_be_kept);
  tcase_add_test(tests, methods_can_be_switched_off);
  tcase_add_loop_test(tests, threads_do_not_matter, 0, 2);
  suite_add_tcase(suite, tests);
  return suite;
}
