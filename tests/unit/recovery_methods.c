/* Each recovery method alone, on graphs where it is known what it must do. */
#include "tests/support/recovery_case.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

Suite *suite_recovery_methods(void);

typedef struct MethodRun {
  bool is_changed;
  double before, after;
} MethodRun;

static MethodRun run_method(RecoveryCase *c, RecoveryMethod method) {
  Error err = {0};
  MethodRun run = {.before = recovery_case_error(c)};
  Status status = method(&c->recovery, &run.is_changed, &err);
  ck_assert_msg(status == OK, "%s", err.text);
  run.after = recovery_case_error(c);
  return run;
}

/* ---- bias correction ---- */

/* Inputs with a mean far from 0 turn errors of 4-bit weights into a shift of the outputs. */
START_TEST(biases_take_up_the_mean_error) {
  Maker maker = maker_new(13), *m = &maker;
  RecoveryCase c = {.offset = 5};
  Value *x = make_input(m, "x", SHAPE(1, 16));
  make_output(m, NODE("Gemm", "y", x, make_weight(m, "w", SHAPE(16, 8), 1)));
  recovery_case_quantize(&c, m, 4, 1);
  recovery_case_begin(&c);
  ck_assert_ptr_nonnull(c.layers.layers[0].bias); /* the node had none */
  MethodRun run = run_method(&c, correct_biases);
  ck_assert(run.is_changed);
  ck_assert_double_lt(run.after, 0.2 * run.before);
  recovery_case_free(&c);
}
END_TEST

/* What the first layer shifts is taken back there, not a second time in the next one. */
START_TEST(a_shift_is_taken_back_once) {
  Maker maker = maker_new(13), *m = &maker;
  RecoveryCase c = {.offset = 5};
  Value *x = make_input(m, "x", SHAPE(1, 16));
  Value *h = NODE("Relu", "h", NODE("Gemm", "a", x, make_weight(m, "w", SHAPE(16, 12), 1)));
  make_output(m, NODE("Gemm", "y", h, make_weight(m, "v", SHAPE(12, 6), 1)));
  recovery_case_quantize(&c, m, 4, 1);
  recovery_case_begin(&c);
  MethodRun run = run_method(&c, correct_biases);
  ck_assert_double_lt(run.after, 0.3 * run.before);
  recovery_case_free(&c);
}
END_TEST

/* ---- scales of weights ---- */

START_TEST(one_large_weight_does_not_coarsen_its_row) {
  Maker maker = maker_new(13), *m = &maker;
  RecoveryCase c = {0};
  Value *x = make_input(m, "x", SHAPE(1, 200)), *w = make_weight(m, "w", SHAPE(1, 200), 1);
  tensor_set((Tensor *)(uintptr_t)w->constant, 17, 6.0);
  Value *y = NODE("Gemm", "y", x, w);
  set_int(m, "transB", 1);
  make_output(m, y);
  recovery_case_quantize(&c, m, 4, 1);
  recovery_case_begin(&c);
  float before = w->spec->scales[0];
  MethodRun run = run_method(&c, search_weight_scales);
  ck_assert(run.is_changed);
  ck_assert_float_lt(w->spec->scales[0], before);
  ck_assert_double_lt(run.after, run.before);
  recovery_case_free(&c);
}
END_TEST

START_TEST(scales_of_8_bits_stay) {
  Maker maker = maker_new(13), *m = &maker;
  RecoveryCase c = {0};
  Value *x = make_input(m, "x", SHAPE(1, 16));
  make_output(m, NODE("Gemm", "y", x, make_weight(m, "w", SHAPE(16, 8), 1)));
  recovery_case_quantize(&c, m, 8, 1);
  recovery_case_begin(&c);
  ck_assert(!run_method(&c, search_weight_scales).is_changed);
  recovery_case_free(&c);
}
END_TEST

/* ---- sequential rounding ---- */

