/* The loop: epochs of steps, the best weights kept. */
#include "distill/distill.h"

#include "distill/evaluate.h"
#include "distill/feature_report.h"
#include "distill/step.h"
#include "distill/training_form.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct Training {
  const TrainOptions *options;
  const TrainSet *set, *held; /* held: NULL where there is none */
  const TrainWatch *watch;
  TrainReport *report;
  Weights weights;
  Goal goal;
  Teacher *teacher; /* NULL: nothing is compared with one */
  Step *step;
  Evaluator *evaluator;
  Optimizer *optimizer;
  Pool *pool;
  int64_t *order; /* of the samples in this epoch */
  float *best; /* weights and statistics of the best epoch, behind one another; NULL: nothing is held out */
  float *own;  /* weights while their averages are looked at; NULL: no averages are kept */
  int64_t steps, steps_total;
} Training;

TrainOptions train_defaults(void) {
  return (TrainOptions){.epochs = 10,
                        .batch = 128,
                        .micro_batch = 32,
                        .keep_answers = true,
                        .loss = {.temperature = 4, .hard_weight = 0.1},
                        .optimizer = optimizer_defaults(),
                        .schedule = {.kind = SCHEDULE_COSINE, .rate = 0.001}};
}

/* ---- weights, kept and put back ---- */

static int64_t all_elements(const Weights *weights) {
  int64_t count = weights->elements + weights->helpers;
  for (int i = 0; i < weights->statistic_count; i++) count += weights->statistics[i].count;
  return count;
}

/* Copies between the tensors and one block; `into` is the direction. */
static void copy_weights(const Weights *weights, float *block, bool into) {
  for (int i = 0; i < weights->count + weights->statistic_count; i++) {
    bool is_weight = i < weights->count;
    const Statistic *statistic = is_weight ? NULL : &weights->statistics[i - weights->count];
    Tensor *tensor = is_weight ? weights->list[i].tensor : statistic->tensor;
    size_t bytes = tensor_bytes(tensor);
    memcpy(into ? (void *)block : tensor->data, into ? tensor->data : (const void *)block, bytes);
    block += bytes / sizeof(float);
  }
}

/* The moving averages take the weights' places; training_own() undoes it. */
static void take_averages(Training *training) {
  if (training->own == NULL) return;
  copy_weights(&training->weights, training->own, true);
  for (int i = 0; i < training->weights.count; i++) {
    const float *average = optimizer_average(training->optimizer, i);
    memcpy(training->weights.list[i].tensor->data, average, tensor_bytes(training->weights.list[i].tensor));
  }
}

static void take_own(Training *training) {
  if (training->own != NULL) copy_weights(&training->weights, training->own, false);
}

/* ---- what is prepared ---- */

static Status new_optimizer(Training *training, Error *err) {
  const Weights *weights = &training->weights;
  OptimizedTensor *parameters = calloc((size_t)weights->count, sizeof *parameters);
  if (parameters == NULL) return fail_memory(err);
  for (int i = 0; i < weights->count; i++)
    parameters[i] = (OptimizedTensor){.value = weights->list[i].tensor->data,
                                      .count = weights->list[i].count,
                                      .decays = weights->list[i].decays,
                                      .rate_factor = 1};
  Status status =
      optimizer_new(&training->optimizer, &training->options->optimizer, parameters, weights->count, err);
  free(parameters);
  return status;
}

static Status new_blocks(Training *training, Error *err) {
  size_t bytes = (size_t)all_elements(&training->weights) * sizeof(float);
  training->order = calloc((size_t)training->set->count, sizeof *training->order);
  if (training->order == NULL) return fail_memory(err);
  if (training->held != NULL) {
    training->best = bytes_new(bytes, err);
    if (training->best == NULL) return err->status;
  }
  if (training->options->optimizer.ema <= 0) return OK;
  training->own = bytes_new(bytes, err);
  return training->own != NULL ? OK : err->status;
}

static Status new_teacher(Training *training, Graph *graph, Error *err) {
  if (training->goal.teacher_count == 0) return OK;
  int workers = training->pool == NULL ? 1 : pool_workers(training->pool);
  return teacher_new(&training->teacher, graph, &training->goal, training->options->micro_batch, workers,
                     err);
}

static Status prepare(Training *training, const TrainModels *models, Error *err) {
  const TrainOptions *options = training->options;
  const Goal *goal = &training->goal;
  TRY(goal_settle(&training->goal, models, training->set, &options->loss, options->seed, err));
  TRY(new_teacher(training, models->teacher, err));
  DropoutRatios ratios = {.hidden = options->dropout, .input = options->input_dropout};
  TRY(training_form(models->twin, &ratios, err));
  TRY(weights_share(&training->weights, models->student, models->twin, err));
  TRY(goal_add_weights(goal, &training->weights, &models->student->arena, err));
  TRY(step_new(&training->step, models, &training->weights, goal, training->teacher, training->set, options,
               training->pool, err));
  if (training->held != NULL)
    TRY(evaluator_new(&training->evaluator, models, goal, training->teacher, training->held, options,
                      training->pool, err));
  TRY(new_optimizer(training, err));
  TRY(new_blocks(training, err));
  int64_t steps = (training->set->count + options->batch - 1) / options->batch;
  training->steps_total = steps * options->epochs;
  *training->report = (TrainReport){.parameters = training->weights.elements,
                                    .frozen = training->weights.frozen,
                                    .outputs = goal->outputs,
                                    .loss = goal->loss.kind};
  return feature_report_begin(training->report, goal, training->evaluator, &models->student->arena, err);
}

