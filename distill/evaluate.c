#include "distill/evaluate.h"

#include "distill/goal_run.h"

#include <stdlib.h>
#include <string.h>

typedef struct EvaluateWorker {
  Runner *student;
  MicroBatch batch;
  GoalRun goal;
} EvaluateWorker;

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
  double *losses;   /* by micro-batch and term; summed up in order afterwards */
  int64_t *right;   /* by micro-batch */
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
  made->losses = calloc((size_t)made->parts * (size_t)made->goal->term_count, sizeof *made->losses);
  made->right = calloc((size_t)made->parts, sizeof *made->right);
  made->indices = calloc((size_t)made->held->count, sizeof *made->indices);
  if (made->losses == NULL || made->right == NULL || made->indices == NULL) return fail_memory(err);
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
  free(evaluator->losses);
  free(evaluator->right);
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
  memcpy(evaluator->losses + index * (size_t)goal->term_count, own->goal.losses,
         (size_t)goal->term_count * sizeof *own->goal.losses);
  evaluator->right[index] = micro_batch_right(&own->batch, indices, own->goal.values[0]);
  return OK;
}

double evaluator_term(const Evaluator *evaluator, int term) {
  double sum = 0;
  for (int64_t i = 0; i < evaluator->parts; i++)
    sum += evaluator->losses[i * evaluator->goal->term_count + term];
  return sum / (double)evaluator->held->count;
}

Status evaluator_run(Evaluator *evaluator, Evaluation *evaluation, Error *err) {
  TRY(pool_for(evaluator->pool, (size_t)evaluator->parts, run_part, evaluator, err));
  double loss = 0, count = (double)evaluator->held->count;
  int64_t right = 0;
  for (int t = 0; t < evaluator->goal->term_count; t++) loss += evaluator_term(evaluator, t);
  for (int64_t i = 0; i < evaluator->parts; i++) right += evaluator->right[i];
  *evaluation =
      (Evaluation){.loss = loss, .right = evaluator->goal->labelled ? 100 * (double)right / count : -1};
  return OK;
}
