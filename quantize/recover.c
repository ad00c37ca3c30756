/* Recovery: methods in their order, each tried, measured, and kept or taken back. */
#include "quantize/held_out.h"
#include "quantize/recovery.h"

#include <stddef.h>
#include <stdlib.h>

#define NORMAL_FIT 32 /* samples to fit to */
#define HIGH_FIT 128
#define NORMAL_HELD 32 /* samples to judge on */
#define HIGH_HELD 64
#define LEAST_SAMPLES 8 /* with fewer nothing is tried */

typedef struct Method {
  const char *name;
  Effort effort;       /* from which on it is tried */
  size_t switched_off; /* offset of its switch in RecoveryOptions */
  RecoveryMethod apply;
  bool is_new_base; /* it changes what the real graph computes between its layers */
} Method;

static const Method methods[] = {
    {"equalization", EFFORT_HIGH, offsetof(RecoveryOptions, no_equalization), equalize_layers, true},
    {"weight scales", EFFORT_NORMAL, offsetof(RecoveryOptions, no_weight_scales), search_weight_scales,
     false},
    {"gptq", EFFORT_HIGH, offsetof(RecoveryOptions, no_gptq), round_in_sequence, false},
    {"bias correction", EFFORT_NORMAL, offsetof(RecoveryOptions, no_bias_correction), correct_biases, false},
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
  Saved *saved;
  double sqnr; /* of the graph as it is */
  RecoveryReport *report;
} Trial;

/* Of two calibrations the one that fits the graph stays. */
static void settle_calibration(Trial *trial, bool is_kept) {
  Calibration *other = trial->recovery.renewed;
  if (is_kept && other != NULL) {
    other = *trial->calibration;
    *trial->calibration = trial->recovery.renewed;
  }
  calibration_free(other);
  trial->recovery.renewed = NULL;
}

static Status try_method(Trial *trial, const Method *method, Error *err) {
  bool is_changed;
  Recovery *recovery = &trial->recovery;
  RecoveryStep *step = &trial->report->steps[trial->report->step_count];
  save(recovery->graph, trial->saved);
  TRY(method->apply(recovery, &is_changed, err));
  if (!is_changed) return OK;
  trial->report->step_count++;
  *step = (RecoveryStep){.method = method->name, .before = trial->sqnr};
  TRY(held_out_measure(&trial->held, recovery->simulator, &step->after, err));
  step->is_kept = step->after > step->before;
  if (step->is_kept)
    trial->sqnr = step->after;
  else
    restore(recovery->graph, trial->saved);
  settle_calibration(trial, step->is_kept);
  if (method->is_new_base) simulator_rebase(recovery->simulator);
  return OK;
}

static bool is_wanted(const Method *method, const RecoveryOptions *options) {
  Effort from =
      method->apply == round_in_sequence && options->gptq_from_normal ? EFFORT_NORMAL : method->effort;
  return options->effort >= from && !*(const bool *)((const char *)options + method->switched_off);
}

static Status try_methods(Trial *trial, Error *err) {
  Recovery *recovery = &trial->recovery;
  trial->saved = calloc((size_t)recovery->graph->value_count + 1, sizeof *trial->saved);
  if (trial->saved == NULL) return fail_memory(err);
  Status status = held_out_measure(&trial->held, recovery->simulator, &trial->sqnr, err);
  for (size_t m = 0; m < sizeof methods / sizeof *methods && status == OK; m++)
    if (is_wanted(&methods[m], recovery->options)) status = try_method(trial, &methods[m], err);
  free(trial->saved);
  calibration_free(recovery->renewed);
  return status;
}

/* The first samples are fitted to, the last ones judge. */
static void split(const RecoveryOptions *options, int64_t count, RecoveryReport *report) {
  bool is_high = options->effort == EFFORT_HIGH;
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
  TRY(held_out_begin(&trial->held, recovery->simulator, recovery->from + recovery->all - report->held_samples,
                     report->held_samples, err));
  report->held_samples = trial->held.count;
  Status status = trial->held.width > 0 ? try_methods(trial, err) : OK;
  held_out_end(&trial->held);
  return status;
}

Status quantize_recover(Graph *graph, Calibration **calibration, const SampleReader *reader, int64_t from,
                        int64_t count, const QuantizeOptions *settings, const RecoveryOptions *options,
                        Pool *pool, RecoveryReport *report, Error *err) {
  Layers layers;
  Trial trial = {.calibration = calibration, .report = report};
  *report = (RecoveryReport){0};
  if (options->effort == EFFORT_NONE || count < LEAST_SAMPLES) return OK;
  Recovery *recovery = &trial.recovery;
  *recovery = (Recovery){.graph = graph,
                         .layers = &layers,
                         .reader = reader,
                         .from = from,
                         .all = count,
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