/* Conv with groups, depthwise Conv, Gemm both ways, MatMul: rows lie differently in each. */
static void build_row_case(Maker *m, int form) {
  Value *x = make_input(m, "x", form < 3 ? SHAPE(1, 4, 9, 8) : SHAPE(5, 16));
  switch (form) {
  case 0:
    make_output(m, NODE("Conv", "y", x, make_weight(m, "w", SHAPE(6, 4, 3, 3), 1.5)));
    return;
  case 1:
    make_output(m, NODE("Conv", "y", x, make_weight(m, "w", SHAPE(6, 2, 3, 2), 1.5)));
    set_int(m, "group", 2);
    set_ints(m, "pads", (int64_t[]){1, 0, 1, 2}, 4);
    return;
  case 2:
    make_output(m, NODE("Conv", "y", x, make_weight(m, "w", SHAPE(4, 1, 3, 3), 1.5)));
    set_int(m, "group", 4);
    set_ints(m, "strides", (int64_t[]){2, 2}, 2);
    return;
  case 3:
    make_output(m, NODE("Gemm", "y", x, make_weight(m, "w", SHAPE(7, 16), 1.5)));
    set_int(m, "transB", 1);
    return;
  case 4:
    make_output(m, NODE("Gemm", "y", x, make_weight(m, "w", SHAPE(16, 7), 1)));
    return;
  default:
    make_output(m, NODE("MatMul", "y", x, make_weight(m, "w", SHAPE(16, 7), 1)));
  }
}

/* The weights lie on the grid: lowering gives these codes. */
static void check_grid(const Layer *layer) {
  for (int64_t o = 0; o < layer->outputs; o++)
    for (int64_t i = 0; i < layer->depth; i++) {
      float weight = ((const float *)layer->weight->constant->data)[layer_weight_at(layer, o, i)];
      float scale = (float)layer_scale(layer, o);
      ck_assert_float_eq(weight, scale * rintf(weight / scale));
      ck_assert_float_le(fabsf(rintf(weight / scale)), 7);
    }
}

/* Both methods of rounding, with each form. */
START_TEST(rounding_methods_lower_the_error) {
  Maker maker = maker_new(13), *m = &maker;
  RecoveryCase c = {.offset = 3};
  build_row_case(m, _i % 6);
  recovery_case_quantize(&c, m, 4, 2);
  recovery_case_begin(&c);
  MethodRun run = run_method(&c, _i < 6 ? round_in_sequence : round_adaptively);
  ck_assert(run.is_changed);
  ck_assert_double_lt(run.after, 0.9 * run.before);
  check_grid(&c.layers.layers[0]);
  recovery_case_free(&c);
}
END_TEST

/* A second layer makes up for what rounding the first one's weights has left. */
START_TEST(later_layers_make_up_for_earlier_ones) {
  double errors[2];
  for (int i = 0; i < 2; i++) {
    Maker maker = maker_new(13), *m = &maker;
    RecoveryCase c = {.offset = 1};
    Value *x = make_input(m, "x", SHAPE(20, 12));
    Value *h = NODE("Relu", "h", NODE("Gemm", "a", x, make_weight(m, "w", SHAPE(12, 24), 1)));
    make_output(m, NODE("Gemm", "y", h, make_weight(m, "v", SHAPE(24, 6), 1)));
    recovery_case_quantize(&c, m, 4, 2);
    recovery_case_begin(&c);
    run_method(&c, round_in_sequence);
    errors[i] = i == 0 ? recovery_case_error(&c) : run_method(&c, round_adaptively).after;
    recovery_case_free(&c);
  }
  ck_assert_msg(errors[1] < 0.8 * errors[0], "%g, %g", errors[1], errors[0]);
}
END_TEST

/* ---- equalization ---- */

static double largest_of_channel(const Tensor *weight, int64_t channel) {
  int64_t row = shape_product(&weight->shape, 1, weight->shape.rank);
  double largest = 0;
  for (int64_t i = 0; i < row; i++) largest = fmax(largest, fabs(tensor_get(weight, channel * row + i)));
  return largest;
}

