#include "distill/step.h"

#include "base/wide.h"
#include "distill/goal_run.h"
#include "distill/ranks.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* One thread's. */
typedef struct Worker {
  Tape *tape;
  MicroBatch batch;
  GoalRun goal;
} Worker;

struct Step {
  const Weights *weights;
  const Goal *goal;
  const TrainOptions *options;
  Pool *pool;
  Backward *backward;
  Teacher *teacher; /* NULL: nobody */
  Answers *answers; /* of it, kept; NULL: they are not */
  Worker *workers;
  int worker_count;
  float **gradients;    /* by weight */
  double **movements;   /* by statistic: sums of what the micro-batches would make of it, less what it is */
  pthread_mutex_t lock; /* of what follows, and of the sums */
  pthread_cond_t passed;
  size_t turn; /* the micro-batch of this rank that may add its part now */
  /* ranks: micro-batch m is done by rank m % ranks, and added up by the first one */
  int rank, ranks;
  size_t heard;    /* micro-batches of all ranks that are added */
  float *received; /* room for what another rank sends */
  Error failed;    /* of another rank, in this batch */
  /* the batch */
  const int64_t *indices;
  int64_t count;
  uint64_t seed;
  StepResult result;
};

/* ---- memory ---- */

static Status new_worker(Step *step, Worker *worker, const TrainSet *set, Error *err) {
  TRY(tape_new(&worker->tape, step->backward, err));
  TRY(goal_run_new(&worker->goal, step->goal, err));
  return micro_batch_new(&worker->batch, set, step->goal, step->options->micro_batch, err);
}

static int64_t statistic_elements(const Weights *weights) {
  int64_t sum = 1;
  for (int i = 0; i < weights->statistic_count; i++) sum += weights->statistics[i].count;
  return sum;
}

static Status new_sums(Step *step, Error *err) {
  const Weights *weights = step->weights;
  step->gradients = calloc((size_t)weights->count + 1, sizeof *step->gradients);
  step->movements = calloc((size_t)weights->statistic_count + 1, sizeof *step->movements);
  if (step->gradients == NULL || step->movements == NULL) return fail_memory(err);
  for (int i = 0; i < weights->count; i++) {
    step->gradients[i] = bytes_new((size_t)weights->list[i].count * sizeof(float), err);
    if (step->gradients[i] == NULL) return err->status;
  }
  for (int i = 0; i < weights->statistic_count; i++) {
    step->movements[i] = bytes_new((size_t)weights->statistics[i].count * sizeof(double), err);
    if (step->movements[i] == NULL) return err->status;
  }
  return OK;
}

/* The largest thing that is sent at a time. */
static Status new_received(Step *step, Error *err) {
  const Weights *weights = step->weights;
  int64_t most = statistic_elements(weights);
  for (int i = 0; i < weights->count; i++)
    if (weights->list[i].count > most) most = weights->list[i].count;
  step->received = bytes_new((size_t)most * sizeof *step->received, err);
  return step->received != NULL ? OK : err->status;
}

static Status prepare_backward(Step *step, const Graph *graph, Error *err) {
  const Weights *weights = step->weights;
  const Goal *goal = step->goal;
  int wanted_count = 0;
  Value **wanted = calloc((size_t)weights->count + 1, sizeof *wanted);
  Value **roots = calloc((size_t)goal->term_count + 1, sizeof *roots);
  for (int i = 0; wanted != NULL && i < weights->count; i++)
    if (weights->list[i].projection == NULL) wanted[wanted_count++] = weights->list[i].value;
  for (int t = 0; roots != NULL && t < goal->term_count; t++) roots[t] = goal->terms[t].value;
  Status status = wanted == NULL || roots == NULL ? fail_memory(err)
                                                  : backward_new(&step->backward, graph, wanted, wanted_count,
                                                                 roots, goal->term_count, err);
  free(wanted);
  free(roots);
  return status;
}

