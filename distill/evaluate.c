#include "distill/evaluate.h"

#include "distill/goal_run.h"

#include <stdlib.h>

typedef struct EvaluateWorker {
  Runner *student;
  MicroBatch batch;
  GoalRun goal;
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
  Interpreter *student;
  Teacher *teacher; /* NULL: nobody */
  Answers *answers; /* of it, kept; NULL: they are not */
  EvaluateWorker *workers;
  int worker_count;
  Part *part;
  int64_t *indices; /* 0, 1, 2 ... */
};

static Status new_workers(Evaluator *made, Error *err) {
  made->worker_count = made->pool == NULL ? 1 : pool_workers(made->pool);
  made->workers = calloc((size_t)made->worker_count, sizeof *made->workers);
  if (made->workers == NULL) return fail_memory(err);
  for (int w = 0; w < made->worker_count; w++) {
    EvaluateWorker *worker = &made->workers[w];
    TRY(runner_new(&worker->student, made->student, err));
    TRY(goal_run_new(&worker->goal, made->goal, err));
    TRY(micro_batch_new(&worker->batch, made->held, made->goal, made->micro_batch, err));
  }
  return OK;
}

static Status prepare(Evaluator *made, const TrainModels *models, const TrainOptions *options, Error *err) {
  TRY(interpreter_new(&made->student, models->student, err));
  interpreter_keep_values(made->student); /* what terms compare may lie before the graph's end */
  if (options->keep_answers && options->epochs > 1)
    TRY(answers_new(&made->answers, made->teacher, made->held, err));
  made->parts = (made->held->count + made->micro_batch - 1) / made->micro_batch;
  made->part = calloc((size_t)made->parts, sizeof *made->part);
  made->indices = calloc((size_t)made->held->count, sizeof *made->indices);
  if (made->part == NULL || made->indices == NULL) return fail_memory(err);
  for (int64_t i = 0; i < made->held->count; i++) made->indices[i] = i;
  return new_workers(made, err);
}

Status evaluator_new(Evaluator **evaluator, const TrainModels *models, const Goal *goal, Teacher *teacher,
                     const TrainSet *held, const TrainOptions *options, Pool *pool, Error *err) {
  Evaluator *made = *evaluator = calloc(1, sizeof *made);
  if (made == NULL) return fail_memory(err);
  made->goal = goal;
  made->teacher = teacher;
  made->held = held;
  made->micro_batch = options->micro_batch;
  made->pool = pool;
  return prepare(made, models, options, err);
}

void evaluator_free(Evaluator *evaluator) {
  if (evaluator == NULL) return;
  for (int w = 0; evaluator->workers != NULL && w < evaluator->worker_count; w++) {
    runner_free(evaluator->workers[w].student);
    goal_run_free(&evaluator->workers[w].goal);
    micro_batch_free(&evaluator->workers[w].batch);
  }
  free(evaluator->workers);
  interpreter_free(evaluator->student);
  answers_free(evaluator->answers);
  free(evaluator->part);
  free(evaluator->indices);
  free(evaluator);
}

static Status run_part(void *context, size_t index, int worker, Error *err) {
  Evaluator *evaluator = context;
  EvaluateWorker *own = &evaluator->workers[worker];
  const Goal *goal = evaluator->goal;
  int64_t from = (int64_t)index * evaluator->micro_batch, left = evaluator->held->count - from;
  const int64_t *indices = evaluator->indices + from;
  const Tensor *const *answers;
  micro_batch_take(&own->batch, indices, left < evaluator->micro_batch ? left : evaluator->micro_batch);
  TRY(teacher_ask(evaluator->teacher, worker, &own->batch, indices, evaluator->answers, &answers, err));
  TRY(runner_run(own->student, own->batch.inputs, NULL, err));
  for (int t = 0; t < goal->term_count; t++)
    own->goal.values[t] = runner_value(own->student, goal->terms[t].student);
  TRY(goal_run_losses(&own->goal, &own->batch, answers, NULL, 0, err));
  Part part = {.right = micro_batch_right(&own->batch, indices, own->goal.values[0])};
  for (int t = 0; t < goal->term_count; t++) part.loss += own->goal.losses[t];
  evaluator->part[index] = part;
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
  *evaluation = (Evaluation){.loss = sum.loss / count,
                             .right = evaluator->goal->labelled ? 100 * (double)sum.right / count : -1};
  return OK;
}
