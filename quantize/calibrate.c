/* Streaming statistics of activations: each tensor is seen once, memory does not depend on the samples. */
#include "quantize/observation.h"

#include <stdlib.h>

typedef struct Calibrating {
  Observation *observation;
  Interpreter *interpreter;
  Runner **runners; /* by worker */
  int workers;
} Calibrating;

/* The worker that runs a sample. */
typedef struct Sight {
  Observation *observation;
  int worker;
} Sight;

static Status see(void *context, const Value *value, const Tensor *tensor, Error *err) {
  const Sight *sight = context;
  return observation_see(sight->observation, sight->worker, value, tensor, err);
}

static Status see_sample(void *context, int64_t index, int worker, const Tensor *const *inputs, Error *err) {
  const Calibrating *c = context;
  Sight sight = {c->observation, worker};
  Observer observer = {.see = see, .context = &sight};
  (void)index;
  return runner_run(c->runners[worker], inputs, &observer, err);
}

static Status prepare(Calibrating *c, Graph *graph, const QuantizeOptions *options, Error *err) {
  TRY(observation_new(&c->observation, graph, options, c->workers, err));
  TRY(interpreter_new(&c->interpreter, graph, err));
  c->runners = calloc((size_t)c->workers, sizeof *c->runners);
  if (c->runners == NULL) return fail_memory(err);
  for (int w = 0; w < c->workers; w++) TRY(runner_new(&c->runners[w], c->interpreter, err));
  return OK;
}

Status calibrate(Calibration **calibration, Graph *graph, const SampleReader *reader, int64_t from,
                 int64_t count, const QuantizeOptions *options, Pool *pool, SampleProgress progress,
                 void *progress_context, Error *err) {
  Calibrating c = {.workers = pool_workers(pool)};
  *calibration = NULL;
  Status status = prepare(&c, graph, options, err);
  if (status == OK)
    status = samples_for(reader, from, count, pool, see_sample, &c, progress, progress_context, err);
  if (status == OK) status = observation_end(c.observation, count, calibration, err);
  for (int w = 0; c.runners != NULL && w < c.workers; w++) runner_free(c.runners[w]);
  free(c.runners);
  interpreter_free(c.interpreter);
  observation_free(c.observation);
  return status;
}
