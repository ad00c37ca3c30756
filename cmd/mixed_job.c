#include "cmd/mixed_job.h"

#include "cmd/mixed_rows.h"
#include "cmd/progress.h"
#include "cmd/summary_line.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CHANGED_FOR_LOST 4 /* of so many answers that change, one more becomes wrong than right, about */
#define TRIES_MOST 5       /* files that are made until the goal is kept */
#define STEP_UP 0.03       /* of the 8-bit weights: the next larger plan */
#define WORK_MOST 4e11     /* multiply-accumulates of all runs, about */
#define SAMPLES_LEAST 32
#define SAMPLES_MOST 128
#define RUNS_BESIDE 30     /* the layers' own */
#define RECOVERY_SHARE 0.3 /* of the time limit, at most */
#define ROOM_FACTOR 1.05   /* a file that is too large by 100 bytes gets 105 less */

/* ---- what is wanted ---- */

static void take_size(MixedJob *job, int64_t in8) {
  double share = options_share(job->options, "max-size");
  if (share > 0)
    job->goal.most_weight_bytes = (int64_t)floor(share / 100 * (double)in8 + 1e-6);
  else
    job->goal.most_file_bytes = options_int(job->options, "max-size");
}

/* The drop on the few samples of the search says little, so the share of changed answers stands for it. The
   real file decides. */
static void take_quality(MixedJob *job) {
  const Options *options = job->options;
  MixedGoal *goal = &job->goal;
  goal->has_quality = true;
  goal->least_sqnr = -INFINITY;
  if (options_was_given(options, "min-sqnr")) goal->least_sqnr = options_double(options, "min-sqnr");
  if (options_was_given(options, "min-agreement"))
    goal->least_agreement = options_double(options, "min-agreement");
  if (!options_was_given(options, "max-drop")) return;
  double agreement = 100 - CHANGED_FOR_LOST * fmax(options_double(options, "max-drop"), 0);
  goal->is_estimate = agreement >= goal->least_agreement;
  goal->least_agreement = fmax(goal->least_agreement, agreement);
}

/* Bytes of the weights as all layers have them in an INT8 file. */
static int64_t weights_in8(const Mixed *mixed) {
  int64_t bytes = 0;
  for (int l = 0; l < mixed->table.layers; l++) bytes += mixed->layers[l].weights;
  return bytes;
}

static void take_goal(MixedJob *job) {
  if (options_was_given(job->options, "max-size"))
    take_size(job, weights_in8(job->mixed));
  else
    take_quality(job);
}

/* ---- the search ---- */

static bool is_over(void *context) {
  const MixedJob *job = context;
  return job->deadline > 0 && progress_clock() >= job->deadline;
}

static Status measure_file(void *context, const Graph *graph, int64_t *bytes, Error *err) {
  const MixedJob *job = context;
  EdgeProgram program = {0};
  Arena arena = {0};
  void *file;
  size_t size = 0;
  Status status = lower_graph(graph, &program, err);
  arena.spill_from = program.arena.spill_from;
  if (status == OK) status = edge_file_build(&program, job->metadata, job->form, &arena, &file, &size, err);
  *bytes = (int64_t)size;
  arena_free(&arena);
  edge_program_free(&program);
  return status;
}

static void print_plan(const MixedJob *job) {
  char seconds[TEXT_NUMBER_ROOM], run[TEXT_NUMBER_ROOM], memory[TEXT_NUMBER_ROOM];
  const Mixed *mixed = job->mixed;
  int64_t recovery = mixed_recovery_runs(mixed), copies = mixed->candidate_count + 1; /* one for a run */
  if (options_flag(job->options, "quiet")) return;
  fprintf(stderr,
          "edgec: mixed: at most %lld runs of %lld samples: %d layers as %d candidates, %d round%s of %d "
          "corrections, "
          "%d points of the front\n",
          (long long)job->planned_runs, (long long)mixed->measured_samples, mixed->table.layers,
          mixed->candidate_count, mixed->corrections, mixed->corrections == 1 ? "" : "s", mixed->flips,
          MIXED_MAX_POINTS);
  if (recovery > 0)
    fprintf(stderr,
            "edgec: mixed: before that the candidates' weights are recovered, about as long as %lld runs\n",
            (long long)recovery);
  fprintf(stderr, "edgec: mixed: %s a run, so about %s in all, and %s of weights in memory%s\n",
          text_seconds(run, job->run_seconds),
          text_seconds(seconds, job->run_seconds * (double)(job->planned_runs + recovery)),
          text_bytes(memory, (double)(weights_in8(mixed) * (int64_t)sizeof(float) * copies)),
          job->deadline > 0 ? "; --time-limit may end it before" : "");
}

/* So many that they are worth about WORK_MOST; the same on every machine. */
static int64_t samples_for_model(const MixedJob *job) {
  int layers = 0;
  const Graph *graph = job->model.graph;
  for (int n = 0; n < graph->node_count; n++) layers += op_role(graph->nodes[n], NULL) == ROLE_LINEAR;
  double run = (double)job->model.macs * (double)(2 * layers + RUNS_BESIDE);
  double count = run > 0 ? WORK_MOST / run : SAMPLES_MOST;
  return (int64_t)fmin(fmax(count, SAMPLES_LEAST), SAMPLES_MOST);
}