/* Channels whose ranges are up to 3^7 apart between a Conv and a depthwise one. */
static void build_pair(Maker *m, const char *between) {
  Value *x = make_input(m, "x", SHAPE(1, 3, 8, 8));
  Value *a = NODE("Conv", "a", x, make_weight(m, "w", SHAPE(8, 3, 3, 3), 3));
  Value *b = strcmp(between, "Clip") != 0
                 ? NODE(between, "b", a)
                 : NODE("Clip", "b", a, make_number(m, "low", 0.0f), make_number(m, "high", 6.0f));
  Value *y = NODE("Conv", "y", b, make_weight(m, "v", SHAPE(8, 1, 3, 3), 1.0 / 3));
  set_int(m, "group", 8);
  make_output(m, y);
}

START_TEST(ranges_become_alike_and_the_function_stays) {
  Maker maker = maker_new(13), *m = &maker;
  RecoveryCase c = {0};
  build_pair(m, _i == 0 ? "Relu" : "LeakyRelu");
  recovery_case_quantize(&c, m, 8, 2);
  recovery_case_begin(&c);
  int64_t width;
  float *before = recovery_case_outputs(&c, SIMULATE_REAL, 8, &width);
  MethodRun run = run_method(&c, equalize_layers);
  simulator_rebase(c.simulator);
  float *after = recovery_case_outputs(&c, SIMULATE_REAL, 8, &width);
  ck_assert(run.is_changed);
  ck_assert_double_lt(run.after, 0.5 * run.before);
  for (int64_t i = 0; i < 8 * width; i++) ck_assert_float_eq_tol(after[i], before[i], 1e-3f);
  const Tensor *rows = c.layers.layers[0].weight->constant;
  ck_assert_double_lt(largest_of_channel(rows, 7), 4 * largest_of_channel(rows, 4));
  free(before);
  free(after);
  recovery_case_free(&c);
}
END_TEST

/* Behind a Clip or a function that is not homogeneous scaled channels would be other ones. */
START_TEST(other_functions_are_not_passed) {
  static const char *const types[] = {"Clip", "Sigmoid", "HardSwish", "Tanh"};
  Maker maker = maker_new(14), *m = &maker;
  RecoveryCase c = {0};
  build_pair(m, types[_i]);
  recovery_case_quantize(&c, m, 8, 1);
  recovery_case_begin(&c);
  ck_assert(!run_method(&c, equalize_layers).is_changed);
  recovery_case_free(&c);
}
END_TEST

/* Channels of a 1x1 Conv down to 1/3^7, then a Clip that only the largest reach. */
START_TEST(a_clip_is_passed_where_it_does_nothing) {
  Maker maker = maker_new(13), *m = &maker;
  RecoveryCase c = {0};
  Value *x = make_input(m, "x", SHAPE(1, 3, 8, 8));
  Value *a = NODE("Conv", "a", x, make_weight(m, "w", SHAPE(8, 3, 1, 1), 1.0 / 3));
  Value *b = NODE("Clip", "b", a, make_number(m, "low", 0.0f), make_number(m, "high", 2.0f));
  Value *y = NODE("Conv", "y", b, make_weight(m, "v", SHAPE(8, 1, 3, 3), 3));
  set_int(m, "group", 8);
  make_output(m, y);
  recovery_case_quantize(&c, m, 8, 2);
  recovery_case_begin(&c);
  ck_assert(!run_method(&c, equalize_layers).is_changed);
  c.recovery.variant = 1;
  int64_t width;
  float *before = recovery_case_outputs(&c, SIMULATE_REAL, 8, &width);
  MethodRun run = run_method(&c, equalize_layers);
  simulator_rebase(c.simulator);
  float *after = recovery_case_outputs(&c, SIMULATE_REAL, 8, &width);
  ck_assert(run.is_changed);
  ck_assert_double_lt(run.after, 0.5 * run.before);
  for (int64_t i = 0; i < 8 * width; i++) ck_assert_float_eq_tol(after[i], before[i], 1e-3f);
  free(before);
  free(after);
  recovery_case_free(&c);
}
END_TEST

