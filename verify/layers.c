/* Per-layer error: what the runtime computes after each instruction against the same tensor in float. */
#include "verify/subject.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The float tensors that instructions correspond to, of one sample. */
typedef struct Reference {
  const Value *value; /* NULL: the instruction has no name, or names nothing in the graph */
  float *values;
  int64_t capacity;
  Shape shape;
  double signal, noise; /* sums of squares over all samples */
} Reference;

typedef struct Layers {
  const EdgeModel *model;
  Subject *edge;
  Reference *references; /* by instruction */
  int *by_value;         /* instruction of a value index, or -1 */
  float *decoded;        /* of the instruction's result */
  int64_t decoded_capacity;
  bool failed; /* memory ran out inside the runtime's hook */
} Layers;

static Status keep(void *context, const Value *value, const Tensor *tensor, Error *err) {
  Layers *layers = context;
  int instruction = layers->by_value[value->index];
  if (instruction < 0 || tensor->type != ELEMENT_FLOAT32) return OK;
  Reference *reference = &layers->references[instruction];
  int64_t count = tensor_elements(tensor);
  if (count > reference->capacity) {
    bytes_free(reference->values);
    reference->values = bytes_new((size_t)count * sizeof(float), err);
    reference->capacity = reference->values == NULL ? 0 : count;
    if (reference->values == NULL) return err->status;
  }
  memcpy(reference->values, tensor->data, tensor_bytes(tensor));
  reference->shape = tensor->shape;
  return OK;
}

static double squared_error(const float *reference, const float *decoded, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; i++) {
    double difference = (double)decoded[i] - (double)reference[i];
    sum += difference * difference;
  }
  return sum;
}

/* The same where `decoded` lies channels-last. */
static double squared_error_channels_last(const Reference *reference, const float *decoded) {
  const Shape *shape = &reference->shape;
  int64_t batch = shape->dims[0], channels = shape->dims[1], positions = shape_product(shape, 2, shape->rank);
  double sum = 0;
  for (int64_t n = 0; n < batch; n++)
    for (int64_t c = 0; c < channels; c++)
      for (int64_t p = 0; p < positions; p++) {
        double difference = (double)decoded[(n * positions + p) * channels + c] -
                            (double)reference->values[(n * channels + c) * positions + p];
        sum += difference * difference;
      }
  return sum;
}

/* A program may keep a tensor channels-last; which of the two orders it is shows in the values. */
static void compare_result(Reference *reference, const float *decoded, int64_t count) {
  double signal = 0;
  for (int64_t i = 0; i < count; i++) signal += (double)reference->values[i] * (double)reference->values[i];
  double noise = squared_error(reference->values, decoded, count);
  if (reference->shape.rank >= 3) noise = fmin(noise, squared_error_channels_last(reference, decoded));
  reference->signal += signal;
  reference->noise += noise;
}

static bool reserve_decoded(Layers *layers, int64_t count) {
  if (count <= layers->decoded_capacity) return true;
  free(layers->decoded);
  layers->decoded = malloc((size_t)count * sizeof(float));
  layers->decoded_capacity = layers->decoded == NULL ? 0 : count;
  return layers->decoded != NULL;
}

static void observe(void *context, uint32_t instruction, const EdgeTensor *result, const void *data) {
  Layers *layers = context;
  Reference *reference = &layers->references[instruction];
  int64_t count = (int64_t)result->elements;
  subject_release(layers->edge);
  if (reference->value == NULL || reference->values == NULL || shape_elements(&reference->shape) != count)
    return;
  if (!reserve_decoded(layers, count)) {
    layers->failed = true;
    return;
  }
  edge_to_f32(result, data, layers->decoded);
  compare_result(reference, layers->decoded, count);
}

