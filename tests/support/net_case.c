#include "tests/support/net_case.h"

#include "quantize/float_scheme.h"

#include <check.h>
#include <string.h>

#define CALIBRATION 32

void net_case_begin(NetCase *c) {
  memset(c, 0, sizeof *c);
  c->scale = 1;
  c->graph = graph_new(&c->err);
  ck_assert_ptr_nonnull(c->graph);
  c->graph->opsets = arena_new(&c->graph->arena, 1, sizeof *c->graph->opsets, &c->err);
  c->graph->opsets[0] = (Opset){"", 17};
  c->graph->opset_count = 1;
  Shape shape = SHAPE(1, NET_CHANNELS, NET_SIDE, NET_SIDE);
  c->input = graph_add_input(c->graph, "x", ELEMENT_FLOAT32, &shape, &c->err);
  ck_assert_ptr_nonnull(c->input);
}

Value *net_case_constant(NetCase *c, const Shape *shape, const float *values) {
  Tensor *tensor = tensor_new(&c->graph->arena, ELEMENT_FLOAT32, shape, &c->err);
  memcpy(tensor->data, values, tensor_bytes(tensor));
  return graph_add_constant(c->graph, graph_unused_name(c->graph, "constant", &c->err), tensor, &c->err);
}

static Node *add_node(NetCase *c, const char *type, Value *const *inputs, int count) {
  Value *y = graph_add_value(c->graph, graph_unused_name(c->graph, type, &c->err), &c->err);
  const char *name = graph_unused_name(c->graph, "node", &c->err);
  Node *node = graph_add_node(c->graph, name, "", type, inputs, count, &y, 1, &c->err);
  ck_assert_ptr_nonnull(node);
  return node;
}

Value *net_case_conv(NetCase *c, Value *x, int64_t channels, int64_t kernel, const float *weights,
                     const float *bias) {
  Shape shape = SHAPE(channels, NET_CHANNELS, kernel, kernel), vector = SHAPE(channels);
  Value *inputs[3] = {x, net_case_constant(c, &shape, weights), NULL};
  if (bias != NULL) inputs[2] = net_case_constant(c, &vector, bias);
  Node *node = add_node(c, "Conv", inputs, bias != NULL ? 3 : 2);
  int64_t pad = kernel / 2, pads[4] = {pad, pad, pad, pad};
  ck_assert_int_eq(node_set_ints(c->graph, node, "pads", pads, 4, &c->err), OK);
  return node->outputs[0];
}

Value *net_case_node(NetCase *c, const char *type, Value *x) {
  return add_node(c, type, &x, 1)->outputs[0];
}

Value *net_case_pair(NetCase *c, const char *type, Value *a, Value *b) {
  return add_node(c, type, (Value *[]){a, b}, 2)->outputs[0];
}

float *net_case_noise(NetCase *c, int64_t count, uint64_t seed, float deviation) {
  Random random = {seed};
  float *values = arena_new(&c->graph->arena, (size_t)count, sizeof *values, &c->err);
  for (int64_t i = 0; i < count; i++) values[i] = (float)random_normal(&random) * deviation;
  return values;
}

static Status seek(void *context, int64_t index, Error *err) {
  (void)err;
  ((NetCase *)context)->position = index;
  return OK;
}

static Status read_samples(void *context, int64_t count, void *const *buffers, Error *err) {
  (void)err;
  NetCase *c = context;
  int64_t elements = tensor_elements(&c->form);
  for (int64_t k = 0; k < count; k++) {
    float *sample = (float *)buffers[0] + k * elements;
    Random random = {(uint64_t)(c->position + k) * 977 + 1};
    for (int64_t i = 0; i < elements; i++) sample[i] = (float)random_normal(&random) * c->scale;
    if (c->fill != NULL) c->fill(sample, c->position + k);
  }
  c->position += count;
  return OK;
}

static void compare(NetCase *c, const Graph *reference) {
  Subject *subjects[2];
  Comparison both[2];
  int workers = pool_workers(c->pool);
  ck_assert_int_eq(subject_of_graph(&subjects[0], "float", reference, workers, &c->err), OK);
  ck_assert_int_eq(subject_of_edge(&subjects[1], "edge", &c->file.model, NULL, workers, &c->err), OK);
  Status status = verify_compare(subjects, 2, &c->reader, CALIBRATION, NET_SAMPLES - CALIBRATION, NULL,
                                 c->pool, both, NULL, NULL, &c->err);
  ck_assert_msg(status == OK, "%s", c->err.text);
  c->comparison = both[1];
  subject_free(subjects[0]);
  subject_free(subjects[1]);
}

static void lower_and_load(NetCase *c) {
  EdgeProgram program = {0};
  Status status = lower_graph(c->graph, &program, &c->err);
  ck_assert_msg(status == OK, "%s", c->err.text);
  status = edge_file_build(&program, "", EDGE_FILE_COMPACT, &c->memory, &c->bytes, &c->size, &c->err);
  ck_assert_msg(status == OK, "%s", c->err.text);
  edge_program_free(&program);
  status = edge_file_parse(&c->file, "net", c->bytes, c->size, &c->err);
  ck_assert_msg(status == OK, "%s", c->err.text);
}

Status net_case_quantize(NetCase *c, Value *y, QuantizeOptions options) {
  ck_assert_int_eq(graph_add_output(c->graph, y, &c->err), OK);
  return net_case_run(c, c->graph, options);
}

Status net_case_run(NetCase *c, const Graph *reference, QuantizeOptions options) {
  Calibration *calibration;
  ck_assert_int_eq(graph_refresh(c->graph, &c->err), OK);
  ck_assert_msg(op_bind_graph(c->graph, &c->err) == OK, "%s", c->err.text);
  ck_assert_msg(op_infer_graph(c->graph, &c->err) == OK, "%s", c->err.text);
  c->form = (Tensor){.type = ELEMENT_FLOAT32, .shape = c->input->shape};
  c->reader = (SampleReader){.context = c,
                             .count = NET_SAMPLES,
                             .input_count = 1,
                             .forms = &c->form,
                             .seek = seek,
                             .read = read_samples};
  TRY(quantize_choose(c->graph, &c->choices, &c->err));
  float_scheme_mark(c->graph, options.activations);
  TRY(calibrate(&calibration, c->graph, &c->reader, 0, CALIBRATION, &options, c->pool, NULL, NULL, &c->err));
  Status status = quantize_graph(c->graph, calibration, &options, &c->report, &c->err);
  calibration_free(calibration);
  if (status != OK) return status;
  if (c->after != NULL) reference = c->after(c, &options);
  lower_and_load(c);
  compare(c, reference);
  return OK;
}

void net_case_free(NetCase *c) {
  edge_file_close(&c->file);
  arena_free(&c->memory);
  graph_free(c->graph);
}
