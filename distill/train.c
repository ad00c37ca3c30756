/* The loop: epochs of steps, the best weights kept. */
#include "distill/feature_report.h"
#include "distill/optimized_weights.h"
#include "distill/ranks.h"
#include "distill/training.h"
#include "distill/training_form.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

TrainOptions train_defaults(void) {
  return (TrainOptions){.epochs = 10,
                        .batch = 128,
                        .micro_batch = 32,
                        .keep_answers = true,
                        .loss = {.temperature = 4, .hard_weight = 0.1},
                        .optimizer = optimizer_defaults(),
                        .schedule = {.kind = SCHEDULE_COSINE, .rate = 0.001}};
}

/* ---- weights and their averages ---- */

/* The moving averages take the weights' places; take_own() undoes it. */
static void take_averages(Training *training) {
  if (training->own == NULL) return;
  weights_store(&training->weights, training->own);
  for (int i = 0; i < training->weights.count; i++) {
    const float *average = optimizer_average(training->optimizer, i);
    memcpy(training->weights.list[i].tensor->data, average, tensor_bytes(training->weights.list[i].tensor));
  }
}

static void take_own(Training *training) {
  if (training->own != NULL) weights_load(&training->weights, training->own);
}

/* ---- what is prepared ---- */

static Status new_optimizer(Training *training, Error *err) {
  const Weights *weights = &training->weights;
  OptimizedTensor *list =
      optimized_weights(weights, training->options, &training->models->student->arena, err);
  if (list == NULL) return err->status;
  return optimizer_new(&training->optimizer, &training->options->optimizer, list, weights->count, err);
}

static Status new_blocks(Training *training, Error *err) {
  size_t bytes = weights_bytes(&training->weights);
  training->order = calloc((size_t)training->set->count, sizeof *training->order);
  training->rows = calloc((size_t)training->options->epochs, sizeof *training->rows);
  if (training->order == NULL || training->rows == NULL) return fail_memory(err);
  if (training->held != NULL) {
    training->best = bytes_new(bytes, err);
    if (training->best == NULL) return err->status;
    memset(training->best, 0, bytes);
  }
  if (training->options->optimizer.ema <= 0) return OK;
  training->own = bytes_new(bytes, err);
  return training->own != NULL ? OK : err->status;
}

static Status new_teacher(Training *training, Error *err) {
  if (training->goal.teacher_count == 0) return OK;
  int workers = training->pool == NULL ? 1 : pool_workers(training->pool);
  return teacher_new(&training->teacher, training->models->teacher, &training->goal,
                     training->options->micro_batch, workers, err);
}

static Status prepare(Training *training, Error *err) {
  const TrainOptions *options = training->options;
  const TrainModels *models = training->models;
  const Goal *goal = &training->goal;
  TRY(goal_settle(&training->goal, models, training->set, &options->loss, options->seed, err));
  TRY(new_teacher(training, err));
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
  TRY(feature_report_begin(training->report, goal, training->evaluator, &models->student->arena, err));
  training->place.now.epoch = 1;
  training->last_kept = training_clock();
  return options->keeping.resume ? training_resume(training, err) : OK;
}

