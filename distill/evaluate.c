#include "distill/evaluate.h"

#include "distill/micro_batch.h"

#include <stdlib.h>

typedef struct EvaluateWorker {
  Runner *student, *teacher;
  MicroBatch batch;
} EvaluateWorker;

/* Of one micro-batch; summed up in order afterwards. */
typedef struct Part {
  double loss;
  int64_t right;
} Part;

struct Evaluator {
  const Goal *goal;
  const TrainSet *held;
  int64_t micro_batch, parts;
  Pool *pool;
  Interpreter *student, *teacher;
  EvaluateWorker *workers;
  int worker_count;
  Part *part;
  int64_t *indices; /* 0, 1, 2 ... */
};

static Status new_interpreter(Interpreter **interpreter, const Graph *graph, Error *err) {
  TRY(interpreter_new(interpreter, graph, err));
  interpreter_keep_values(*interpreter); /* the scores may lie before the graph's end */
  return OK;
}

static Status prepare(Evaluator *made, const TrainModels *models, Error *err) {
  LossKind kind = made->goal->loss.kind;
  TRY(new_interpreter(&made->student, models->student, err));
  if (models->teacher != NULL && kind != LOSS_CROSS_ENTROPY && kind != LOSS_RECONSTRUCTION)
    TRY(new_interpreter(&made->teacher, models->teacher, err));
  made->parts = (made->held->count + made->micro_batch - 1) / made->micro_batch;
  made->part = calloc((size_t)made->parts, sizeof *made->part);
  made->indices = calloc((size_t)made->held->count, sizeof *made->indices);
  made->worker_count = made->pool == NULL ? 1 : pool_workers(made->pool);
  made->workers = calloc((size_t)made->worker_count, sizeof *made->workers);
  if (made->part == NULL || made->indices == NULL || made->workers == NULL) return fail_memory(err);
  for (int64_t i = 0; i < made->held->count; i++) made->indices[i] = i;
  for (int w = 0; w < made->worker_count; w++) {
    EvaluateWorker *worker = &made->workers[w];
    TRY(runner_new(&worker->student, made->student, err));
    if (made->teacher != NULL) TRY(runner_new(&worker->teacher, made->teacher, err));
    TRY(micro_batch_new(&worker->batch, made->held, made->goal, made->micro_batch, err));
  }
  return OK;
}

Status evaluator_new(Evaluator **evaluator, const TrainModels *models, const Goal *goal, const TrainSet *held,
                     int64_t micro_batch, Pool *pool, Error *err) {
  Evaluator *made = *evaluator = calloc(1, sizeof *made);
  if (made == NULL) return fail_memory(err);
  made->goal = goal;
  made->held = held;
  made->micro_batch = micro_batch;
  made->pool = pool;
  return prepare(made, models, err);
}

void evaluator_free(Evaluator *evaluator) {
  if (evaluator == NULL) return;
  for (int w = 0; evaluator->workers != NULL && w < evaluator->worker_count; w++) {
    runner_free(evaluator->workers[w].student);
    runner_free(evaluator->workers[w].teacher);
    micro_batch_free(&evaluator->workers[w].batch);
  }
  free(evaluator->workers);
  interpreter_free(evaluator->student);
  interpreter_free(evaluator->teacher);
  free(evaluator->part);
  free(evaluator->indices);
  free(evaluator);
}

static Status run_part(void *context, size_t index, int worker, Error *err) {
  Evaluator *evaluator = context;
  EvaluateWorker *own = &evaluator->workers[worker];
  int64_t from = (int64_t)index * evaluator->micro_batch, left = evaluator->held->count - from;
  const int64_t *indices = evaluator->indices + from;
  micro_batch_take(&own->batch, indices, left < evaluator->micro_batch ? left : evaluator->micro_batch);
  TRY(runner_run(own->student, own->batch.inputs, NULL, err));
  if (own->teacher != NULL) TRY(runner_run(own->teacher, own->batch.inputs, NULL, err));
  const Tensor *output = runner_value(own->student, evaluator->goal->student_output);
  const Tensor *teacher =
      own->teacher == NULL ? NULL : runner_value(own->teacher, evaluator->goal->teacher_output);
  LossRows rows = micro_batch_rows(&own->batch, output, teacher);
  evaluator->part[index] = (Part){.loss = loss_rows(&evaluator->goal->loss, &rows),
                                  .right = micro_batch_right(&own->batch, indices, output)};
  return OK;
}

Status evaluator_run(Evaluator *evaluator, Evaluation *evaluation, Error *err) {
  TRY(pool_for(evaluator->pool, (size_t)evaluator->parts, run_part, evaluator, err));
  Part sum = {0};
  for (int64_t i = 0; i < evaluator->parts; i++) {
    sum.loss += evaluator->part[i].loss;
    sum.right += evaluator->part[i].right;
  }
  double count = (double)evaluator->held->count;
  bool labelled = evaluator->workers[0].batch.truth != NULL;
  *evaluation =
      (Evaluation){.loss = sum.loss / count, .right = labelled ? 100 * (double)sum.right / count : -1};
  return OK;
}
