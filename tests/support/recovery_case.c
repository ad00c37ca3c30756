#include "tests/support/recovery_case.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 64

static void expect_ok(Status status, const Error *err) {
  ck_assert_msg(status == OK, "%s", err->text);
}

Value *make_weight(Maker *m, const char *name, Shape shape, double spread) {
  Value *value = make_constant(m, name, shape);
  Tensor *tensor = (Tensor *)(uintptr_t)value->constant;
  int64_t row = shape_product(&shape, 1, shape.rank);
  double size = 1;
  for (int64_t i = 0; i < tensor_elements(tensor); i++) {
    if (i > 0 && i % row == 0) size *= spread;
    tensor_set(tensor, i, size * random_normal(&m->random));
  }
  return value;
}

/* ---- samples: each has a seed of its own ---- */

static Status seek_sample(void *context, int64_t index, Error *err) {
  (void)err;
  ((RecoveryCase *)context)->position = index;
  return OK;
}

static Status read_samples(void *context, int64_t count, void *const *buffers, Error *err) {
  RecoveryCase *c = context;
  int64_t elements = tensor_elements(&c->form);
  float *to = buffers[0];
  (void)err;
  for (int64_t s = 0; s < count; s++) {
    Random random = {(uint64_t)c->position++ + 1};
    for (int64_t i = 0; i < elements; i++) *to++ = (float)random_normal(&random) + c->offset;
  }
  return OK;
}

/* ---- the case ---- */

static void set_bits(Graph *graph, int bits) {
  Error err = {0};
  Layers layers;
  expect_ok(layers_find(&layers, graph, &err), &err);
  for (int l = 0; l < layers.count; l++)
    expect_ok(layer_set_bits(graph, &layers.layers[l], bits, &err), &err);
  layers_free(&layers);
}

void recovery_case_quantize(RecoveryCase *c, Maker *m, int bits, int threads) {
  Error err = {0};
  QuantizeReport report;
  maker_finish(m);
  c->graph = m->graph;
  c->form = (Tensor){ELEMENT_FLOAT32, m->graph->inputs[0]->shape, NULL};
  c->reader = (SampleReader){c, 10 * SAMPLES, 1, &c->form, seek_sample, read_samples};
  c->pool = pool_new(threads, &err);
  ck_assert_ptr_nonnull(c->pool);
  c->settings = quantize_defaults();
  expect_ok(
      calibrate(&c->calibration, c->graph, &c->reader, 0, SAMPLES, &c->settings, c->pool, NULL, NULL, &err),
      &err);
  expect_ok(quantize_graph(c->graph, c->calibration, &c->settings, &report, &err), &err);
  set_bits(c->graph, bits);
}

void recovery_case_begin(RecoveryCase *c) {
  Error err = {0};
  expect_ok(layers_find(&c->layers, c->graph, &err), &err);
  expect_ok(simulator_new(&c->simulator, c->graph, &c->layers, &c->reader, c->pool, &err), &err);
  c->recovery = (Recovery){.graph = c->graph,
                           .layers = &c->layers,
                           .simulator = c->simulator,
                           .reader = &c->reader,
                           .count = SAMPLES,
                           .all = SAMPLES,
                           .seen = SAMPLES,
                           .settings = &c->settings,
                           .options = &c->options};
}

void recovery_case_free(RecoveryCase *c) {
  calibration_free(c->calibration);
  calibration_free(c->recovery.renewed);
  simulator_free(c->simulator);
  layers_free(&c->layers);
  pool_free(c->pool);
  graph_free(c->graph);
}

/* ---- what it computes ---- */

typedef struct Taking {
  float *outputs;
  int64_t width;
} Taking;

static Status take(void *context, int64_t sample, const Runner *runner, Error *err) {
  const Taking *taking = context;
  const Tensor *output = runner_output(runner, 0);
  (void)err;
  memcpy(taking->outputs + sample * taking->width, output->data, tensor_bytes(output));
  return OK;
}

float *recovery_case_outputs(RecoveryCase *c, SimulatedAs as, int64_t count, int64_t *width) {
  Error err = {0};
  *width = shape_elements(&c->graph->outputs[0]->shape);
  Taking taking = {malloc((size_t)(count * *width) * sizeof(float)), *width};
  ck_assert_ptr_nonnull(taking.outputs);
  SimulationView view = {.end = take, .context = &taking};
  expect_ok(simulator_run(c->simulator, as, SAMPLES, count, &view, &err), &err);
  return taking.outputs;
}

double recovery_case_error(RecoveryCase *c) {
  int64_t width;
  float *real = recovery_case_outputs(c, SIMULATE_REAL, SAMPLES, &width);
  float *coded = recovery_case_outputs(c, SIMULATE_CODES, SAMPLES, &width);
  double sum = 0;
  for (int64_t i = 0; i < SAMPLES * width; i++)
    sum += ((double)real[i] - (double)coded[i]) * ((double)real[i] - (double)coded[i]);
  free(real);
  free(coded);
  return sum / (double)(SAMPLES * width);
}