static void release(Training *training) {
  step_free(training->step);
  evaluator_free(training->evaluator);
  optimizer_free(training->optimizer);
  teacher_free(training->teacher);
  goal_free(&training->goal);
  free(training->order);
  free(training->rows);
  checkpoint_free(&training->good);
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

static Status one_step(Training *training, Error *err) {
  const TrainOptions *options = training->options;
  TrainPlace *place = &training->place;
  int64_t left = training->set->count - place->done, count = left < options->batch ? left : options->batch;
  StepResult result;
  TRY(step_run(training->step, training->order + place->done, count, seed_of(training, 2, place->steps),
               &result, err));
  for (int i = 0; i < training->weights.count; i++)
    optimizer_set_gradient(training->optimizer, i, step_gradient(training->step, i));
  place->now.rate = schedule_rate(&options->schedule, place->steps, training->steps_total);
  double norm = optimizer_step(training->optimizer, place->now.rate, training->pool);
  if (!isfinite(norm) || !isfinite(result.loss)) return training_diverged(training, err);
  place->steps++;
  place->done += count;
  place->now.loss += result.loss;
  place->now.right += (double)result.right;
  return OK;
}

/* The sums so far as means. */
static TrainEpoch epoch_means(const Training *training) {
  TrainEpoch epoch = training->place.now;
  double samples = (double)training->place.done;
  epoch.loss /= samples;
  epoch.right = training->goal.labelled ? 100 * epoch.right / samples : -1;
  return epoch;
}

static void tell(const Training *training) {
  if (training->watch->step == NULL) return;
  TrainEpoch means = epoch_means(training);
  int64_t samples = training->set->count, epochs = training->options->epochs;
  TrainProgress progress = {.epoch = means.epoch,
                            .epochs = epochs,
                            .done = (means.epoch - 1) * samples + training->place.done,
                            .total = epochs * samples,
                            .loss = means.loss,
                            .right = means.right};
  training->watch->step(training->watch->context, &progress);
}

static bool must_stop(const Training *training) {
  return ranks_any(training->watch->stop != NULL && training->watch->stop(training->watch->context));
}

/* From wherever in the epoch the training is to its end. */
static Status rest_of_epoch(Training *training, Error *err) {
  TrainEpoch *now = &training->place.now;
  double start = training_clock() - now->seconds;
  shuffle(training, now->epoch);
  if (must_stop(training))
    return ranks_agree(training_stop(training, err), err); /* asked while the last epoch was judged */
  while (training->place.done < training->set->count) {
    TRY(one_step(training, err));
    now->seconds = training_clock() - start;
    tell(training);
    if (must_stop(training)) return ranks_agree(training_stop(training, err), err);
    TRY(ranks_agree(training_keep_when_due(training, err), err));
  }
  return OK;
}

bool train_epoch_is_better(const TrainEpoch *epoch, const TrainEpoch *best) {
  if (best->epoch == 0 || epoch->held_right > best->held_right) return true;
  return epoch->held_right == best->held_right && epoch->held_loss < best->held_loss;
}

/* Looks at what is held out; the best weights so far are kept. */
static Status judge(Training *training, TrainEpoch *epoch, Error *err) {
  epoch->held_loss = NAN;
  epoch->held_right = -1;
  if (training->held == NULL) {
    training->place.best = *epoch;
    return OK;
  }
  Evaluation evaluation;
  take_averages(training);
  TRY(evaluator_run(training->evaluator, &evaluation, err));
  epoch->held_loss = evaluation.loss;
  epoch->held_right = evaluation.right;
  if (train_epoch_is_better(epoch, &training->place.best)) {
    training->place.best = *epoch;
    weights_store(&training->weights, training->best);
  }
  take_own(training);
  return OK;
}

static Status one_epoch(Training *training, Error *err) {
  TRY(rest_of_epoch(training, err));
  TrainEpoch epoch = epoch_means(training);
  TRY(ranks_agree(judge(training, &epoch, err), err));
  training->rows[epoch.epoch - 1] = epoch;
  training->place.now = (TrainEpoch){.epoch = epoch.epoch + 1};
  training->place.done = 0;
  if (training->watch->epoch != NULL) training->watch->epoch(training->watch->context, &epoch);
  if (epoch.epoch == training->options->epochs) return OK;
  return ranks_agree(training_remember(training, err), err);
}

static Status run(Training *training, Error *err) {
  TRY(ranks_agree(prepare(training, err), err));
  while (training->place.now.epoch <= training->options->epochs) TRY(one_epoch(training, err));
  training->report->best = training->place.best;
  if (training->best != NULL)
    weights_load(&training->weights, training->best);
  else
    take_averages(training);
  return feature_report_end(training->report, &training->goal, training->evaluator, err);
}

Status train_graph(TrainModels *models, const TrainSet *set, const TrainSet *held,
                   const TrainOptions *options, Pool *pool, const TrainWatch *watch, TrainReport *report,
                   Error *err) {
  static const TrainWatch nobody = {0};
  Training training = {.options = options,
                       .models = models,
                       .set = set,
                       .held = held != NULL && held->count > 0 ? held : NULL,
                       .watch = watch != NULL ? watch : &nobody,
                       .report = report,
                       .pool = pool};
  Status status = run(&training, err);
  release(&training);
  return status;
}
