#include "verify/subject.h"

#include <stdlib.h>
#include <string.h>

static Status subject_new(Subject **subject, const char *name, int workers, int outputs, Error *err) {
  Subject *made = *subject = calloc(1, sizeof *made);
  if (made == NULL) return fail_memory(err);
  made->name = name;
  made->worker_count = workers;
  made->output_count = outputs;
  made->workers = calloc((size_t)workers, sizeof *made->workers);
  if (made->workers == NULL) return fail_memory(err);
  for (int w = 0; w < workers; w++) {
    made->workers[w].outputs = calloc((size_t)outputs + 1, sizeof *made->workers[w].outputs);
    if (made->workers[w].outputs == NULL) return fail_memory(err);
  }
  return OK;
}

void subject_free(Subject *subject) {
  if (subject == NULL) return;
  for (int w = 0; subject->workers != NULL && w < subject->worker_count; w++) {
    SubjectWorker *worker = &subject->workers[w];
    runner_free(worker->runner);
    bytes_free(worker->arena);
    bytes_free(worker->floats);
    for (int i = 0; worker->outputs != NULL && i < subject->output_count; i++) {
      bytes_free(worker->outputs[i].values);
      bytes_free(worker->outputs[i].integers);
    }
    free(worker->outputs);
  }
  free(subject->workers);
  interpreter_free(subject->interpreter);
  free(subject);
}

static Status init_graph(Subject *subject, const Graph *graph, Error *err) {
  subject->graph = graph;
  TRY(interpreter_new(&subject->interpreter, graph, err));
  for (int w = 0; w < subject->worker_count; w++)
    TRY(runner_new(&subject->workers[w].runner, subject->interpreter, err));
  return OK;
}

Status subject_of_graph(Subject **subject, const char *name, const Graph *graph, int workers, Error *err) {
  Status status = subject_new(subject, name, workers, graph->output_count, err);
  if (status == OK) status = init_graph(*subject, graph, err);
  if (status == OK) return OK;
  subject_free(*subject);
  *subject = NULL;
  return status;
}

static Status init_edge(Subject *subject, const EdgeModel *model, Error *err) {
  subject->model = model;
  size_t most = 1;
  for (uint32_t i = 0; i < edge_input_count(model); i++)
    most = edge_input(model, i)->elements > most ? edge_input(model, i)->elements : most;
  for (int w = 0; w < subject->worker_count; w++) {
    subject->workers[w].arena = bytes_new(edge_arena_bytes(model), err);
    subject->workers[w].floats = bytes_new(most * sizeof(float), err);
    if (subject->workers[w].arena == NULL || subject->workers[w].floats == NULL) return err->status;
    memset(subject->workers[w].arena, 0, edge_arena_bytes(model));
  }
  return OK;
}

Status subject_of_edge(Subject **subject, const char *name, const EdgeModel *model, const Arena *memory,
                       int workers, Error *err) {
  Status status = subject_new(subject, name, workers, (int)edge_output_count(model), err);
  if (status == OK) status = init_edge(*subject, model, err);
  if (status == OK) (*subject)->memory = memory;
  if (status == OK) return OK;
  subject_free(*subject);
  *subject = NULL;
  return status;
}

const char *subject_name(const Subject *subject) {
  return subject->name;
}

int subject_output_count(const Subject *subject) {
  return subject->output_count;
}

const char *subject_output_name(const Subject *subject, int i) {
  return subject->graph != NULL ? subject->graph->outputs[i]->name
                                : edge_output_name(subject->model, (uint32_t)i);
}

int subject_input_count(const Subject *subject) {
  return subject->graph != NULL ? subject->graph->input_count : (int)edge_input_count(subject->model);
}

static Shape shape_of_edge(const EdgeTensor *tensor) {
  Shape shape = {.rank = tensor->rank};
  for (int d = 0; d < shape.rank; d++) shape.dims[d] = (Dim)tensor->dims[d];
  return shape;
}