/* Answers are worth keeping where the same samples come again, unchanged. */
static Status prepare_answers(Step *step, const TrainSet *set, Error *err) {
  const TrainOptions *options = step->options;
  bool same = options->keep_answers && options->epochs > 1 && !augment_any(&options->augment);
  return same ? answers_new(&step->answers, step->teacher, set, err) : OK;
}

static Status prepare(Step *step, const TrainModels *models, const TrainSet *set, Error *err) {
  TRY(prepare_backward(step, models->twin, err));
  TRY(prepare_answers(step, set, err));
  TRY(new_sums(step, err));
  if (step->ranks > 1) TRY(new_received(step, err));
  step->worker_count = step->pool == NULL ? 1 : pool_workers(step->pool);
  step->workers = calloc((size_t)step->worker_count, sizeof *step->workers);
  if (step->workers == NULL) return fail_memory(err);
  for (int i = 0; i < step->worker_count; i++) TRY(new_worker(step, &step->workers[i], set, err));
  return OK;
}

Status step_new(Step **step, const TrainModels *models, const Weights *weights, const Goal *goal,
                Teacher *teacher, const TrainSet *set, const TrainOptions *options, Pool *pool, Error *err) {
  Step *made = *step = calloc(1, sizeof *made);
  if (made == NULL) return fail_memory(err);
  made->weights = weights;
  made->goal = goal;
  made->teacher = teacher;
  made->options = options;
  made->pool = pool;
  made->rank = ranks_own();
  made->ranks = ranks_count();
  pthread_mutex_init(&made->lock, NULL);
  pthread_cond_init(&made->passed, NULL);
  return prepare(made, models, set, err);
}

static void free_sums(Step *step) {
  bytes_free(step->received);
  for (int i = 0; step->gradients != NULL && i < step->weights->count; i++) bytes_free(step->gradients[i]);
  for (int i = 0; step->movements != NULL && i < step->weights->statistic_count; i++)
    bytes_free(step->movements[i]);
  free(step->gradients);
  free(step->movements);
}

void step_free(Step *step) {
  if (step == NULL) return;
  for (int i = 0; step->workers != NULL && i < step->worker_count; i++) {
    tape_free(step->workers[i].tape);
    goal_run_free(&step->workers[i].goal);
    micro_batch_free(&step->workers[i].batch);
  }
  free(step->workers);
  free_sums(step);
  backward_free(step->backward);
  answers_free(step->answers);
  pthread_cond_destroy(&step->passed);
  pthread_mutex_destroy(&step->lock);
  free(step);
}

/* ---- one micro-batch ---- */

/* Forward, losses, and their gradients where the way back begins. */
static Status compute(Step *step, int worker, const int64_t *indices, uint64_t seed, StepResult *result,
                      Error *err) {
  Worker *own = &step->workers[worker];
  const Goal *goal = step->goal;
  const Tensor *const *answers;
  TRY(teacher_ask(step->teacher, worker, &own->batch, indices, step->answers, &answers, err));
  TRY(tape_forward(own->tape, own->batch.inputs, seed, err));
  for (int t = 0; t < goal->term_count; t++)
    own->goal.values[t] = tape_value(own->tape, goal->terms[t].value);
  TRY(goal_run_losses(&own->goal, &own->batch, answers, own->tape, 1 / (double)step->count, err));
  for (int t = 0; t < goal->term_count; t++) result->loss += own->goal.losses[t];
  result->right = micro_batch_right(&own->batch, indices, own->goal.values[0]);
  return OK;
}

WIDE_LOOP static void add(float *restrict to, const float *restrict from, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i] += from[i];
}

