#include "prune/prune.h"

#include "interpreter/fold.h"
#include "prune/cut.h"

#include <math.h>
#include <stdlib.h>

int64_t prune_width(int64_t count, double share) {
  double exact = (double)count * share;
  int64_t step = exact >= 32 ? 8 : exact >= 16 ? 4 : exact >= 8 ? 2 : 1;
  int64_t width = (int64_t)round(exact / (double)step) * step;
  return share >= 1 || width > count ? count : width < 1 ? 1 : width;
}

/* ---- choosing channels ---- */

typedef struct Scored {
  double score;
  int64_t channel;
} Scored;

/* The highest first; of equal ones the first channel. */
static int by_score(const void *a, const void *b) {
  const Scored *one = a, *other = b;
  if (one->score != other->score) return one->score > other->score ? -1 : 1;
  return (one->channel > other->channel) - (one->channel < other->channel);
}

/* Keeps the `width` channels of the group with the highest scores; `order` has room for all. */
static void keep_best(const ChannelGroup *group, const double *scores, int64_t width, Scored *order,
                      bool *kept) {
  for (int64_t i = 0; i < group->count; i++) order[i] = (Scored){scores[group->first + i], group->first + i};
  qsort(order, (size_t)group->count, sizeof *order, by_score);
  for (int64_t i = 0; i < group->count; i++) kept[order[i].channel] = i < width;
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

/* By channel, while it is chosen which stay. */
typedef struct Choice {
  double *scores;
  Scored *order;
  bool *kept;
} Choice;

static Status slim_by(Graph *graph, const Channels *channels, const PruneOptions *options, Choice *choice,
                      PruneReport *report, Error *err) {
  report->groups = arena_new(&graph->arena, (size_t)channels->group_count, sizeof *report->groups, err);
  if (report->groups == NULL) return err->status;
  TRY(importance_score(graph, channels, options->by, choice->scores, err));
  for (int g = 0; g < channels->group_count; g++) {
    const ChannelGroup *group = &channels->groups[g];
    int64_t width = group->reason != NULL ? group->count : prune_width(group->count, options->width);
    keep_best(group, choice->scores, width, choice->order, choice->kept);
    TRY(report_group(graph, group, width, report, err));
  }
  if (report->whole == report->group_count)
    return fail(err, BAD_INPUT, "no channels can be taken away: %s",
                report->group_count == 0 ? "there are no weights that make any" : report->groups[0].reason);
  return channels_cut(graph, channels, choice->kept, err);
}

static Status slim(Graph *graph, const PruneOptions *options, PruneReport *report, Error *err) {
  Channels channels;
  TRY(channels_find(&channels, graph, err));
  size_t count = (size_t)channels.count + 1;
  Choice choice = {.scores = malloc(count * sizeof *choice.scores),
                   .order = malloc(count * sizeof *choice.order),
                   .kept = calloc(count, sizeof *choice.kept)};
  Status status = choice.scores == NULL || choice.order == NULL || choice.kept == NULL
                      ? fail_memory(err)
                      : slim_by(graph, &channels, options, &choice, report, err);
  free(choice.scores);
  free(choice.order);
  free(choice.kept);
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