bool subject_output_shape(const Subject *subject, int i, Shape *shape) {
  if (subject->model != NULL) {
    *shape = shape_of_edge(edge_output(subject->model, (uint32_t)i));
    return true;
  }
  *shape = subject->graph->outputs[i]->shape;
  return subject->graph->outputs[i]->has_shape && shape_is_known(shape);
}

/* What a user gives for an edge input: real values where it holds codes, else its own type. */
static ElementType type_for_edge(const EdgeTensor *tensor) {
  switch (tensor->type) {
  case EDGE_S64:
    return ELEMENT_INT64;
  case EDGE_S32:
    return ELEMENT_INT32;
  case EDGE_BOOL:
    return ELEMENT_BOOL;
  case EDGE_U8:
    return tensor->scale == 0 ? ELEMENT_UINT8 : ELEMENT_FLOAT32;
  case EDGE_S8:
    return tensor->scale == 0 ? ELEMENT_INT8 : ELEMENT_FLOAT32;
  default:
    return ELEMENT_FLOAT32;
  }
}

Status subject_input(const Subject *subject, int i, const char **name, Tensor *form, Error *err) {
  if (subject->model != NULL) {
    const EdgeTensor *tensor = edge_input(subject->model, (uint32_t)i);
    *name = edge_input_name(subject->model, (uint32_t)i);
    *form = (Tensor){.type = type_for_edge(tensor), .shape = shape_of_edge(tensor)};
    return OK;
  }
  const Value *value = subject->graph->inputs[i];
  *name = value->name;
  *form = (Tensor){.type = value->type, .shape = value->shape};
  if (value->has_shape && shape_is_known(&value->shape)) return OK;
  return fail(err, BAD_INPUT, "%s: the shape of input '%s' is not known", subject->name, value->name);
}

/* Codes are made from real values; anything else is taken as it is. */
static void give_edge_input(const Subject *subject, SubjectWorker *worker, uint32_t i, const Tensor *tensor) {
  const EdgeTensor *input = edge_input(subject->model, i);
  if (tensor->type == ELEMENT_FLOAT32)
    edge_set_input_f32(subject->model, i, tensor->data, worker->arena);
  else if (tensor->type == type_for_edge(input))
    memcpy(edge_input_data(subject->model, i, worker->arena), tensor->data, tensor_bytes(tensor));
  else {
    for (uint32_t e = 0; e < input->elements; e++) worker->floats[e] = (float)tensor_get(tensor, e);
    edge_set_input_f32(subject->model, i, worker->floats, worker->arena);
  }
}

Status subject_run_observed(Subject *subject, int worker_number, const Tensor *const *inputs,
                            const EdgeHooks *hooks, Error *err) {
  SubjectWorker *worker = &subject->workers[worker_number];
  for (uint32_t i = 0; i < edge_input_count(subject->model); i++) {
    if (tensor_elements(inputs[i]) != (int64_t)edge_input(subject->model, i)->elements)
      return fail(err, BAD_INPUT, "%s: input '%s' takes %u elements, %lld are given", subject->name,
                  edge_input_name(subject->model, i), edge_input(subject->model, i)->elements,
                  (long long)tensor_elements(inputs[i]));
    give_edge_input(subject, worker, i, inputs[i]);
  }
  EdgeStatus status = edge_run(subject->model, worker->arena, hooks);
  return status == EDGE_OK ? OK : fail(err, BAD_INPUT, "%s: %s", subject->name, edge_status_text(status));
}

void subject_release(const Subject *subject) {
  if (subject->memory != NULL) arena_release(subject->memory);
}

static void release_after(void *context, uint32_t instruction, const EdgeTensor *result, const void *data) {
  (void)instruction, (void)result, (void)data;
  subject_release(context);
}

Status subject_run(Subject *subject, int worker, const Tensor *const *inputs, Error *err) {
  EdgeHooks hooks = {.observe = release_after, .observe_context = subject};
  if (subject->model != NULL) return subject_run_observed(subject, worker, inputs, &hooks, err);
  return runner_run(subject->workers[worker].runner, inputs, NULL, err);
}