/* Weights are recovered for the candidates only where that leaves time to measure them. */
static void fit_into_time(MixedJob *job) {
  double recovery = job->run_seconds * (double)mixed_recovery_runs(job->mixed);
  double left = job->deadline - progress_clock();
  if (job->deadline > 0 && recovery > left * RECOVERY_SHARE) job->mixed->is_fitted = false;
}

static Status begin(MixedJob *job, const MixedSettings *settings, const Calibration *calibration,
                    const Inputs *inputs, Pool *pool, Error *err) {
  TRY(mixed_new(&job->mixed, job->model.graph, calibration, settings, &inputs->reader, pool, err));
  double start = progress_clock();
  TRY(mixed_measure_home(job->mixed, err));
  job->run_seconds = progress_clock() - start;
  job->planned_runs = mixed_runs(job->mixed);
  fit_into_time(job);
  take_goal(job);
  print_plan(job);
  return OK;
}

static MixedHooks hooks_of(MixedJob *job, Progress *progress) {
  progress_begin(progress, "mixed", options_flag(job->options, "quiet"));
  return (MixedHooks){.context = job,
                      .is_over = is_over,
                      .file_bytes = measure_file,
                      .progress = progress_update,
                      .progress_context = progress};
}

static Status search(MixedJob *job, Error *err) {
  Progress progress;
  MixedHooks hooks = hooks_of(job, &progress);
  Status status = mixed_search(job->mixed, &job->goal, &hooks, err);
  progress_end(&progress);
  return status;
}

Status mixed_job_search(MixedJob *job, const Options *options, const QuantizeOptions *settings,
                        const Calibration *calibration, const Inputs *inputs, int64_t samples, Pool *pool,
                        Error *err) {
  MixedSettings mixed = mixed_take(options, settings);
  double start = progress_clock();
  job->options = options;
  job->form = options_flag(options, "uncompressed") ? EDGE_FILE_RAW : EDGE_FILE_COMPACT;
  if (options_was_given(options, "time-limit")) job->deadline = start + options_double(options, "time-limit");
  mixed.samples = samples;
  if (mixed.measured == 0) mixed.measured = samples_for_model(job);
  mixed.is_fitted = !inputs->is_synthetic;
  TRY(begin(job, &mixed, calibration, inputs, pool, err));
  TRY(search(job, err));
  job->seconds = progress_clock() - start;
  return OK;
}

/* ---- again ---- */

static bool has_missed_quality(GateResults *gates) {
  return gates_missed(gates, "max-drop") != NULL || gates_missed(gates, "min-agreement") != NULL ||
         gates_missed(gates, "min-sqnr") != NULL;
}

/* The gate tells what was tried. */
static void explain(GateResult *gate, const char *what) {
  size_t length = gate == NULL ? 0 : strlen(gate->text);
  if (gate != NULL) snprintf(gate->text + length, sizeof gate->text - length, "; %s", what);
}

static void explain_quality(GateResults *gates, const char *what) {
  explain(gates_missed(gates, "max-drop"), what);
  explain(gates_missed(gates, "min-agreement"), what);
  explain(gates_missed(gates, "min-sqnr"), what);
}

static bool try_smaller(MixedJob *job, int64_t bytes, GateResults *gates) {
  int64_t excess = bytes - job->goal.most_file_bytes, before = job->mixed->chosen.plan.bytes;
  bool can_be = job->goal.most_file_bytes > 0 && job->tries < TRIES_MOST &&
                before > job->mixed->front.plans[job->mixed->front.count - 1].bytes;
  if (can_be) {
    mixed_choose_within(job->mixed, before - (int64_t)((double)excess * ROOM_FACTOR) - 1);
    if (job->mixed->chosen.plan.bytes < before) return true;
  }
  explain(gates_missed(gates, "max-size"), "this is the smallest that --bits mixed reaches");
  return false;
}

/* Where no plan is larger, finer forms of layers are tried. */
static Status try_better(MixedJob *job, GateResults *gates, bool *again, Error *err) {
  Progress progress;
  int64_t step = (int64_t)(STEP_UP * (double)weights_in8(job->mixed));
  bool may_go_on = job->tries < TRIES_MOST && !is_over(job);
  *again = may_go_on && mixed_choose_larger(job->mixed, step);
  if (*again) return OK;
  if (may_go_on) {
    MixedHooks hooks = hooks_of(job, &progress);
    Status status = mixed_choose_finer(job->mixed, &hooks, again, err);
    progress_end(&progress);
    if (status != OK || *again) return status;
  }
  explain_quality(gates, may_go_on ? "this is the best that --bits mixed reaches"
                                   : "larger plans might keep it: give more time, or --max-size");
  return OK;
}

Status mixed_job_again(MixedJob *job, int64_t bytes, GateResults *gates, bool *again, Error *err) {
  job->tries++;
  *again = false;
  if (job->goal.has_quality) return has_missed_quality(gates) ? try_better(job, gates, again, err) : OK;
  *again = gates_missed(gates, "max-size") != NULL && try_smaller(job, bytes, gates);
  return OK;
}

void mixed_job_free(MixedJob *job) {
  mixed_free(job->mixed);
  model_close(&job->model);
  model_close(&job->first);
}
