/* Models have an input x of 4 numbers (float32 [N,4]) unless their names say otherwise. */
#include "tests/support/cli_files.h"

#include "formats/onnx/onnx.h"
#include "tests/support/data_files.h"
#include "tests/support/onnx_bytes.h"
#include "tests/support/qop_case.h"
#include "tests/support/trainable_models.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLOAT32 1
#define INT64 7
#define SAMPLES 40

/* Writes and frees. */
static void save(const char *folder, const char *name, Text *content) {
  char path[PATH_MAX];
  Error err;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  if (content->failed || file_write(path, content->bytes, content->length, &err) != OK) abort();
  text_free(content);
}

static void save_model(const char *folder, const char *name, Text *graph, int64_t opset) {
  Text model = onnx_model_bytes(graph, 8, opset);
  save(folder, name, &model);
}

/* ---- models ---- */

/* Weights [4,3] that make three different scores. */
static void put_weight(Text *graph, float first) {
  float weight[12];
  Random random = {1};
  for (int i = 0; i < 12; i++) weight[i] = (float)random_normal(&random);
  weight[0] = first;
  onnx_put_floats(graph, "W", "4,3", weight, 12);
}

static Text start(const char *dims) {
  Text graph = {0};
  put_text(&graph, 2, "test");
  onnx_put_value(&graph, ONNX_INPUT, "x", FLOAT32, dims);
  return graph;
}

static void finish(Text *graph) {
  onnx_put_value(graph, ONNX_OUTPUT, "y", FLOAT32, NULL);
}

static Text product(float first_weight, const char *dims) {
  Text graph = start(dims);
  put_weight(&graph, first_weight);
  onnx_put_node(&graph, "MatMul", "product", "x,W", "y", NULL);
  finish(&graph);
  return graph;
}

static void make_good_models(const char *folder) {
  Text graph = product(0.5f, "N,4");
  save_model(folder, "small.onnx", &graph, 17);
  graph = product(0.75f, "N,4");
  save_model(folder, "other.onnx", &graph, 17);
  graph = product(0.5f, "N,M");
  save_model(folder, "open.onnx", &graph, 17);

  graph = start("N,4");
  put_weight(&graph, 0.5f);
  onnx_put_node(&graph, "MatMul", "product", "x,W", "scores", NULL);
  Text attributes = {0}, axis = {0};
  put_varint(&axis, ONNX_I, 1);
  onnx_put_attribute(&attributes, "axis", 2, &axis);
  onnx_put_node(&graph, "ArgMax", "decide", "scores", "class", &attributes);
  onnx_put_value(&graph, ONNX_OUTPUT, "scores", FLOAT32, NULL);
  onnx_put_value(&graph, ONNX_OUTPUT, "class", INT64, NULL);
  save_model(folder, "two_outputs.onnx", &graph, 17);

  graph = start("N,2,2");
  onnx_put_node(&graph, "Softmax", "soft", "x", "y", NULL);
  finish(&graph);
  save_model(folder, "wide_softmax.onnx", &graph, 11);

  graph = start("N,4");
  onnx_put_value(&graph, ONNX_INPUT, "z", FLOAT32, "N,4");
  onnx_put_node(&graph, "Add", "sum", "x,z", "y", NULL);
  finish(&graph);
  save_model(folder, "two_inputs.onnx", &graph, 17);
}

/* Inputs of shapes that are not [N,4]; names as exporters of today give them. */
static void make_shaped_models(const char *folder) {
  Text graph = product(0.5f, "N,T,4");
  save_model(folder, "lengths.onnx", &graph, 17);
  graph = product(0.5f, "4,4");
  save_model(folder, "batch_of_4.onnx", &graph, 17);

  graph = (Text){0};
  put_text(&graph, 2, "test");
  onnx_put_value(&graph, ONNX_INPUT, "/in/x", FLOAT32, "N,4");
  onnx_put_value(&graph, ONNX_INPUT, "/in/state", FLOAT32, "2,1,4");
  onnx_put_node(&graph, "Add", "sum", "/in/x,/in/state", "y", NULL);
  finish(&graph);
  save_model(folder, "state.onnx", &graph, 17);
}

/* y is the length of x, a sequence. */
static void make_sequence_model(const char *folder) {
  Text graph = {0}, kind = {0}, sequence = {0}, value = {0};
  put_message(&kind, 4, &sequence);
  put_text(&value, 1, "x");
  put_message(&value, 2, &kind);
  put_message(&graph, ONNX_INPUT, &value);
  onnx_put_node(&graph, "SequenceLength", "length", "x", "y", NULL);
  onnx_put_value(&graph, ONNX_OUTPUT, "y", 7, "");
  save_model(folder, "sequence.onnx", &graph, 17);
}

static void make_broken_graphs(const char *folder) {
  make_sequence_model(folder);
  Text graph = product(NAN, "N,4");
  save_model(folder, "nan_weight.onnx", &graph, 17);
  graph = product(INFINITY, "N,4");
  save_model(folder, "infinite_weight.onnx", &graph, 17);
  graph = product(0.5f, "N,5");
  save_model(folder, "shapes_differ.onnx", &graph, 17);
  graph = product(0.5f, "N,4");
  save_model(folder, "new_opset.onnx", &graph, 99);

  graph = start("N,4");
  onnx_put_node(&graph, "MatMul", "product", "x,W", "y", NULL);
  finish(&graph);
  save_model(folder, "missing_weight.onnx", &graph, 17);

  graph = start("N,4");
  onnx_put_node(&graph, "Add", "first", "x,b", "a", NULL);
  onnx_put_node(&graph, "Relu", "second", "a", "b", NULL);
  onnx_put_node(&graph, "Relu", "last", "b", "y", NULL);
  finish(&graph);
  save_model(folder, "cyclic.onnx", &graph, 17);

  graph = start("N,4");
  onnx_put_node(&graph, "Frobnicate", "one", "x", "a", NULL);
  onnx_put_node(&graph, "Relu", "two", "a", "b", NULL);
  onnx_put_node(&graph, "Whirl", "three", "b", "c", NULL);
  onnx_put_node(&graph, "Frobnicate", "four", "c", "y", NULL);
  finish(&graph);
  save_model(folder, "unknown_operators.onnx", &graph, 17);
}

