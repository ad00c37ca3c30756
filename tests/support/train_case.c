#include "tests/support/train_case.h"

#include "tests/support/graph_maker.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const float planes[TRAIN_CLASS_COUNT][TRAIN_FEATURES] = {
    {1, -1, 0.5f, 0}, {-1, 0.5f, 1, 0.25f}, {0, 1, -1, -0.5f}};

static int64_t class_of(const float *sample) {
  int64_t best = 0;
  float most = 0;
  for (int k = 0; k < TRAIN_CLASS_COUNT; k++) {
    float sum = 0;
    for (int i = 0; i < TRAIN_FEATURES; i++) sum += planes[k][i] * sample[i];
    if (k == 0 || sum > most) most = sum, best = k;
  }
  return best;
}

void train_case_begin(TrainCase *c, TrainModel model) {
  Random random = {.state = 5};
  *c = (TrainCase){.model = model, .options = train_defaults(), .held = TRAIN_HELD};
  c->options.batch = 16;
  c->options.micro_batch = 4;
  c->form = (Tensor){.type = ELEMENT_FLOAT32, .shape = SHAPE(1, TRAIN_FEATURES)};
  for (int s = 0; s < TRAIN_SAMPLES; s++) {
    for (int i = 0; i < TRAIN_FEATURES; i++) c->samples[s][i] = (float)(2 * random_unit(&random) - 1);
    c->labels[s] = class_of(c->samples[s]);
  }
}

/* ---- models ---- */

static Value *gemm(Maker *m, const char *name, Value *x, Dim from, Dim to) {
  char weight[32], bias[32];
  snprintf(weight, sizeof weight, "%s.weight", name);
  snprintf(bias, sizeof bias, "%s.bias", name);
  Value *inputs[] = {x, make_constant(m, weight, SHAPE(from, to)), make_constant(m, bias, SHAPE(to))};
  return make_node(m, "Gemm", name, inputs, 3);
}

static Value *normalized(Maker *m, Value *x, Dim channels) {
  static const char *const names[] = {"scale", "shift", "mean", "variance"};
  Value *inputs[5] = {x};
  for (int i = 0; i < 4; i++) inputs[1 + i] = make_constant(m, names[i], SHAPE(channels));
  return make_node(m, "BatchNormalization", "normal", inputs, 5);
}

static Graph *make_model(TrainModel model) {
  Maker m = maker_new(17);
  Value *x = make_input(&m, "x", SHAPE(DIM_UNKNOWN, TRAIN_FEATURES));
  if (model == TRAIN_CLASSES) {
    x = normalized(&m, gemm(&m, "hidden", x, TRAIN_FEATURES, 6), 6);
    x = make_node(&m, "Relu", "positive", &x, 1);
    x = make_node(&m, "Dropout", "dropped", (Value *[]){x, make_number(&m, "ratio", 0.25f)}, 2);
    x = gemm(&m, "scores", x, 6, TRAIN_CLASS_COUNT);
  } else {
    x = gemm(&m, "scores", x, TRAIN_FEATURES, model == TRAIN_COPY ? TRAIN_FEATURES : TRAIN_CLASS_COUNT);
  }
  make_output(&m, x);
  maker_finish(&m);
  return m.graph;
}

/* ---- samples ---- */

static Status seek(void *context, int64_t index, Error *err) {
  (void)err;
  ((TrainCase *)context)->position = index;
  return OK;
}

static Status read_samples(void *context, int64_t count, void *const *buffers, Error *err) {
  TrainCase *c = context;
  (void)err;
  memcpy(buffers[0], c->samples[c->position], (size_t)count * sizeof c->samples[0]);
  c->position += count;
  return OK;
}

/* ---- the run ---- */

static void forget_models(TrainCase *c) {
  graph_free(c->models.student);
  graph_free(c->models.twin);
  c->models = (TrainModels){0};
}

Status train_case_run(TrainCase *c) {
  SampleReader reader = {.context = c,
                         .count = TRAIN_SAMPLES,
                         .input_count = 1,
                         .forms = &c->form,
                         .seek = seek,
                         .read = read_samples};
  TrainSet set, held = {0};
  const int64_t *labels = c->model == TRAIN_COPY ? NULL : c->labels;
  forget_models(c);
  c->models = (TrainModels){.student = make_model(c->model), .twin = make_model(c->model)};
  ck_assert_int_eq(train_set_load(&set, &reader, labels, NULL, NULL, &c->err), OK);
  if (c->held > 0) ck_assert_int_eq(train_set_split(&set, c->held, c->options.seed, &held, &c->err), OK);
  Status status = train_graph(&c->models, &set, &held, &c->options, c->pool, &c->watch, &c->report, &c->err);
  train_set_free(&held);
  train_set_free(&set);
  return status;
}

const float *train_case_weights(TrainCase *c, int64_t *count) {
  Graph *graph = c->models.student;
  int64_t all = 0, at = 0;
  for (int i = 0; i < graph->value_count; i++)
    if (graph->values[i]->constant != NULL) all += tensor_elements(graph->values[i]->constant);
  float *weights = arena_new(&graph->arena, (size_t)all, sizeof *weights, &c->err);
  ck_assert_ptr_nonnull(weights);
  for (int i = 0; i < graph->value_count; i++) {
    const Tensor *constant = graph->values[i]->constant;
    if (constant == NULL) continue;
    memcpy(weights + at, constant->data, tensor_bytes(constant));
    at += tensor_elements(constant);
  }
  *count = all;
  return weights;
}

void train_case_free(TrainCase *c) {
  forget_models(c);
  pool_free(c->pool);
}
