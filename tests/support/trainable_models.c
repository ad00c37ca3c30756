#include "tests/support/trainable_models.h"

#include "formats/onnx/onnx.h"
#include "tests/support/data_files.h"
#include "tests/support/graph_maker.h"

#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define SAMPLES 480
#define STEPS 12
#define CHANNELS 4 /* and classes */
#define HIDDEN 12  /* of a recurrent layer, in one direction */
#define WIDTH 16   /* of a transformer's tokens */
#define HEADS 2

/* ---- samples ---- */

/* Noise, and a pulse in each of two channels: the class is the channel of the first. */
static int64_t draw_sample(Random *random, float *sample) {
  for (int i = 0; i < STEPS * CHANNELS; i++) sample[i] = 0.1f * (float)random_normal(random);
  uint64_t first = random_bits(random) % CHANNELS, second = (first + 1 + random_bits(random) % 3) % CHANNELS;
  uint64_t from = random_bits(random) % (STEPS / 2), to = from + 1 + random_bits(random) % (STEPS / 2);
  sample[from * CHANNELS + first] += 1;
  sample[to * CHANNELS + second] += 1;
  return (int64_t)first;
}

static void save_array(const char *folder, const char *name, const char *type, const char *shape,
                       const void *data, size_t size) {
  char path[PATH_MAX];
  Text file = {0};
  Error err = {0};
  make_array(&file, type, shape, data, size);
  snprintf(path, sizeof path, "%s/%s", folder, name);
  ck_assert_msg(file_write(path, file.bytes, file.length, &err) == OK, "%s", err.text);
  text_free(&file);
}

static void make_samples(const char *folder) {
  float samples[SAMPLES][STEPS * CHANNELS];
  int64_t labels[SAMPLES];
  char shape[64];
  Random random = {11};
  for (int i = 0; i < SAMPLES; i++) labels[i] = draw_sample(&random, samples[i]);
  snprintf(shape, sizeof shape, "%d, %d, %d", SAMPLES, STEPS, CHANNELS);
  save_array(folder, "pulses.npy", "<f4", shape, samples, sizeof samples);
  snprintf(shape, sizeof shape, "%d,", SAMPLES);
  save_array(folder, "pulse_labels.npy", "<i8", shape, labels, sizeof labels);
}

/* ---- models ---- */

static Node *last_node(Maker *m) {
  return m->graph->nodes[m->graph->node_count - 1];
}

static Value *view(Maker *m, const char *name, Value *x, const int64_t *dims, int64_t count) {
  char shape[64];
  snprintf(shape, sizeof shape, "%s_shape", name);
  return make_node(m, "Reshape", name, (Value *[]){x, make_ints(m, shape, dims, count)}, 2);
}

static Value *transpose(Maker *m, const char *name, Value *x, const int64_t *order, size_t count) {
  Error err = {0};
  Value *y = make_node(m, "Transpose", name, &x, 1);
  ck_assert(node_set_ints(m->graph, last_node(m), "perm", order, count, &err) == OK);
  return y;
}

/* x times a weight [from, to]. */
static Value *dense(Maker *m, const char *name, Value *x, int64_t from, int64_t to) {
  char weight[64];
  snprintf(weight, sizeof weight, "%s_weight", name);
  return make_node(m, "MatMul", name, (Value *[]){x, make_constant(m, weight, SHAPE(from, to))}, 2);
}

/* The input, [N,STEPS,CHANNELS]. */
static Value *begin(Maker *m, int64_t opset) {
  Error err = {0};
  *m = maker_new(opset);
  int batch = graph_symbol(m->graph, "N", &err);
  ck_assert_int_ge(batch, 0);
  return make_input(m, "x", SHAPE(DIM_SYMBOL(batch), STEPS, CHANNELS));
}

/* Scores from [N, count, ...], and the file. */
static void end(Maker *m, Value *x, int64_t count, const char *folder, const char *name) {
  char path[PATH_MAX];
  Error err = {0};
  Value *flat = view(m, "features", x, (const int64_t[]){0, count}, 2);
  Value *inputs[] = {flat, make_constant(m, "classify_weight", SHAPE(count, CHANNELS)),
                     make_constant(m, "classify_bias", SHAPE(CHANNELS))};
  make_output(m, make_node(m, "Gemm", "scores", inputs, 3));
  snprintf(path, sizeof path, "%s/%s", folder, name);
  ck_assert_msg(graph_refresh(m->graph, &err) == OK && onnx_write(path, m->graph, &err) == OK, "%s",
                err.text);
  graph_free(m->graph);
}

