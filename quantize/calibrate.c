/* Streaming statistics of activations: each tensor is seen once, memory does not depend on the samples. */
#include "quantize/calibration.h"
#include "quantize/importance.h"
#include "quantize/plan.h"

#include <stdlib.h>

/* What is looked at, by value. */
typedef struct Watch {
  bool *seen; /* its range */
  Bins *bins; /* and its distribution */
  Importance *importance;
} Watch;

typedef struct Worker {
  Runner *runner;
  Calibration seen;
  const Watch *watch;
} Worker;

/* Only values whose range counts are looked at; only those whose range is searched for need bins. What goes
   to a file serves whatever is chosen later: every tensor, with bins. */
static void watch_value(const Value *value, const ValuePlan *plan, const QuantizeOptions *options,
                        const Watch *watch) {
  bool is_source = plan->use == USE_ACTIVATION && plan->is_source;
  bool *seen = &watch->seen[value->index], binned;
  if (options->for_file) {
    *seen = binned = value->constant == NULL && value->type == ELEMENT_FLOAT32;
  } else {
    *seen = is_source || plan->use == USE_TABLED;
    binned = *seen && (!is_source || (options->method != CALIBRATE_MIN_MAX && !plan->is_wide));
  }
  Bins kind = watch->importance[value->index].channels != NULL ? BINS_WEIGHTED : BINS_COUNTED;
  watch->bins[value->index] = binned ? kind : BINS_NONE;
}

static void see_weighted(Worker *worker, const Value *value, const Tensor *tensor) {
  const Importance *importance = &worker->watch->importance[value->index];
  const Shape *shape = &tensor->shape;
  HistogramWeights weights = {.outer = shape_product(shape, 0, importance->axis),
                              .channels = importance->count,
                              .inner = shape_product(shape, importance->axis + 1, shape->rank),
                              .of = importance->channels};
  histogram_add_weighted(&worker->seen.histograms[value->index], tensor->data, &weights);
}

static Status see(void *context, const Value *value, const Tensor *tensor, Error *err) {
  Worker *worker = context;
  const Watch *watch = worker->watch;
  if (!watch->seen[value->index] || tensor->type != ELEMENT_FLOAT32) return OK;
  int64_t count = tensor_elements(tensor);
  if (!histogram_add(&worker->seen.histograms[value->index], tensor->data, count))
    return fail(err, BAD_INPUT,
                "tensor '%s': a value is NaN or infinite; check the data and its preprocessing", value->name);
  if (watch->bins[value->index] == BINS_WEIGHTED) see_weighted(worker, value, tensor);
  return OK;
}

static Status see_sample(void *context, int64_t index, int worker, const Tensor *const *inputs, Error *err) {
  (void)index;
  Worker *workers = context;
  Observer observer = {.see = see, .context = &workers[worker]};
  return runner_run(workers[worker].runner, inputs, &observer, err);
}

static void workers_free(Worker *workers, int count) {
  for (int w = 0; workers != NULL && w < count; w++) {
    runner_free(workers[w].runner);
    calibration_release(&workers[w].seen);
  }
  free(workers);
}

static Status workers_init(Worker *workers, int count, const Interpreter *interpreter, const Watch *watch,
                           Error *err) {
  int values = interpreter_graph(interpreter)->value_count;
  for (int w = 0; w < count; w++) {
    workers[w].watch = watch;
    TRY(calibration_reserve(&workers[w].seen, watch->bins, values, err));
    TRY(runner_new(&workers[w].runner, interpreter, err));
  }
  return OK;
}

/* What all workers have seen goes to the first one, which gives it to the calibration. */
static void merge_workers(Worker *workers, int count, Calibration *calibration) {
  for (int w = 1; w < count; w++)
    for (int v = 0; v < workers[0].seen.value_count; v++)
      histogram_merge(&workers[0].seen.histograms[v], &workers[w].seen.histograms[v]);
  *calibration = workers[0].seen;
  workers[0].seen = (Calibration){0};
}

static Status watch_graph(Watch *watch, Graph *graph, const QuantizeOptions *options, Arena *arena,
                          Error *err) {
  Plan plan;
  Status status = plan_make(&plan, graph, options, err);
  if (status == OK) {
    watch->seen = arena_new(arena, (size_t)graph->value_count, sizeof *watch->seen, err);
    watch->bins = arena_new(arena, (size_t)graph->value_count, sizeof *watch->bins, err);
    if (watch->seen == NULL || watch->bins == NULL) status = err->status;
  }
  if (status == OK) status = importance_of_values(&watch->importance, graph, arena, err);
  for (int v = 0; status == OK && v < graph->value_count; v++)
    watch_value(graph->values[v], &plan.values[v], options, watch);
  plan_free(&plan);
  return status;
}

Status calibrate(Calibration **calibration, Graph *graph, const SampleReader *reader, int64_t from,
                 int64_t count, const QuantizeOptions *options, Pool *pool, SampleProgress progress,
                 void *progress_context, Error *err) {
  *calibration = NULL;
  Arena arena = {0};
  Watch watch = {0};
  int workers_count = pool_workers(pool);
  Worker *workers = calloc((size_t)workers_count, sizeof *workers);
  Calibration *made = calloc(1, sizeof *made);
  Interpreter *interpreter = NULL;
  Status status = workers == NULL || made == NULL ? fail_memory(err) : OK;
  if (status == OK) status = watch_graph(&watch, graph, options, &arena, err);
  if (status == OK) status = interpreter_new(&interpreter, graph, err);
  if (status == OK) status = workers_init(workers, workers_count, interpreter, &watch, err);
  if (status == OK)
    status = samples_for(reader, from, count, pool, see_sample, workers, progress, progress_context, err);
  if (status == OK) {
    merge_workers(workers, workers_count, made);
    made->samples = count;
    *calibration = made;
  } else {
    free(made);
  }
  workers_free(workers, workers_count);
  interpreter_free(interpreter);
  arena_free(&arena);
  return status;
}