/* Another reader of the tensor in between would see other values. */
START_TEST(a_tensor_with_two_readers_stays) {
  Maker maker = maker_new(13), *m = &maker;
  RecoveryCase c = {0};
  Value *x = make_input(m, "x", SHAPE(1, 8));
  Value *h = NODE("Relu", "h", NODE("Gemm", "a", x, make_weight(m, "w", SHAPE(8, 8), 2)));
  make_output(m, NODE("Add", "y", h, NODE("Gemm", "b", h, make_weight(m, "v", SHAPE(8, 8), 1))));
  recovery_case_quantize(&c, m, 8, 1);
  recovery_case_begin(&c);
  ck_assert(!run_method(&c, equalize_layers).is_changed);
  recovery_case_free(&c);
}
END_TEST

/* ---- one scale for a whole weight ---- */

/* Weights that are whole multiples of 0.05, as training for one scale leaves them; no row but the last has
   the largest code. */
START_TEST(a_common_grid_is_noticed) {
  Maker maker = maker_new(13), *m = &maker;
  RecoveryCase c = {0};
  Value *x = make_input(m, "x", SHAPE(4, 16)), *w = make_weight(m, "w", SHAPE(8, 16), 1);
  for (int i = 0; i < 128; i++)
    tensor_set((Tensor *)(uintptr_t)w->constant, i, i == 127 ? 0.05 * 127 : 0.05 * ((i * 37) % 101 - 50));
  Value *y = NODE("Gemm", "y", x, w);
  set_int(m, "transB", 1);
  make_output(m, y);
  recovery_case_quantize(&c, m, 8, 1);
  recovery_case_begin(&c);
  MethodRun run = run_method(&c, share_layer_scales);
  ck_assert(run.is_changed);
  ck_assert_int_eq(w->spec->scale_count, 1);
  ck_assert_float_eq_tol(w->spec->scales[0], 0.05f, 1e-6f);
  ck_assert_double_le(run.after, run.before);
  recovery_case_free(&c);
}
END_TEST

START_TEST(channels_of_their_own_sizes_keep_their_scales) {
  Maker maker = maker_new(13), *m = &maker;
  RecoveryCase c = {0};
  Value *x = make_input(m, "x", SHAPE(1, 3, 8, 8));
  make_output(m, NODE("Conv", "y", x, make_weight(m, "w", SHAPE(8, 3, 3, 3), 2)));
  recovery_case_quantize(&c, m, _i == 0 ? 8 : 4, 1);
  recovery_case_begin(&c);
  ck_assert(!run_method(&c, share_layer_scales).is_changed);
  recovery_case_free(&c);
}
END_TEST

/* ---- ranges again ---- */

START_TEST(a_range_that_no_longer_fits_is_found_again) {
  Maker maker = maker_new(13), *m = &maker;
  RecoveryCase c = {0};
  Value *x = make_input(m, "x", SHAPE(1, 16));
  Value *h = NODE("Relu", "h", NODE("Gemm", "a", x, make_weight(m, "w", SHAPE(16, 12), 1)));
  make_output(m, NODE("Gemm", "y", h, make_weight(m, "v", SHAPE(12, 6), 1)));
  recovery_case_quantize(&c, m, 8, 2);
  recovery_case_begin(&c);
  QuantSpec narrow = *h->spec;
  narrow.scales = &(const float){h->spec->scales[0] / 5};
  h->spec = &narrow;
  MethodRun run = run_method(&c, reestimate_ranges);
  ck_assert(run.is_changed);
  ck_assert_double_lt(run.after, 0.1 * run.before);
  recovery_case_free(&c);
}
END_TEST