static void add_gradients(Step *step, const Worker *worker, bool is_first) {
  for (int i = 0; i < step->weights->count; i++) {
    const Weight *weight = &step->weights->list[i];
    const Tensor *part = weight->projection == NULL ? tape_gradient(worker->tape, weight->value)
                                                    : goal_run_gradient(&worker->goal, weight);
    size_t bytes = (size_t)weight->count * sizeof(float);
    if (is_first && part != NULL)
      memcpy(step->gradients[i], part->data, bytes);
    else if (is_first)
      memset(step->gradients[i], 0, bytes);
    else if (part != NULL)
      add(step->gradients[i], part->data, weight->count);
  }
}

/* Before the way back, which gives back what was computed. */
static void keep_statistics(const Step *step, const Tape *tape, float *moved) {
  for (int i = 0; i < step->weights->statistic_count; i++) {
    const Statistic *statistic = &step->weights->statistics[i];
    memcpy(moved, tape_value(tape, statistic->output)->data, (size_t)statistic->count * sizeof(float));
    moved += statistic->count;
  }
}

static void add_movements(Step *step, const float *moved, bool is_first) {
  for (int i = 0; i < step->weights->statistic_count; i++) {
    const Statistic *statistic = &step->weights->statistics[i];
    const float *now = statistic->tensor->data;
    for (int64_t j = 0; j < statistic->count; j++)
      step->movements[i][j] = (is_first ? 0 : step->movements[i][j]) + (double)moved[j] - (double)now[j];
    moved += statistic->count;
  }
}

/* Waits until every earlier micro-batch has added its part. They were begun before this one, so they end. */
static void wait_for_turn(Step *step, size_t index) {
  pthread_mutex_lock(&step->lock);
  while (step->turn != index) pthread_cond_wait(&step->passed, &step->lock);
}

static void pass_turn(Step *step) {
  step->turn++;
  pthread_cond_broadcast(&step->passed);
  pthread_mutex_unlock(&step->lock);
}

static Status go_through(Step *step, size_t index, int worker, float *moved, StepResult *result, Error *err) {
  Worker *own = &step->workers[worker];
  int64_t from = (int64_t)index * step->options->micro_batch, left = step->count - from;
  int64_t count = left < step->options->micro_batch ? left : step->options->micro_batch;
  const int64_t *indices = step->indices + from;
  Random stream = {.state = step->seed + index};
  uint64_t seed = random_bits(&stream);
  micro_batch_augment(&own->batch, &step->options->augment, indices, count, step->indices, step->count, seed);
  TRY(compute(step, worker, indices, seed | 1, result, err));
  keep_statistics(step, own->tape, moved);
  return tape_backward(own->tape, err);
}

/* ---- ranks ---- */

/* What a rank says of a micro-batch; its gradients and statistics follow where it did not fail. */
typedef struct Part {
  StepResult result;
  Error failed; /* status OK: it did not */
} Part;

static void say(Step *step, const Part *part, const float *moved) {
  const Weights *weights = step->weights;
  ranks_send(part, sizeof *part);
  if (part->failed.status != OK) return;
  for (int i = 0; i < weights->count; i++)
    ranks_send(step->gradients[i], (size_t)weights->list[i].count * sizeof(float));
  ranks_send(moved, (size_t)statistic_elements(weights) * sizeof *moved);
}

static void hear(Step *step, int from) {
  const Weights *weights = step->weights;
  Part part;
  ranks_receive(from, &part, sizeof part);
  if (part.failed.status != OK) {
    if (step->failed.status == OK) step->failed = part.failed;
    return;
  }
  for (int i = 0; i < weights->count; i++) {
    ranks_receive(from, step->received, (size_t)weights->list[i].count * sizeof(float));
    add(step->gradients[i], step->received, weights->list[i].count);
  }
  ranks_receive(from, step->received, (size_t)statistic_elements(weights) * sizeof(float));
  add_movements(step, step->received, false);
  step->result.loss += part.result.loss;
  step->result.right += part.result.right;
}

/* Adds what other ranks have to say of the micro-batches before `index`. */
static void hear_until(Step *step, size_t index) {
  for (; step->heard < index; step->heard++) {
    int from = (int)(step->heard % (size_t)step->ranks);
    if (from != 0) hear(step, from);
  }
}

