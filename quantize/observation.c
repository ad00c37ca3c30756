#include "quantize/observation.h"

#include "quantize/plan.h"

#include <stdlib.h>

/* What is looked at, by value. */
typedef struct Watch {
  bool *seen;   /* its range */
  bool *binned; /* and its distribution */
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
  bool *seen = &watch->seen[value->index], *binned = &watch->binned[value->index];
  if (options->for_file) {
    *seen = *binned = value->constant == NULL && value->type == ELEMENT_FLOAT32;
  } else {
    *seen = is_source || plan->use == USE_TABLED;
    *binned = *seen && (!is_source || (options->method != CALIBRATE_MIN_MAX && !plan->is_wide));
  }
}

static Status watch_graph(Watch *watch, Graph *graph, const QuantizeOptions *options, Arena *arena,
                          Error *err) {
  Plan plan;
  Status status = plan_make(&plan, graph, options, err);
  if (status == OK) {
    watch->seen = arena_new(arena, (size_t)graph->value_count, sizeof *watch->seen, err);
    watch->binned = arena_new(arena, (size_t)graph->value_count, sizeof *watch->binned, err);
    if (watch->seen == NULL || watch->binned == NULL) status = err->status;
  }
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
    TRY(calibration_reserve(&o->seen[w], o->watch.binned, graph->value_count, err));
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

Status observation_see(Observation *observation, int worker, const Value *value, const Tensor *tensor,
                       Error *err) {
  if (!observation->watch.seen[value->index] || tensor->type != ELEMENT_FLOAT32) return OK;
  int64_t count = tensor_elements(tensor);
  if (histogram_add(&observation->seen[worker].histograms[value->index], tensor->data, count)) return OK;
  return fail(err, BAD_INPUT, "tensor '%s': a value is NaN or infinite; check the data and its preprocessing",
              value->name);
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