/* The bias of a layer would need more codes than there are. */
START_TEST(ranges_that_biases_forbid_are_refused) {
  Maker maker = maker_new(13), *m = &maker;
  RecoveryCase c = {0};
  Value *x = make_input(m, "x", SHAPE(1, 16));
  make_output(m,
              NODE("Gemm", "y", x, make_weight(m, "w", SHAPE(16, 4), 1), make_weight(m, "b", SHAPE(4), 1)));
  recovery_case_quantize(&c, m, 8, 1);
  recovery_case_begin(&c);
  Tensor *bias = (Tensor *)(uintptr_t)c.layers.layers[0].bias->constant;
  tensor_set(bias, 2, 1e12);
  bool is_changed;
  Error err = {0};
  ck_assert_int_eq(reestimate_ranges(&c.recovery, &is_changed, &err), OK);
  ck_assert(!is_changed);
  recovery_case_free(&c);
}
END_TEST

/* ---- scale migration ---- */

/* A normalization one of whose channels is 50 times as large as the others, and two layers that read it. */
static void build_norm(Maker *m, double large) {
  Value *x = make_input(m, "x", SHAPE(6, 16)), *scale = make_weight(m, "g", SHAPE(16), 1);
  for (int i = 0; i < 16; i++) tensor_set((Tensor *)(uintptr_t)scale->constant, i, i == 3 ? large : 1);
  Value *n = NODE("LayerNormalization", "n", x, scale, make_weight(m, "h", SHAPE(16), 1));
  Value *a = NODE("Gemm", "a", n, make_weight(m, "w", SHAPE(16, 8), 1));
  Value *w = make_weight(m, "v", SHAPE(16, 8), 1);
  for (int i = 0; i < 8; i++) tensor_set((Tensor *)(uintptr_t)w->constant, 3 * 8 + i, 0.02 * (i - 4));
  make_output(m, NODE("Add", "y", a, NODE("Gemm", "b", n, w)));
}

START_TEST(large_channels_migrate_into_weights) {
  Maker maker = maker_new(17), *m = &maker;
  RecoveryCase c = {0};
  build_norm(m, 50);
  recovery_case_quantize(&c, m, 8, 2);
  recovery_case_begin(&c);
  c.recovery.variant = 1;
  int64_t width;
  float *before = recovery_case_outputs(&c, SIMULATE_REAL, 8, &width);
  MethodRun run = run_method(&c, migrate_scales);
  ck_assert(run.is_changed);
  simulator_rebase(c.simulator);
  float *after = recovery_case_outputs(&c, SIMULATE_REAL, 8, &width);
  for (int64_t i = 0; i < 8 * width; i++) ck_assert_float_eq_tol(after[i], before[i], 2e-3f);
  ck_assert_double_lt(run.after, 0.5 * run.before);
  free(before);
  free(after);
  recovery_case_free(&c);
}
END_TEST

Suite *suite_recovery_methods(void) {
  Suite *suite = suite_create("recovery_methods");
  TCase *tests = tcase_create("all");
  tcase_add_test(tests, biases_take_up_the_mean_error);
  tcase_add_test(tests, a_shift_is_taken_back_once);
  tcase_add_test(tests, one_large_weight_does_not_coarsen_its_row);
  tcase_add_test(tests, scales_of_8_bits_stay);
  tcase_add_loop_test(tests, rounding_methods_lower_the_error, 0, 12);
  tcase_add_test(tests, later_layers_make_up_for_earlier_ones);
  tcase_add_loop_test(tests, ranges_become_alike_and_the_function_stays, 0, 2);
  tcase_add_loop_test(tests, other_functions_are_not_passed, 0, 4);
  tcase_add_test(tests, a_clip_is_passed_where_it_does_nothing);
  tcase_add_test(tests, a_tensor_with_two_readers_stays);
  tcase_add_test(tests, a_common_grid_is_noticed);
  tcase_add_loop_test(tests, channels_of_their_own_sizes_keep_their_scales, 0, 2);
  tcase_add_test(tests, a_range_that_no_longer_fits_is_found_again);
  tcase_add_test(tests, ranges_that_biases_forbid_are_refused);
  tcase_add_test(tests, large_channels_migrate_into_weights);
  suite_add_tcase(suite, tests);
  return suite;
}
