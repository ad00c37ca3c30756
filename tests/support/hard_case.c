#include "tests/support/hard_case.h"

#include "formats/edge/edge_file.h"
#include "interpreter/fold.h"
#include "lower/lower.h"
#include "verify/verify.h"

#include <check.h>
#include <string.h>

#define CALIBRATION 48
#define VERIFICATION 32

HardScheme hard_case_default(void) {
  return (HardScheme){quantize_defaults(), EFFORT_NORMAL};
}

HardScheme hard_case_naive(void) {
  HardScheme scheme = {quantize_defaults(), EFFORT_NONE};
  scheme.options.method = CALIBRATE_MIN_MAX;
  scheme.options.per_tensor = true;
  scheme.options.output_8bit = scheme.options.sums_8bit = true;
  return scheme;
}

Value *make_normal(Maker *m, const char *name, Shape shape, double deviation) {
  Value *value = make_constant(m, name, shape);
  Tensor *tensor = (Tensor *)(uintptr_t)value->constant;
  for (int64_t i = 0; i < tensor_elements(tensor); i++)
    tensor_set(tensor, i, random_normal(&m->random) * deviation);
  return value;
}

Value *make_geometric(Maker *m, const char *name, int64_t count, double first, double factor) {
  Value *value = make_constant(m, name, SHAPE(count));
  Tensor *tensor = (Tensor *)(uintptr_t)value->constant;
  for (int64_t i = 0; i < count; i++, first *= factor) tensor_set(tensor, i, first);
  return value;
}

static void expect_ok(Status status, const Error *err) {
  ck_assert_msg(status == OK, "%s", err->text);
}

/* ---- samples: each has a seed of its own ---- */

typedef struct Source {
  const HardCase *hard;
  Tensor forms[HARD_CASE_INPUTS];
  int input_count;
  int64_t position;
} Source;

static Status seek(void *context, int64_t index, Error *err) {
  (void)err;
  ((Source *)context)->position = index;
  return OK;
}

static void fill_input(const Source *source, int input, Random *random, Tensor *tensor) {
  int64_t count = tensor_elements(tensor);
  for (int64_t i = 0; i < count; i++)
    if (tensor->type == ELEMENT_FLOAT32)
      ((float *)tensor->data)[i] = (float)random_normal(random);
    else
      tensor_set_integer(tensor, i, (int64_t)random_below(random, (uint64_t)source->hard->limit));
  if (source->hard->fill != NULL && tensor->type == ELEMENT_FLOAT32)
    source->hard->fill(input, tensor->data, count, random);
}

static Status read_samples(void *context, int64_t count, void *const *buffers, Error *err) {
  Source *source = context;
  (void)err;
  for (int64_t s = 0; s < count; s++) {
    Random random = {(uint64_t)source->position++ * 7919 + 1};
    for (int i = 0; i < source->input_count; i++) {
      Tensor tensor = source->forms[i];
      tensor.data = (char *)buffers[i] + (size_t)s * tensor_bytes(&tensor);
      fill_input(source, i, &random, &tensor);
    }
  }
  return OK;
}

static SampleReader reader_of(Source *source, const Graph *graph) {
  source->input_count = graph->input_count;
  ck_assert_int_le(graph->input_count, HARD_CASE_INPUTS);
  for (int i = 0; i < graph->input_count; i++)
    source->forms[i] = (Tensor){.type = graph->inputs[i]->type, .shape = graph->inputs[i]->shape};
  return (SampleReader){source,      CALIBRATION + VERIFICATION, source->input_count, source->forms, seek,
                        read_samples};
}

/* ---- the whole way ---- */

static void quantize(Graph *graph, const SampleReader *reader, const HardScheme *scheme) {
  Error err = {0};
  Calibration *calibration;
  QuantizeReport report;
  RecoveryReport recovered;
  RecoveryOptions options = {.effort = scheme->effort};
  expect_ok(calibrate(&calibration, graph, reader, 0, CALIBRATION, &scheme->options, NULL, NULL, NULL, &err),
            &err);
  expect_ok(quantize_graph(graph, calibration, &scheme->options, &report, &err), &err);
  expect_ok(quantize_recover(graph, &calibration, reader, 0, CALIBRATION, &scheme->options, &options, NULL,
                             &recovered, &err),
            &err);
  calibration_free(calibration);
}

static size_t lower_and_load(Graph *graph, EdgeFile *file, Arena *memory) {
  Error err = {0};
  EdgeProgram program = {0};
  void *bytes;
  size_t size;
  expect_ok(lower_graph(graph, &program, &err), &err);
  expect_ok(edge_file_build(&program, "", EDGE_FILE_COMPACT, memory, &bytes, &size, &err), &err);
  edge_program_free(&program);
  expect_ok(edge_file_parse(file, "net", bytes, size, &err), &err);
  return size;
}

static double compare(const Graph *reference, EdgeFile *file, const SampleReader *reader) {
  Error err = {0};
  Subject *subjects[2];
  Comparison both[2];
  expect_ok(subject_of_graph(&subjects[0], "float", reference, 1, &err), &err);
  expect_ok(subject_of_edge(&subjects[1], "edge", &file->model, NULL, 1, &err), &err);
  expect_ok(
      verify_compare(subjects, 2, reader, CALIBRATION, VERIFICATION, NULL, NULL, both, NULL, NULL, &err),
      &err);
  subject_free(subjects[0]);
  subject_free(subjects[1]);
  return both[1].sqnr;
}

static Graph *built(const HardCase *c) {
  Maker maker = maker_new(17);
  c->build(&maker);
  maker_finish(&maker);
  return maker.graph;
}

double hard_case_sqnr(const HardCase *c, HardScheme scheme, size_t *bytes) {
  Graph *reference = built(c), *graph = built(c);
  Source source = {.hard = c};
  SampleReader reader = reader_of(&source, reference);
  EdgeFile file;
  Arena memory = {0};
  (void)clean(graph);
  quantize(graph, &reader, &scheme);
  size_t size = lower_and_load(graph, &file, &memory);
  if (bytes != NULL) *bytes = size;
  double sqnr = compare(reference, &file, &reader);
  edge_file_close(&file);
  arena_free(&memory);
  graph_free(reference);
  graph_free(graph);
  return sqnr;
}