static Status reserve(SubjectOutput *output, int64_t count, Error *err) {
  if (count <= output->capacity) return OK;
  bytes_free(output->values);
  output->values = bytes_new((size_t)count * sizeof(float), err);
  output->capacity = output->values == NULL ? 0 : count;
  return output->values == NULL ? err->status : OK;
}

static Status output_of_graph(SubjectWorker *worker, int i, const float **values, int64_t *count,
                              Shape *shape, Error *err) {
  const Tensor *tensor = runner_output(worker->runner, i);
  *shape = tensor->shape;
  *count = tensor_elements(tensor);
  if (tensor->type == ELEMENT_FLOAT32) {
    *values = tensor->data;
    return OK;
  }
  TRY(reserve(&worker->outputs[i], *count, err));
  for (int64_t e = 0; e < *count; e++) worker->outputs[i].values[e] = (float)tensor_get(tensor, e);
  *values = worker->outputs[i].values;
  return OK;
}

Status subject_output(Subject *subject, int worker, int i, const float **values, int64_t *count, Shape *shape,
                      Error *err) {
  Shape ignored;
  SubjectWorker *own = &subject->workers[worker];
  if (shape == NULL) shape = &ignored;
  if (subject->model == NULL) return output_of_graph(own, i, values, count, shape, err);
  const EdgeTensor *tensor = edge_output(subject->model, (uint32_t)i);
  *shape = shape_of_edge(tensor);
  *count = tensor->elements;
  TRY(reserve(&own->outputs[i], *count, err));
  edge_get_output_f32(subject->model, (uint32_t)i, own->arena, own->outputs[i].values);
  *values = own->outputs[i].values;
  return OK;
}

/* ---- outputs that are integers ---- */

/* The type of numbers that are no codes; ELEMENT_NONE for codes and floats. */
static ElementType plain_type_of_edge(const EdgeTensor *tensor) {
  switch (tensor->type) {
  case EDGE_S64:
    return ELEMENT_INT64;
  case EDGE_S32:
    return tensor->scale == 0 ? ELEMENT_INT32 : ELEMENT_NONE;
  case EDGE_BOOL:
    return ELEMENT_BOOL;
  case EDGE_U8:
    return tensor->scale == 0 ? ELEMENT_UINT8 : ELEMENT_NONE;
  default:
    return ELEMENT_NONE;
  }
}

bool subject_output_is_integer(const Subject *subject, int i) {
  if (subject->model != NULL)
    return plain_type_of_edge(edge_output(subject->model, (uint32_t)i)) != ELEMENT_NONE;
  ElementType type = subject->graph->outputs[i]->type;
  return element_is_integer(type) || type == ELEMENT_BOOL;
}

static Status reserve_integers(SubjectOutput *output, int64_t count, Error *err) {
  if (count <= output->integer_capacity) return OK;
  bytes_free(output->integers);
  output->integers = bytes_new((size_t)count * sizeof(int64_t), err);
  output->integer_capacity = output->integers == NULL ? 0 : count;
  return output->integers == NULL ? err->status : OK;
}

Status subject_output_integers(Subject *subject, int worker, int i, const int64_t **values, int64_t *count,
                               Shape *shape, Error *err) {
  SubjectWorker *own = &subject->workers[worker];
  Tensor tensor;
  if (subject->model != NULL) {
    const EdgeTensor *output = edge_output(subject->model, (uint32_t)i);
    tensor = (Tensor){.type = plain_type_of_edge(output),
                      .shape = shape_of_edge(output),
                      .data = (void *)(uintptr_t)edge_output_data(subject->model, (uint32_t)i, own->arena)};
  } else {
    tensor = *runner_output(own->runner, i);
  }
  *shape = tensor.shape;
  *count = tensor_elements(&tensor);
  TRY(reserve_integers(&own->outputs[i], *count, err));
  for (int64_t e = 0; e < *count; e++) own->outputs[i].integers[e] = tensor_get_integer(&tensor, e);
  *values = own->outputs[i].integers;
  return OK;
}