static void release(Training *training) {
  step_free(training->step);
  evaluator_free(training->evaluator);
  optimizer_free(training->optimizer);
  teacher_free(training->teacher);
  goal_free(&training->goal);
  free(training->order);
  bytes_free(training->best);
  bytes_free(training->own);
}

/* ---- epochs ---- */

static uint64_t seed_of(const Training *training, uint64_t purpose, int64_t index) {
  Random random = {.state = training->options->seed * 3 + purpose};
  random.state = random_bits(&random) + (uint64_t)index;
  return random_bits(&random);
}

/* Fisher and Yates. */
static void shuffle(Training *training, int64_t epoch) {
  Random random = {.state = seed_of(training, 1, epoch)};
  for (int64_t i = 0; i < training->set->count; i++) {
    int64_t other = (int64_t)random_below(&random, (uint64_t)i + 1);
    training->order[i] = training->order[other];
    training->order[other] = i;
  }
}

static Status diverged(const Training *training, Error *err) {
  return fail(
      err, BAD_INPUT,
      "the training diverges in step %lld of %lld: loss or gradient is not finite; a smaller --rate or "
      "--clip-norm 1 helps",
      (long long)training->steps + 1, (long long)training->steps_total);
}

static Status one_step(Training *training, int64_t from, TrainEpoch *epoch, Error *err) {
  const TrainOptions *options = training->options;
  int64_t left = training->set->count - from, count = left < options->batch ? left : options->batch;
  StepResult result;
  TRY(step_run(training->step, training->order + from, count, seed_of(training, 2, training->steps), &result,
               err));
  for (int i = 0; i < training->weights.count; i++)
    optimizer_set_gradient(training->optimizer, i, step_gradient(training->step, i));
  epoch->rate = schedule_rate(&options->schedule, training->steps, training->steps_total);
  double norm = optimizer_step(training->optimizer, epoch->rate, training->pool);
  if (!isfinite(norm) || !isfinite(result.loss)) return diverged(training, err);
  training->steps++;
  epoch->loss += result.loss;
  epoch->right += (double)result.right;
  return OK;
}

static bool is_better(const TrainEpoch *epoch, const TrainEpoch *best) {
  if (best->epoch == 0 || epoch->held_right > best->held_right) return true;
  return epoch->held_right == best->held_right && epoch->held_loss < best->held_loss;
}

/* Looks at what is held out; the best weights so far are kept. */
static Status judge(Training *training, TrainEpoch *epoch, Error *err) {
  epoch->held_loss = NAN;
  epoch->held_right = -1;
  if (training->held == NULL) {
    training->report->best = *epoch;
    return OK;
  }
  Evaluation evaluation;
  take_averages(training);
  TRY(evaluator_run(training->evaluator, &evaluation, err));
  epoch->held_loss = evaluation.loss;
  epoch->held_right = evaluation.right;
  if (is_better(epoch, &training->report->best)) {
    training->report->best = *epoch;
    copy_weights(&training->weights, training->best, true);
  }
  take_own(training);
  return OK;
}

static double clock_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static Status one_epoch(Training *training, int64_t number, Error *err) {
  const TrainOptions *options = training->options;
  int64_t samples = training->set->count;
  double start = clock_seconds();
  TrainEpoch epoch = {.epoch = number};
  shuffle(training, number);
  for (int64_t from = 0; from < samples; from += options->batch) {
    TRY(one_step(training, from, &epoch, err));
    int64_t done = from + options->batch < samples ? from + options->batch : samples;
    if (training->watch->sample != NULL)
      training->watch->sample(training->watch->context, (number - 1) * samples + done,
                              options->epochs * samples);
  }
  epoch.loss /= (double)samples;
  epoch.right = training->goal.labelled ? 100 * epoch.right / (double)samples : -1;
  epoch.seconds = clock_seconds() - start;
  TRY(judge(training, &epoch, err));
  if (training->watch->epoch != NULL) training->watch->epoch(training->watch->context, &epoch);
  return OK;
}

static Status run(Training *training, const TrainModels *models, Error *err) {
  TRY(prepare(training, models, err));
  for (int64_t e = 1; e <= training->options->epochs; e++) TRY(one_epoch(training, e, err));
  if (training->best != NULL)
    copy_weights(&training->weights, training->best, false);
  else
    take_averages(training);
  return feature_report_end(training->report, &training->goal, training->evaluator, err);
}

Status train_graph(TrainModels *models, const TrainSet *set, const TrainSet *held,
                   const TrainOptions *options, Pool *pool, const TrainWatch *watch, TrainReport *report,
                   Error *err) {
  static const TrainWatch nobody = {0};
  Training training = {.options = options,
                       .set = set,
                       .held = held != NULL && held->count > 0 ? held : NULL,
                       .watch = watch != NULL ? watch : &nobody,
                       .report = report,
                       .pool = pool};
  Status status = run(&training, models, err);
  release(&training);
  return status;
}