/* Both directions, and their last states. */
static void make_recurrent(const char *folder, const char *type, int64_t gates, const char *name) {
  Maker m;
  Error err = {0};
  Value *x = begin(&m, 14);
  Value *inputs[] = {transpose(&m, "steps", x, (const int64_t[]){1, 0, 2}, 3),
                     make_constant(&m, "W", SHAPE(2, gates * HIDDEN, CHANNELS)),
                     make_constant(&m, "R", SHAPE(2, gates * HIDDEN, HIDDEN)),
                     make_constant(&m, "B", SHAPE(2, 2 * gates * HIDDEN))};
  Value *outputs[] = {graph_add_value(m.graph, "all", &err), graph_add_value(m.graph, "last", &err)};
  ck_assert(outputs[0] != NULL && outputs[1] != NULL);
  Node *node = graph_add_node(m.graph, "recurrent", "", type, inputs, 4, outputs, 2, &err);
  ck_assert_ptr_nonnull(node);
  ck_assert(node_set_int(m.graph, node, "direction", 0, &err) == OK);
  node->attributes[0] = (Attribute){.name = "direction", .kind = ATTRIBUTE_STRING, .s = "bidirectional"};
  ck_assert(node_set_int(m.graph, node, "hidden_size", HIDDEN, &err) == OK);
  Value *last = transpose(&m, "last_of_each", outputs[1], (const int64_t[]){1, 0, 2}, 3);
  end(&m, last, 2 * HIDDEN, folder, name);
}

static Value *normalized(Maker *m, const char *name, Value *x) {
  char scale[64], shift[64];
  snprintf(scale, sizeof scale, "%s_scale", name);
  snprintf(shift, sizeof shift, "%s_shift", name);
  Value *inputs[] = {x, make_constant(m, scale, SHAPE(WIDTH)), make_constant(m, shift, SHAPE(WIDTH))};
  return make_node(m, "LayerNormalization", name, inputs, 3);
}

static Value *attend(Maker *m, Value *tokens) {
  Error err = {0};
  Value *x = normalized(m, "before_attention", tokens);
  Value *inputs[] = {dense(m, "query", x, WIDTH, WIDTH), dense(m, "key", x, WIDTH, WIDTH),
                     dense(m, "value", x, WIDTH, WIDTH)};
  Value *y = make_node(m, "Attention", "attention", inputs, 3);
  Node *node = last_node(m);
  ck_assert(node_set_int(m->graph, node, "q_num_heads", HEADS, &err) == OK);
  ck_assert(node_set_int(m->graph, node, "kv_num_heads", HEADS, &err) == OK);
  return make_node(m, "Add", "attended", (Value *[]){tokens, dense(m, "mix", y, WIDTH, WIDTH)}, 2);
}

static Value *feed_forward(Maker *m, Value *tokens) {
  Value *wide = dense(m, "wide", normalized(m, "before_wide", tokens), WIDTH, 2 * WIDTH);
  Value *narrow = dense(m, "narrow", make_node(m, "Gelu", "gelu", &wide, 1), 2 * WIDTH, WIDTH);
  return make_node(m, "Add", "fed", (Value *[]){tokens, narrow}, 2);
}

/* One layer over steps as tokens, and the mean of them. */
static void make_transformer(const char *folder) {
  Maker m;
  Value *embedded = dense(&m, "embed", begin(&m, 23), CHANNELS, WIDTH);
  Value *places = make_constant(&m, "places", SHAPE(1, STEPS, WIDTH));
  Value *tokens = make_node(&m, "Add", "tokens", (Value *[]){embedded, places}, 2);
  Value *last = normalized(&m, "after", feed_forward(&m, attend(&m, tokens)));
  Value *channels = transpose(&m, "channels", last, (const int64_t[]){0, 2, 1}, 3);
  end(&m, make_node(&m, "GlobalAveragePool", "mean", &channels, 1), WIDTH, folder, "transformer.onnx");
}

void make_trainable_models(const char *folder) {
  make_samples(folder);
  make_recurrent(folder, "LSTM", 4, "lstm.onnx");
  make_recurrent(folder, "GRU", 3, "gru.onnx");
  make_transformer(folder);
}
