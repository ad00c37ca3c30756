/* Recovery: methods in their order, each tried, measured, and kept or taken back. */
#include "quantize/held_out.h"
#include "quantize/recovery.h"

#include <stdlib.h>

#define NORMAL_FIT 32 /* samples to fit to */
#define HIGH_FIT 128
#define NORMAL_HELD 32 /* samples to judge on */
#define HIGH_HELD 64
#define LEAST_SAMPLES 8 /* with fewer nothing is tried */
#define RANGE_METHOD_MARGIN 0.5
#define PARTS 100 /* of progress that a pass has */

typedef struct Method {
  RecoveryMethod apply;
  int variants;     /* that are tried, of which the best is kept */
  int work;         /* how long a variant takes, roughly, in passes over the samples */
  bool is_new_base; /* it changes what the real graph computes between its layers, and thus ranges */
  double margin;    /* dB that it must gain: the best of several variants looks better than it is */
} Method;

static const Method methods[] = {
    [RECOVERY_EQUALIZATION] = {equalize_layers, EQUALIZATION_VARIANTS, 4, true, 0},
    [RECOVERY_MIGRATION] = {migrate_scales, MIGRATION_VARIANTS, 4, true, 0},
    [RECOVERY_RANGE_METHOD] = {choose_ranges, RECOVERY_RANGE_CANDIDATES, 1, false, RANGE_METHOD_MARGIN},
    [RECOVERY_LAYER_SCALES] = {share_layer_scales, 1, 1, false, 0},
    [RECOVERY_WEIGHT_SCALES] = {search_weight_scales, 1, 2, false, 0},
    [RECOVERY_GPTQ] = {round_in_sequence, 1, 10, false, 0},
    [RECOVERY_ADAROUND] = {round_adaptively, 1, 60, false, 0},
    [RECOVERY_RANGES] = {reestimate_ranges, 4, 4, false, 0},
    [RECOVERY_FINE_TUNING] = {fine_tune, 1, 200, false, 0},
    [RECOVERY_BIAS_CORRECTION] = {correct_biases, 1, 3, false, 0},
};

typedef struct MethodName {
  const char *name;
  Effort effort; /* from which on it is tried */
} MethodName;

static const MethodName names[] = {
#define X(id, option, name, effort, help) {name, EFFORT_##effort},
    RECOVERY_METHODS(X)
#undef X
};

/* ---- going back ---- */

/* What methods may change of a value. */
typedef struct Saved {
  const Tensor *constant;
  const QuantSpec *spec;
} Saved;

static void save(const Graph *graph, Saved *saved) {
  for (int v = 0; v < graph->value_count; v++)
    saved[v] = (Saved){graph->values[v]->constant, graph->values[v]->spec};
}

static void restore(Graph *graph, const Saved *saved) {
  for (int v = 0; v < graph->value_count; v++) {
    graph->values[v]->constant = saved[v].constant;
    graph->values[v]->spec = saved[v].spec;
  }
}

/* ---- the methods ---- */

/* What methods are tried with and judged by. */
typedef struct Trial {
  Recovery recovery;
  Calibration **calibration; /* the caller's */
  HeldOut held;
  Saved *before, *best; /* the graph before a method, and with its best variant */
  Calibration *renewed; /* by the best variant */
  double sqnr;          /* of the graph as it is */
  RecoveryReport *report;
} Trial;

static void tell(const Recovery *recovery, int64_t done) {
  const RecoveryOptions *options = recovery->options;
  if (options->progress != NULL) options->progress(options->progress_context, done, recovery->work);
}

void recovery_tell(const Recovery *recovery, double share) {
  tell(recovery, recovery->done + (int64_t)(share * (double)recovery->own_work));
}

/* A variant that is better than all before it is remembered; *has_any: there is one. */
static Status try_variant(Trial *trial, const Method *method, RecoveryStep *step, bool *has_any, Error *err) {
  Recovery *recovery = &trial->recovery;
  bool is_changed;
  double sqnr = 0;
  recovery->own_work = method->work * PARTS;
  TRY(method->apply(recovery, &is_changed, err));
  recovery->done += recovery->own_work;
  recovery_tell(recovery, 0);
  if (is_changed) TRY(held_out_measure(&trial->held, recovery->simulator, &sqnr, err));
  if (is_changed && (!*has_any || sqnr > step->after)) {
    *has_any = true;
    step->after = sqnr;
    save(recovery->graph, trial->best);
    calibration_free(trial->renewed);
    trial->renewed = recovery->renewed;
  } else {
    calibration_free(recovery->renewed);
  }
  recovery->renewed = NULL;
  return OK;
}

/* Of two calibrations the one that fits the graph stays. */
static void settle_calibration(Trial *trial, bool is_kept) {
  Calibration *other = trial->renewed;
  if (is_kept && other != NULL) {
    other = *trial->calibration;
    *trial->calibration = trial->renewed;
  }
  calibration_free(other);
  trial->renewed = NULL;
}

