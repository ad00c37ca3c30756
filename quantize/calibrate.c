/* Streaming statistics of activations: each tensor is seen once, memory does not depend on the samples. */
#include "quantize/calibration.h"
#include "quantize/plan.h"

#include <stdlib.h>

typedef enum Watch { WATCH_NOT = 0, WATCH_RANGE, WATCH_BINS } Watch;

typedef struct Worker {
  Runner *runner;
  Calibration seen;
  const Watch *watch; /* by value */
} Worker;

/* Only values whose range counts are looked at; only those whose range is searched for need bins. */
static Watch watch_of(const ValuePlan *value, CalibrationMethod method) {
  if (value->use == USE_TABLED) return WATCH_BINS;
  if (value->use != USE_ACTIVATION || !value->is_source) return WATCH_NOT;
  return method == CALIBRATE_MIN_MAX || value->is_wide ? WATCH_RANGE : WATCH_BINS;
}

static Status statistics_init(Calibration *seen, const Watch *watch, int value_count, Error *err) {
  size_t binned = 0;
  for (int v = 0; v < value_count; v++) binned += watch[v] == WATCH_BINS;
  seen->value_count = value_count;
  seen->histograms = calloc((size_t)value_count + 1, sizeof *seen->histograms);
  seen->counts = calloc(binned * HISTOGRAM_BINS + 1, sizeof *seen->counts);
  if (seen->histograms == NULL || seen->counts == NULL) return fail_memory(err);
  uint64_t *next = seen->counts;
  for (int v = 0; v < value_count; v++) {
    histogram_init(&seen->histograms[v], watch[v] == WATCH_BINS ? next : NULL);
    if (watch[v] == WATCH_BINS) next += HISTOGRAM_BINS;
  }
  return OK;
}

static void statistics_free(Calibration *seen) {
  free(seen->histograms);
  free(seen->counts);
}

/* Any NaN or infinity among the values makes the sum a NaN. */
static bool are_finite(const float *values, int64_t count) {
  float sum = 0;
  for (int64_t i = 0; i < count; i++) sum += values[i] * 0.0f;
  return sum == 0.0f;
}

static Status see(void *context, const Value *value, const Tensor *tensor, Error *err) {
  Worker *worker = context;
  if (worker->watch[value->index] == WATCH_NOT || tensor->type != ELEMENT_FLOAT32) return OK;
  int64_t count = tensor_elements(tensor);
  if (!are_finite(tensor->data, count))
    return fail(err, BAD_INPUT,
                "tensor '%s': a value is NaN or infinite; check the data and its preprocessing", value->name);
  histogram_add(&worker->seen.histograms[value->index], tensor->data, count);
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
    statistics_free(&workers[w].seen);
  }
  free(workers);
}

static Status workers_init(Worker *workers, int count, const Interpreter *interpreter, const Watch *watch,
                           Error *err) {
  int values = interpreter_graph(interpreter)->value_count;
  for (int w = 0; w < count; w++) {
    workers[w].watch = watch;
    TRY(statistics_init(&workers[w].seen, watch, values, err));
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

static Watch *watches_of(Graph *graph, const QuantizeOptions *options, Error *err) {
  Plan plan;
  Watch *watch = NULL;
  if (plan_make(&plan, graph, !options->output_8bit, err) == OK) {
    watch = calloc((size_t)graph->value_count + 1, sizeof *watch);
    if (watch == NULL) fail_memory(err);
    for (int v = 0; watch != NULL && v < graph->value_count; v++)
      watch[v] = watch_of(&plan.values[v], options->method);
  }
  plan_free(&plan);
  return watch;
}

Status calibrate(Calibration **calibration, Graph *graph, const SampleReader *reader, int64_t from,
                 int64_t count, const QuantizeOptions *options, Pool *pool, SampleProgress progress,
                 void *progress_context, Error *err) {
  *calibration = NULL;
  Watch *watch = watches_of(graph, options, err);
  if (watch == NULL) return err->status;
  int workers_count = pool_workers(pool);
  Worker *workers = calloc((size_t)workers_count, sizeof *workers);
  Calibration *made = calloc(1, sizeof *made);
  Interpreter *interpreter = NULL;
  Status status =
      workers == NULL || made == NULL ? fail_memory(err) : interpreter_new(&interpreter, graph, err);
  if (status == OK) status = workers_init(workers, workers_count, interpreter, watch, err);
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
  free(watch);
  return status;
}

void calibration_free(Calibration *calibration) {
  if (calibration == NULL) return;
  statistics_free(calibration);
  free(calibration);
}