/* The last instruction that carries a name is the one that completes the tensor. */
static void find_layers(Layers *layers, const Graph *graph) {
  for (int v = 0; v < graph->value_count; v++) layers->by_value[v] = -1;
  for (uint32_t i = 0; i < layers->model->instruction_count; i++) {
    const char *name = edge_layer_name(layers->model, i);
    const Value *value = name[0] != '\0' ? graph_find_value(graph, name) : NULL;
    if (value == NULL || value->constant != NULL || value->type != ELEMENT_FLOAT32) continue;
    if (layers->by_value[value->index] >= 0) layers->references[layers->by_value[value->index]].value = NULL;
    layers->by_value[value->index] = (int)i;
    layers->references[i].value = value;
  }
}

typedef struct Job {
  Layers *layers;
  Runner *runner;
} Job;

static Status do_sample(void *context, int64_t index, int worker, const Tensor *const *inputs, Error *err) {
  (void)index, (void)worker;
  Job *job = context;
  Observer observer = {.see = keep, .context = job->layers};
  TRY(runner_run(job->runner, inputs, &observer, err));
  EdgeHooks hooks = {.observe = observe, .observe_context = job->layers};
  TRY(subject_run_observed(job->layers->edge, 0, inputs, &hooks, err));
  return job->layers->failed ? fail_memory(err) : OK;
}

static int worse_first(const void *a, const void *b) {
  const LayerError *left = a, *right = b;
  if (left->sqnr != right->sqnr) return left->sqnr < right->sqnr ? -1 : 1;
  return strcmp(left->name, right->name);
}

static Status collect(const Layers *layers, LayerErrors *errors, Error *err) {
  uint32_t count = layers->model->instruction_count;
  errors->layers = calloc((size_t)count + 1, sizeof *errors->layers);
  if (errors->layers == NULL) return fail_memory(err);
  for (uint32_t i = 0; i < count; i++) {
    const Reference *reference = &layers->references[i];
    if (reference->value == NULL || reference->signal <= 0) continue;
    LayerError *layer = &errors->layers[errors->count++];
    layer->sqnr = reference->noise > 0 ? 10 * log10(reference->signal / reference->noise) : INFINITY;
    layer->name = strdup(reference->value->name);
    if (layer->name == NULL) return fail_memory(err);
  }
  qsort(errors->layers, (size_t)errors->count, sizeof *errors->layers, worse_first);
  return OK;
}

static Status run_layers(const Graph *graph, Layers *layers, const Arena *memory, const SampleReader *reader,
                         int64_t from, int64_t count, Error *err) {
  Interpreter *interpreter = NULL;
  Job job = {.layers = layers};
  Status status = interpreter_new(&interpreter, graph, err);
  if (status == OK) status = runner_new(&job.runner, interpreter, err);
  if (status == OK)
    status = subject_of_edge(&layers->edge, "the written file", layers->model, memory, 1, err);
  if (status == OK) status = samples_for(reader, from, count, NULL, do_sample, &job, NULL, NULL, err);
  subject_free(layers->edge);
  runner_free(job.runner);
  interpreter_free(interpreter);
  return status;
}

Status verify_layers(const Graph *graph, const EdgeModel *model, const Arena *memory,
                     const SampleReader *reader, int64_t from, int64_t count, LayerErrors *errors,
                     Error *err) {
  *errors = (LayerErrors){0};
  Layers layers = {.model = model};
  layers.references = calloc((size_t)model->instruction_count + 1, sizeof *layers.references);
  layers.by_value = calloc((size_t)graph->value_count + 1, sizeof *layers.by_value);
  Status status = layers.references == NULL || layers.by_value == NULL ? fail_memory(err) : OK;
  if (status == OK) {
    find_layers(&layers, graph);
    status = run_layers(graph, &layers, memory, reader, from, count, err);
  }
  if (status == OK) status = collect(&layers, errors, err);
  for (uint32_t i = 0; layers.references != NULL && i < model->instruction_count; i++)
    bytes_free(layers.references[i].values);
  free(layers.references);
  free(layers.by_value);
  free(layers.decoded);
  return status;
}

void layer_errors_free(LayerErrors *errors) {
  for (int i = 0; i < errors->count; i++) free(errors->layers[i].name);
  free(errors->layers);
  *errors = (LayerErrors){0};
}