static Status try_method(Trial *trial, int m, Error *err) {
  const Method *method = &methods[m];
  Recovery *recovery = &trial->recovery;
  RecoveryStep step = {.method = names[m].name, .before = trial->sqnr};
  bool has_any = false;
  save(recovery->graph, trial->before);
  for (int v = 0; v < method->variants; v++) {
    recovery->variant = v;
    TRY(try_variant(trial, method, &step, &has_any, err));
    restore(recovery->graph, trial->before);
  }
  if (!has_any) return OK;
  step.is_kept = step.after > step.before + method->margin;
  restore(recovery->graph, step.is_kept ? trial->best : trial->before);
  if (step.is_kept) trial->sqnr = step.after;
  settle_calibration(trial, step.is_kept);
  if (method->is_new_base) simulator_rebase(recovery->simulator);
  trial->report->steps[trial->report->step_count++] = step;
  return OK;
}

static bool is_wanted(int m, const RecoveryOptions *options) {
  if (m == RECOVERY_FINE_TUNING && options->trainer.run == NULL) return false;
  bool is_early = m == RECOVERY_GPTQ && options->gptq_from_normal;
  bool is_allowed = !options->keep_ranges ||
                    (!methods[m].is_new_base && m != RECOVERY_RANGES && m != RECOVERY_RANGE_METHOD);
  return options->effort >= (is_early ? EFFORT_NORMAL : names[m].effort) && !options->without[m] &&
         is_allowed;
}

static Status try_methods(Trial *trial, Error *err) {
  Recovery *recovery = &trial->recovery;
  const RecoveryOptions *options = recovery->options;
  size_t values = (size_t)recovery->graph->value_count + 1;
  trial->before = calloc(values, sizeof *trial->before);
  trial->best = calloc(values, sizeof *trial->best);
  Status status = trial->before == NULL || trial->best == NULL ? fail_memory(err) : OK;
  for (int m = 0; m < RECOVERY_METHOD_COUNT; m++)
    if (is_wanted(m, options)) recovery->work += (int64_t)methods[m].variants * methods[m].work * PARTS;
  if (status == OK) status = held_out_measure(&trial->held, recovery->simulator, &trial->sqnr, err);
  for (int m = 0; m < RECOVERY_METHOD_COUNT && status == OK; m++)
    if (is_wanted(m, options)) status = try_method(trial, m, err);
  free(trial->before);
  free(trial->best);
  calibration_free(trial->renewed);
  calibration_free(recovery->renewed);
  return status;
}

/* The first samples are fitted to, the last ones judge. */
static void split(const RecoveryOptions *options, int64_t count, RecoveryReport *report) {
  bool is_high = options->effort >= EFFORT_HIGH;
  int64_t held = is_high ? HIGH_HELD : NORMAL_HELD, fit = is_high ? HIGH_FIT : NORMAL_FIT;
  report->held_samples = held < count / 3 ? held : count / 3;
  count -= report->held_samples;
  report->fit_samples = fit < count ? fit : count;
}

static Status recover_with(Trial *trial, Error *err) {
  Recovery *recovery = &trial->recovery;
  RecoveryReport *report = trial->report;
  split(recovery->options, recovery->all, report);
  recovery->count = report->fit_samples;
  recovery->seen = recovery->all - report->held_samples;
  TRY(held_out_begin(&trial->held, recovery->simulator, recovery->from + recovery->all - report->held_samples,
                     report->held_samples, err));
  report->held_samples = trial->held.count;
  Status status = OK;
  if (trial->held.width > 0)
    status = try_methods(trial, err);
  else
    report->skipped = "the size of the outputs is not known";
  held_out_end(&trial->held);
  return status;
}

Status quantize_recover(Graph *graph, Calibration **calibration, const SampleReader *reader, int64_t from,
                        int64_t count, const QuantizeOptions *settings, const RecoveryOptions *options,
                        Pool *pool, RecoveryReport *report, Error *err) {
  Layers layers;
  Trial trial = {.calibration = calibration, .report = report};
  *report = (RecoveryReport){0};
  if (options->effort == EFFORT_NONE) return OK;
  if (count < LEAST_SAMPLES) {
    report->skipped = "too few samples to fit to and to judge by";
    return OK;
  }
  Recovery *recovery = &trial.recovery;
  *recovery = (Recovery){.graph = graph,
                         .layers = &layers,
                         .reader = reader,
                         .from = from,
                         .all = count,
                         .calibration = calibration,
                         .settings = settings,
                         .options = options};
  Status status = layers_find(&layers, graph, err);
  if (status == OK && layers.count > 0) {
    status = simulator_new(&recovery->simulator, graph, &layers, reader, pool, err);
    if (status == OK) status = recover_with(&trial, err);
    simulator_free(recovery->simulator);
  }
  layers_free(&layers);
  return status;
}