/* A constant of another type or shape in the place of one of `name`. */
static void change_constant(Graph *graph, const char *name, ElementType type, Shape shape) {
  Error err;
  Tensor *tensor = tensor_new(&graph->arena, type, &shape, &err);
  Value *value = graph_find_value(graph, name);
  if (tensor == NULL || value == NULL) abort();
  for (int64_t i = 0; i < tensor_elements(tensor); i++) tensor_set(tensor, i, 1);
  value->constant = tensor;
}

static void save_qop(const char *folder, const char *name, Graph *graph) {
  char path[PATH_MAX];
  Error err;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  if (onnx_write(path, graph, &err) != OK) abort();
  graph_free(graph);
}

/* A model of quantized operators, and what can be wrong with one. */
static void make_qop_models(const char *folder) {
  save_qop(folder, "qop.onnx", qop_case_net());
  Graph *graph = qop_case_net();
  change_constant(graph, "w_scale", ELEMENT_FLOAT32, SHAPE(3));
  save_qop(folder, "qop_scale_shape.onnx", graph);
  graph = qop_case_net();
  change_constant(graph, "w_zero", ELEMENT_INT8, SHAPE(4));
  save_qop(folder, "qop_zero_type.onnx", graph);
  graph = qop_case_net();
  graph_find_value(graph, "one_scale")->constant = NULL;
  save_qop(folder, "qop_no_scale.onnx", graph);
}

/* Names that would speak to a terminal, or look like lines of ours. */
static void make_odd_names(const char *folder) {
  for (int broken = 0; broken < 2; broken++) {
    Text graph = start(broken ? "N,5" : "N,4");
    put_weight(&graph, 0.5f);
    onnx_put_node(&graph, "MatMul", "\x1b[31mred", "x,W", "y", NULL);
    finish(&graph);
    save_model(folder, broken ? "odd_names_broken.onnx" : "odd_names.onnx", &graph, 17);
  }
}

static void make_noise(const char *folder) {
  Text noise = {0};
  Random random = {7};
  for (int i = 0; i < 3000; i++) text_add_bytes(&noise, (uint8_t[]){(uint8_t)random_bits(&random)}, 1);
  save(folder, "noise.bin", &noise);
  Text edge = {0};
  text_add(&edge, "EDGE");
  for (int i = 0; i < 3000; i++) text_add_bytes(&edge, (uint8_t[]){(uint8_t)random_bits(&random)}, 1);
  memcpy(edge.bytes, "\x45\x44\x47\x45", 4);
  save(folder, "noise.edge", &edge);
}

/* ---- data ---- */

static void save_floats(const char *folder, const char *name, int columns, float last) {
  float values[SAMPLES * 8];
  char shape[32];
  Text file = {0};
  Random random = {3};
  int count = SAMPLES * columns;
  for (int i = 0; i < count; i++) values[i] = (float)random_normal(&random);
  if (last != 0) values[count - 1] = last;
  snprintf(shape, sizeof shape, "%d, %d", SAMPLES, columns);
  make_array(&file, "<f4", shape, values, (size_t)count * sizeof *values);
  save(folder, name, &file);
}

static void save_shaped(const char *folder, const char *name, const char *shape, int count) {
  float values[SAMPLES * 8];
  Text file = {0};
  Random random = {(uint64_t)count};
  for (int i = 0; i < count; i++) values[i] = (float)random_normal(&random);
  make_array(&file, "<f4", shape, values, (size_t)count * sizeof *values);
  save(folder, name, &file);
}

static void save_labels(const char *folder, const char *name, int count, int64_t classes) {
  int64_t labels[SAMPLES];
  char shape[32];
  Text file = {0};
  for (int i = 0; i < count; i++) labels[i] = i % classes;
  snprintf(shape, sizeof shape, "%d,", count);
  make_array(&file, "<i8", shape, labels, (size_t)count * sizeof *labels);
  save(folder, name, &file);
}

static void make_data(const char *folder) {
  save_floats(folder, "x.npy", 4, 0);
  save_floats(folder, "wide.npy", 5, 0);
  save_floats(folder, "nan.npy", 4, NAN);
  save_shaped(folder, "short.npy", "10, 6, 4", 240);
  save_shaped(folder, "long.npy", "8, 9, 4", 288);
  save_shaped(folder, "state.npy", "2, 1, 4", 8);
  save_shaped(folder, "ten.npy", "10, 4", 40);
  save_labels(folder, "labels.npy", SAMPLES, 3);
  save_labels(folder, "few_labels.npy", 10, 3);
  save_labels(folder, "wild_labels.npy", SAMPLES, 9);
  Text pickled = {0};
  make_array(&pickled, "|O", "3,", "\x80\x04K\x01.K\x02.K\x03.", 12);
  save(folder, "pickled.npy", &pickled);
}

void make_cli_files(const char *folder) {
  make_good_models(folder);
  make_shaped_models(folder);
  make_broken_graphs(folder);
  make_qop_models(folder);
  make_odd_names(folder);
  make_trainable_models(folder);
  make_noise(folder);
  make_data(folder);
}
