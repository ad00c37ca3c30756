#include "distill/goal_run.h"

/* Doubles that the term's function works in. */
static int64_t scratch_of(const Term *term) {
  return 2 * term->compared;
}

Status goal_run_new(GoalRun *run, const Goal *goal, Error *err) {
  size_t count = (size_t)goal->term_count;
  int64_t most = 0;
  *run = (GoalRun){.goal = goal};
  for (int t = 0; t < goal->term_count; t++)
    if (scratch_of(&goal->terms[t]) > most) most = scratch_of(&goal->terms[t]);
  run->values = arena_new(&run->arena, count, sizeof *run->values, err);
  run->losses = arena_new(&run->arena, count, sizeof *run->losses, err);
  run->tapes = arena_new(&run->arena, count, sizeof *run->tapes, err);
  run->scratch = arena_new(&run->arena, (size_t)most, sizeof *run->scratch, err);
  if (run->values == NULL || run->losses == NULL || run->tapes == NULL || run->scratch == NULL)
    return err->status;
  for (int t = 0; t < goal->term_count; t++)
    if (goal->terms[t].projection != NULL)
      TRY(tape_new(&run->tapes[t], goal->terms[t].projection->backward, err));
  return OK;
}

void goal_run_free(GoalRun *run) {
  for (int t = 0; run->tapes != NULL && t < run->goal->term_count; t++) tape_free(run->tapes[t]);
  arena_free(&run->arena);
  *run = (GoalRun){0};
}

static Status check_value(const Term *term, const MicroBatch *batch, const Tensor *value, Error *err) {
  if (tensor_elements(value) == batch->count * term->count) return OK;
  return fail(err, BAD_INPUT, "'%s' does not grow with the batch: is a Reshape to a fixed batch inside?",
              term->student->name);
}

static void add(float *restrict to, const float *restrict from, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i] += from[i];
}

/* The loss of what the projection makes of `value`; its gradient goes back through the projection. */
static Status run_projected(const Term *term, Tape *tape, const Tensor *value, LossRows *rows, double *loss,
                            Error *err) {
  float *gradient = rows->gradient;
  TRY(tape_forward(tape, &value, 0, err));
  rows->output = tape_value(tape, term->projection->output)->data;
  if (gradient != NULL) {
    Tensor *root = tape_begin(tape, term->projection->output, err);
    if (root == NULL) return err->status;
    rows->gradient = root->data;
  }
  *loss = term->function(rows);
  if (gradient == NULL) return OK;
  TRY(tape_backward(tape, err));
  const Tensor *back = tape_gradient(tape, term->projection->input);
  if (back != NULL) add(gradient, back->data, tensor_elements(back));
  return OK;
}

static Status run_term(GoalRun *run, int t, const MicroBatch *batch, const Tensor *const *answers, Tape *tape,
                       double scale, Error *err) {
  const Term *term = &run->goal->terms[t];
  const Tensor *value = run->values[t];
  TRY(check_value(term, batch, value, err));
  LossRows rows = {.rows = batch->count,
                   .count = term->attention != NULL ? term->count : term->compared,
                   .output = value->data,
                   .target = micro_batch_target(batch, term, answers),
                   .weight = term->weight,
                   .scale = scale,
                   .temperature = run->goal->loss.temperature,
                   .attention = term->attention,
                   .scratch = run->scratch};
  if (tape != NULL) {
    Tensor *root = tape_begin(tape, term->value, err);
    if (root == NULL) return err->status;
    rows.gradient = root->data;
  }
  if (term->projection != NULL) return run_projected(term, run->tapes[t], value, &rows, &run->losses[t], err);
  run->losses[t] = term->function(&rows);
  return OK;
}

Status goal_run_losses(GoalRun *run, const MicroBatch *batch, const Tensor *const *answers, Tape *tape,
                       double scale, Error *err) {
  for (int t = 0; t < run->goal->term_count; t++) TRY(run_term(run, t, batch, answers, tape, scale, err));
  return OK;
}

const Tensor *goal_run_gradient(const GoalRun *run, const Weight *weight) {
  for (int t = 0; t < run->goal->term_count; t++)
    if (run->goal->terms[t].projection == weight->projection)
      return tape_gradient(run->tapes[t], weight->value);
  return NULL;
}
