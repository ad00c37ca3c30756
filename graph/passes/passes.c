/* Runs the passes to a fixed point. */
#include "graph/passes/passes.h"

static const struct {
  PassFunction function;
  const char *name;
} passes[PASS_COUNT] = {
#define X(function, text) {pass_##function, text},
    EARLY_PASSES(X) LATE_PASSES(X)
#undef X
};

/* The late passes come last in the list. */
#define X(function, text) +1
enum { LATE_COUNT = 0 LATE_PASSES(X), EARLY_COUNT = PASS_COUNT - LATE_COUNT };
#undef X

static Status run_pass(Graph *graph, const PassHooks *hooks, int pass, PassReport *report, int *rewrites,
                       Error *err) {
  int count = 0;
  TRY(passes[pass].function(graph, hooks, &count, err));
  report->counts[pass].rewrites += count;
  *rewrites += count;
  return count > 0 ? hooks->rebind(graph, err) : OK;
}

Status passes_run(Graph *graph, const PassHooks *hooks, PassReport *report, Error *err) {
  *report = (PassReport){0};
  for (int p = 0; p < PASS_COUNT; p++) report->counts[p].name = passes[p].name;
  TRY(graph_refresh(graph, err));
  for (int rewrites = 1; rewrites > 0 && report->rounds < PASS_MAX_ROUNDS; report->rounds++) {
    rewrites = 0;
    for (int p = 0; p < EARLY_COUNT; p++) TRY(run_pass(graph, hooks, p, report, &rewrites, err));
    for (int p = EARLY_COUNT; p < PASS_COUNT && rewrites == 0; p++)
      TRY(run_pass(graph, hooks, p, report, &rewrites, err));
  }
  return OK;
}
