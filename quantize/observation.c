#include "quantize/observation.h"

#include "quantize/importance.h"
#include "quantize/plan.h"

#include <stdlib.h>

/* What is looked at, by value. */
typedef struct Watch {
  bool *seen; /* its range */
  Bins *bins; /* and its distribution */
  Importance *importance;
} Watch;

struct Observation {
  Arena arena;
  Watch watch;
  Calibration *seen; /* by worker */
  int workers;
};

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

static Status prepare(Observation *o, Graph *graph, const QuantizeOptions *options, Error *err) {
  TRY(watch_graph(&o->watch, graph, options, &o->arena, err));
  o->seen = arena_new(&o->arena, (size_t)o->workers, sizeof *o->seen, err);
  if (o->seen == NULL) return err->status;
  for (int w = 0; w < o->workers; w++)
    TRY(calibration_reserve(&o->seen[w], o->watch.bins, graph->value_count, err));
  return OK;
}

Status observation_new(Observation **observation, Graph *graph, const QuantizeOptions *options, int workers,
                       Error *err) {
  Observation *made = *observation = calloc(1, sizeof *made);
  if (made == NULL) return fail_memory(err);
  made->workers = workers;
  Status status = prepare(made, graph, options, err);
  if (status == OK) return OK;
  observation_free(made);
  *observation = NULL;
  return status;
}

static void see_weighted(Histogram *histogram, const Importance *importance, const Tensor *tensor) {
  const Shape *shape = &tensor->shape;
  HistogramWeights weights = {.outer = shape_product(shape, 0, importance->axis),
                              .channels = importance->count,
                              .inner = shape_product(shape, importance->axis + 1, shape->rank),
                              .of = importance->channels};
  histogram_add_weighted(histogram, tensor->data, &weights);
}

Status observation_see(Observation *observation, int worker, const Value *value, const Tensor *tensor,
                       Error *err) {
  if (!observation->watch.seen[value->index] || tensor->type != ELEMENT_FLOAT32) return OK;
  int64_t count = tensor_elements(tensor);
  Histogram *histogram = &observation->seen[worker].histograms[value->index];
  if (!histogram_add(histogram, tensor->data, count))
    return fail(err, BAD_INPUT,
                "tensor '%s': a value is NaN or infinite; check the data and its preprocessing", value->name);
  if (observation->watch.bins[value->index] == BINS_WEIGHTED)
    see_weighted(histogram, &observation->watch.importance[value->index], tensor);
  return OK;
}

/* The first worker's takes in those of all others. */
Status observation_end(Observation *observation, int64_t samples, Calibration **calibration, Error *err) {
  Calibration *made = *calibration = calloc(1, sizeof *made), *first = &observation->seen[0];
  if (made == NULL) return fail_memory(err);
  for (int w = 1; w < observation->workers; w++)
    for (int v = 0; v < first->value_count; v++)
      histogram_merge(&first->histograms[v], &observation->seen[w].histograms[v]);
  *made = *first;
  *first = (Calibration){0};
  made->samples = samples;
  return OK;
}

void observation_free(Observation *observation) {
  if (observation == NULL) return;
  for (int w = 0; observation->seen != NULL && w < observation->workers; w++)
    calibration_release(&observation->seen[w]);
  arena_free(&observation->arena);
  free(observation);
}