/* How many of so many micro-batches this rank does. */
static size_t own_share(const Step *step, size_t micro_batches) {
  size_t rank = (size_t)step->rank, ranks = (size_t)step->ranks;
  return micro_batches > rank ? (micro_batches - rank - 1) / ranks + 1 : 0;
}

/* After this rank's micro-batches: every rank gets the sums, or the error of one. */
static Status share_sums(Step *step, size_t micro_batches, Status status, Error *err) {
  const Weights *weights = step->weights;
  Part part = {.result = step->result};
  if (status != OK) part.failed = *err;
  for (; step->rank > 0 && step->turn < own_share(step, micro_batches); step->turn++) say(step, &part, NULL);
  if (step->rank == 0) {
    hear_until(step, micro_batches);
    part = (Part){.result = step->result, .failed = status != OK ? *err : step->failed};
  }
  ranks_broadcast(0, &part, sizeof part);
  if (part.failed.status != OK) *err = part.failed;
  TRY(part.failed.status);
  for (int i = 0; i < weights->count; i++)
    ranks_broadcast(0, step->gradients[i], (size_t)weights->list[i].count * sizeof(float));
  for (int i = 0; i < weights->statistic_count; i++)
    ranks_broadcast(0, step->movements[i], (size_t)weights->statistics[i].count * sizeof(double));
  step->result = part.result;
  return OK;
}

/* ---- micro-batches in their order ---- */

static void take_part(Step *step, size_t index, int worker, const StepResult *result, const float *moved) {
  bool is_own = step->rank > 0; /* its sums are of this one alone, and are sent */
  if (step->rank == 0) hear_until(step, index);
  add_gradients(step, &step->workers[worker], index == 0 || is_own);
  if (is_own) {
    say(step, &(Part){.result = *result}, moved);
    return;
  }
  add_movements(step, moved, index == 0);
  step->result.loss += result->loss;
  step->result.right += result->right;
  step->heard = index + 1;
}

static Status run_micro_batch(void *context, size_t turn, int worker, Error *err) {
  Step *step = context;
  StepResult result = {0};
  size_t index = turn * (size_t)step->ranks + (size_t)step->rank;
  float *moved = bytes_new((size_t)statistic_elements(step->weights) * sizeof *moved, err);
  Status status = moved == NULL ? err->status : go_through(step, index, worker, moved, &result, err);
  wait_for_turn(step, turn);
  if (status == OK)
    take_part(step, index, worker, &result, moved);
  else if (step->rank > 0)
    say(step, &(Part){.failed = *err}, NULL);
  pass_turn(step);
  bytes_free(moved);
  return status;
}

/* ---- the batch ---- */

static void move_statistics(Step *step, size_t micro_batches) {
  for (int i = 0; i < step->weights->statistic_count; i++) {
    const Statistic *statistic = &step->weights->statistics[i];
    float *now = statistic->tensor->data;
    for (int64_t j = 0; j < statistic->count; j++)
      now[j] = (float)((double)now[j] + step->movements[i][j] / (double)micro_batches);
  }
}

Status step_run(Step *step, const int64_t *indices, int64_t count, uint64_t seed, StepResult *result,
                Error *err) {
  size_t micro_batches = (size_t)((count + step->options->micro_batch - 1) / step->options->micro_batch);
  step->indices = indices;
  step->count = count;
  step->seed = seed;
  step->turn = 0;
  step->result = (StepResult){0};
  step->heard = 0;
  step->failed = (Error){0};
  Status status = pool_for(step->pool, own_share(step, micro_batches), run_micro_batch, step, err);
  TRY(step->ranks > 1 ? share_sums(step, micro_batches, status, err) : status);
  move_statistics(step, micro_batches);
  *result = step->result;
  return OK;
}

const float *step_gradient(const Step *step, int i) {
  return step->gradients[i];
}
