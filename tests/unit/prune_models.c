/* Channels of real networks, and the rules of how many stay. */
#include "cmd/model.h"
#include "prune/prune.h"
#include "tests/support/prune_case.h"
#include "tests/support/shared_data.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

Suite *suite_prune_models(void);

START_TEST(widths_are_round) {
  static const struct {
    int64_t count, width;
    double share;
  } cases[] = {{64, 32, 0.5},  {16, 8, 0.5},   {24, 12, 0.5},  {5, 3, 0.5},   {1, 1, 0.5},
               {3, 1, 0.01},   {64, 48, 0.75}, {30, 24, 0.75}, {10, 8, 0.75}, {7, 5, 0.75},
               {100, 40, 0.4}, {9, 8, 0.999},  {33, 33, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    ck_assert_msg(prune_width(cases[i].count, cases[i].share) == cases[i].width, "%g of %d is %d, not %d",
                  cases[i].share, (int)cases[i].count, (int)prune_width(cases[i].count, cases[i].share),
                  (int)cases[i].width);
}
END_TEST

/* The channels with the largest weights stay, a normalization behind them counted in. */
START_TEST(important_channels_stay) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(1, 2, 4, 4));
  Value *weight = make_constant(m, "w", SHAPE(4, 2, 1, 1)),
        *last = make_constant(m, "last", SHAPE(3, 4, 1, 1));
  static const float sizes[] = {3, 1, 2, 9}, scales[] = {1, 8, 1, 0.01f};
  for (int i = 0; i < 8; i++) tensor_set((Tensor *)(uintptr_t)weight->constant, i, (double)sizes[i / 2]);
  Value *y = batchnorm(m, "n", NODE("Conv", "c", x, weight), 4);
  for (int i = 0; i < 4; i++) {
    tensor_set((Tensor *)(uintptr_t)graph_find_value(m->graph, "n_gamma")->constant, i, (double)scales[i]);
    tensor_set((Tensor *)(uintptr_t)graph_find_value(m->graph, "n_variance")->constant, i, 1);
  }
  make_output(m, NODE("Conv", "y", y, last));
  maker_finish(m);
  PruneOptions options = {.width = 0.5, .depth = 1};
  PruneReport report;
  Error err = {0};
  ck_assert_msg(prune_graph(m->graph, &options, &report, &err) == OK, "%s", err.text);
  const Tensor *kept = weight->constant;
  ck_assert_int_eq(kept->shape.dims[0], 2);
  ck_assert_double_eq_tol(tensor_get(kept, 0), 3, 1e-6);
  ck_assert_double_eq_tol(tensor_get(kept, 2), 1, 1e-6);
  graph_free(m->graph);
}
END_TEST

/* ---- networks beside the project ---- */

static const char *const networks[] = {"tiny/resnet8",
                                       "tiny/resnet20_cifar",
                                       "tiny/resnet20_cifar_slicepad",
                                       "tiny/resnet56_cifar",
                                       "tiny/mobilenetv2_cifar",
                                       "tiny/mobilenetv3_cifar",
                                       "tiny/vww_mobilenet025",
                                       "tiny/kws_dscnn",
                                       "tiny/ad_autoencoder",
                                       "mnist/lenet5",
                                       "mnist/lenet300",
                                       "third-party/mnist",
                                       "third-party/squeezenet1.1",
                                       "third-party/ppocr_cls",
                                       "third-party/ultraface_rfb320",
                                       "third-party/yolox_nano",
                                       "mnist/tiny_transformer"};
#define NETWORKS ((int)(sizeof networks / sizeof networks[0]))
#define MEANS_OF_CHANNELS 1 /* the last ones take means over channels: one that is zero counts */

/* With one sample of 64 pixels square where the model leaves that open; weights in Constant nodes folded. */
static bool open_network(Model *model, const char *name) {
  char file[64], *path = malloc(SHARED_PATH_ROOM);
  Error err = {0};
  snprintf(file, sizeof file, "models/%s.onnx", name);
  ck_assert_ptr_nonnull(path);
  if (!shared_path(file, path)) {
    free(path);
    return false;
  }
  ck_assert_msg(model_open(model, path, &err) == OK, "%s", err.text);
  for (int i = 0; i < model->graph->input_count; i++) {
    Shape shape = model->graph->inputs[i]->shape;
    for (int d = 0; d < shape.rank; d++)
      if (!dim_is_known(shape.dims[d])) shape.dims[d] = d == 0 ? 1 : 64;
    ck_assert_msg(graph_bind_input(model->graph, model->graph->inputs[i], &shape, &err) == OK, "%s",
                  err.text);
  }
  ck_assert_msg(model_infer(model, &err) == OK, "%s", err.text);
  return true;
}

static void close_network(Model *model) {
  char *path = (char *)(uintptr_t)model->path;
  model_close(model);
  free(path);
}

static PruneReport prune(Model *model, double width) {
  PruneOptions options = {.width = width, .depth = 1};
  PruneReport report;
  Error err = {0};
  ck_assert_msg(prune_graph(model->graph, &options, &report, &err) == OK, "%s: %s", model->path, err.text);
  return report;
}

START_TEST(networks_run_at_half_their_width) {
  Model model;
  Arena arena = {0};
  if (!open_network(&model, networks[_i])) return;
  int64_t before = model.parameters;
  PruneReport report = prune(&model, 0.5);
  model_count(&model);
  ck_assert_int_gt(report.slimmed, 0);
  ck_assert_int_lt(model.parameters * 2, before * 11 / 10);
  ck_assert_ptr_nonnull(graph_compute(model.graph, 0, &arena));
  arena_free(&arena);
  close_network(&model);
}
END_TEST

START_TEST(networks_lose_nothing_with_zeros) {
  Model model;
  if (!open_network(&model, networks[_i])) return;
  prune(&model, 1);
  check_cut(model.graph, networks[_i]);
  close_network(&model);
}
END_TEST

/* Every channel kept, the graph is cut and nothing is gone. */
START_TEST(the_whole_width_changes_nothing) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(1, 2, 4, 4));
  x = NODE("Relu", "r", batchnorm(m, "n", NODE("Conv", "c", x, make_constant(m, "w", SHAPE(8, 2, 1, 1))), 8));
  make_output(m, NODE("Conv", "y", x, make_constant(m, "last", SHAPE(3, 8, 1, 1))));
  maker_finish(m);
  Arena arena = {0};
  Tensor *before = graph_compute(m->graph, 0, &arena);
  PruneOptions options = {.width = 0.999, .depth = 1};
  PruneReport report;
  Error err = {0};
  ck_assert_int_eq(prune_graph(m->graph, &options, &report, &err), OK);
  ck_assert_int_eq(report.slimmed, 0);
  ck_assert_int_eq(report.group_count, 2);
  Tensor *after = graph_compute(m->graph, 0, &arena);
  ck_assert_mem_eq(before->data, after->data, tensor_bytes(before));
  arena_free(&arena);
  graph_free(m->graph);
}
END_TEST

Suite *suite_prune_models(void) {
  Suite *suite = suite_create("prune_models");
  TCase *c = tcase_create("models");
  tcase_add_test(c, widths_are_round);
  tcase_add_test(c, important_channels_stay);
  tcase_add_test(c, the_whole_width_changes_nothing);
  tcase_add_loop_test(c, networks_run_at_half_their_width, 0, NETWORKS);
  tcase_add_loop_test(c, networks_lose_nothing_with_zeros, 0, NETWORKS - MEANS_OF_CHANNELS);
  suite_add_tcase(suite, c);
  return suite;
}
