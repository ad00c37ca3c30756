#include "prune/prune.h"

#include "interpreter/fold.h"
#include "prune/cut.h"

#include <math.h>
#include <stdlib.h>

int64_t prune_width(int64_t count, double share) {
  double exact = (double)count * share;
  int64_t step = exact >= 32 ? 8 : exact >= 16 ? 4 : exact >= 8 ? 2 : 1;
  int64_t width = (int64_t)round(exact / (double)step) * step;
  return width < 1 ? 1 : width > count ? count : width;
}

/* ---- choosing channels ---- */

/* Keeps the `width` channels of the group with the highest scores, the first of several that are equal. */
static void keep_best(const ChannelGroup *group, const double *scores, int64_t width, bool *kept) {
  for (int64_t c = group->first; c < group->first + group->count; c++) kept[c] = false;
  for (int64_t k = 0; k < width; k++) {
    int64_t best = -1;
    for (int64_t c = group->first; c < group->first + group->count; c++)
      if (!kept[c] && (best < 0 || scores[c] > scores[best])) best = c;
    kept[best] = true;
  }
}

/* "node 's' (Softmax): makes them sum up to one", or what the model says. */
static const char *reason_of(Graph *graph, const ChannelGroup *group, Error *err) {
  if (group->stopper == NULL) return group->reason;
  return arena_format(&graph->arena, err, "node '%s' (%s) %s", group->stopper->name, group->stopper->type,
                      group->reason);
}

static Status report_group(Graph *graph, const ChannelGroup *group, int64_t width, PruneReport *report,
                           Error *err) {
  PruneGroup *entry = &report->groups[report->group_count++];
  *entry = (PruneGroup){.name = group->maker->name,
                        .type = group->maker->type,
                        .makers = group->makers,
                        .channels = group->count,
                        .kept = width};
  report->slimmed += width < group->count;
  report->whole += group->reason != NULL;
  if (group->reason == NULL) return OK;
  entry->reason = reason_of(graph, group, err);
  return entry->reason == NULL ? err->status : OK;
}

static Status slim_with(Graph *graph, const Channels *channels, const PruneOptions *options, double *scores,
                        bool *kept, PruneReport *report, Error *err) {
  report->groups = arena_new(&graph->arena, (size_t)channels->group_count, sizeof *report->groups, err);
  if (report->groups == NULL) return err->status;
  TRY(importance_score(graph, channels, options->by, scores, err));
  for (int g = 0; g < channels->group_count; g++) {
    const ChannelGroup *group = &channels->groups[g];
    int64_t width = group->reason != NULL ? group->count : prune_width(group->count, options->width);
    keep_best(group, scores, width, kept);
    TRY(report_group(graph, group, width, report, err));
  }
  if (report->whole == report->group_count)
    return fail(err, BAD_INPUT, "no channels can be taken away: %s",
                report->group_count == 0 ? "there are no weights that make any" : report->groups[0].reason);
  return channels_cut(graph, channels, kept, err);
}

static Status slim(Graph *graph, const PruneOptions *options, PruneReport *report, Error *err) {
  Channels channels;
  TRY(channels_find(&channels, graph, err));
  size_t count = (size_t)channels.count + 1;
  double *scores = malloc(count * sizeof *scores);
  bool *kept = calloc(count, sizeof *kept);
  Status status = scores == NULL || kept == NULL
                      ? fail_memory(err)
                      : slim_with(graph, &channels, options, scores, kept, report, err);
  free(scores);
  free(kept);
  channels_free(&channels);
  return status;
}

/* Weights in Constant nodes, or behind a Transpose, become constants of the graph. */
static Status fold(Graph *graph, Error *err) {
  int rewrites = 0;
  TRY(pass_fold_constants(graph, &interpreter_pass_hooks, &rewrites, err));
  TRY(pass_drop_dead(graph, &interpreter_pass_hooks, &rewrites, err));
  return interpreter_pass_hooks.rebind(graph, err);
}

Status prune_graph(Graph *graph, const PruneOptions *options, PruneReport *report, Error *err) {
  *report = (PruneReport){0};
  TRY(fold(graph, err));
  if (options->depth < 1) TRY(blocks_remove(graph, options->depth, &report->blocks, err));
  return options->width < 1 ? slim(graph, options, report, err) : OK;
}
