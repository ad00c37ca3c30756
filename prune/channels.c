#include "prune/channels.h"

#include <stdlib.h>
#include <string.h>

/* Channels while they are sorted into groups: all begin in one, and each axis splits the groups by how many
   places of it a channel has. */
typedef struct Sorting {
  const Graph *graph;
  Channels *channels;
  int32_t *group; /* by channel */
  int32_t *seen;  /* by channel: places on the axis at hand */
  int64_t groups;
  struct Split *splits; /* of the axis at hand: one for each new group */
} Sorting;

typedef struct Split {
  int32_t old, places, renamed;
} Split;

/* ---- channels ---- */

static Status number_channels(Channels *channels, Error *err) {
  int64_t places = axis_places(channels->ties);
  channels->of_place = malloc(((size_t)places + 1) * sizeof *channels->of_place);
  if (channels->of_place == NULL) return fail_memory(err);
  for (int64_t p = 0; p < places; p++) { /* a root is the lowest of its places */
    int64_t root = axis_root(channels->ties, p);
    if (root < p)
      channels->of_place[p] = channels->of_place[root];
    else
      channels->of_place[p] = axis_root_made(channels->ties, p) ? (int32_t)channels->count++ : -1;
  }
  return OK;
}

int64_t channel_at(const Channels *channels, const Value *value, int axis, int64_t i) {
  int64_t first = axis_first_place(channels->ties, value, axis);
  return first < 0 || i < 0 || i >= axis_size(value, axis) ? -1 : channels->of_place[first + i];
}

/* ---- groups ---- */

/* The group that channels of group `old` with so many places on this axis go to. */
static int32_t renamed(Sorting *sorting, int32_t old, int32_t places, int *splits) {
  for (int s = 0; s < *splits; s++)
    if (sorting->splits[s].old == old && sorting->splits[s].places == places)
      return sorting->splits[s].renamed;
  int32_t fresh = (int32_t)sorting->groups++;
  sorting->splits[(*splits)++] = (Split){old, places, fresh};
  return fresh;
}

static void split_by_axis(Sorting *sorting, const Value *value, int axis) {
  const Channels *channels = sorting->channels;
  int64_t size = axis_size(value, axis);
  int splits = 0;
  for (int64_t i = 0; i < size; i++) {
    int64_t channel = channel_at(channels, value, axis, i);
    if (channel >= 0) sorting->seen[channel]++;
  }
  for (int64_t i = 0; i < size; i++) {
    int64_t channel = channel_at(channels, value, axis, i);
    if (channel < 0 || sorting->seen[channel] == 0) continue;
    sorting->group[channel] = renamed(sorting, sorting->group[channel], sorting->seen[channel], &splits);
    sorting->seen[channel] = 0;
  }
}

/* What may go and what may not are no group. */
static void split_by_stop(Sorting *sorting) {
  const AxisTies *ties = sorting->channels->ties;
  const Node *node;
  for (int64_t p = 0; p < axis_places(ties); p++) {
    int32_t channel = sorting->channels->of_place[p];
    if (channel >= 0 && axis_root(ties, p) == p)
      sorting->group[channel] = axis_root_stop(ties, p, &node) != NULL;
  }
  sorting->groups = 2;
}

static void sort_channels(Sorting *sorting) {
  split_by_stop(sorting);
  for (int v = 0; v < sorting->graph->value_count; v++) {
    const Value *value = sorting->graph->values[v];
    for (int d = 0; value->has_shape && d < value->shape.rank; d++) split_by_axis(sorting, value, d);
  }
}

/* ---- groups in order ---- */

/* Numbers the groups by their first makers; `order` gets the new number of each, -1 at first. */
static void order_groups(Sorting *sorting, int32_t *order) {
  Channels *channels = sorting->channels;
  const Node *last_maker = NULL;
  for (int n = 0; n < sorting->graph->node_count; n++) {
    const AxisMaker *maker = axis_maker(channels->ties, sorting->graph->nodes[n]);
    int64_t size = maker == NULL ? 0 : axis_size(maker->weight, maker->weight_axis);
    for (int64_t i = 0; i < size; i++) {
      int64_t channel = channel_at(channels, maker->weight, maker->weight_axis, i);
      int32_t *place = &order[sorting->group[channel]];
      if (*place < 0) {
        *place = channels->group_count++;
        channels->groups[*place] = (ChannelGroup){.maker = maker->node};
      }
      last_maker = maker->node;
    }
  }
  for (int64_t c = 0; c < channels->count; c++) /* made by an axis that is not its node's last */
    if (order[sorting->group[c]] < 0) {
      order[sorting->group[c]] = channels->group_count;
      channels->groups[channels->group_count++] = (ChannelGroup){.maker = last_maker};
    }
}

static void count_makers(const Graph *graph, Channels *channels, const int32_t *group_of) {
  for (int n = 0; n < graph->node_count; n++) {
    const AxisMaker *maker = axis_maker(channels->ties, graph->nodes[n]);
    int64_t size = maker == NULL ? 0 : axis_size(maker->weight, maker->weight_axis);
    int last = -1;
    for (int64_t i = 0; i < size; i++) {
      int group = group_of[channel_at(channels, maker->weight, maker->weight_axis, i)];
      if (group != last) channels->groups[group].makers++;
      last = group;
    }
  }
}

/* Channels get new numbers, by group; within one their order stays. */
static void renumber(Channels *channels, const int32_t *group_of, int32_t *number) {
  for (int64_t c = 0; c < channels->count; c++) channels->groups[group_of[c]].count++;
  for (int g = 1; g < channels->group_count; g++)
    channels->groups[g].first = channels->groups[g - 1].first + channels->groups[g - 1].count;
  for (int g = 0; g < channels->group_count; g++) channels->groups[g].count = 0;
  for (int64_t c = 0; c < channels->count; c++) {
    ChannelGroup *group = &channels->groups[group_of[c]];
    number[c] = (int32_t)(group->first + group->count++);
  }
  for (int64_t p = 0; p < axis_places(channels->ties); p++) {
    int32_t channel = channels->of_place[p];
    if (channel < 0) continue;
    if (axis_root(channels->ties, p) == p) {
      ChannelGroup *group = &channels->groups[group_of[channel]];
      if (group->reason == NULL) group->reason = axis_root_stop(channels->ties, p, &group->stopper);
    }
    channels->of_place[p] = number[channel];
  }
}

static Status make_groups(Sorting *sorting, Error *err) {
  Channels *channels = sorting->channels;
  size_t groups = (size_t)sorting->groups + 1, count = (size_t)channels->count + 1;
  int32_t *order = malloc(groups * sizeof *order), *number = malloc(count * sizeof *number);
  channels->groups = calloc(count, sizeof *channels->groups); /* at most one a channel */
  Status status = order == NULL || number == NULL || channels->groups == NULL ? fail_memory(err) : OK;
  if (status == OK) {
    memset(order, -1, groups * sizeof *order);
    order_groups(sorting, order);
    for (int64_t c = 0; c < channels->count; c++) sorting->group[c] = order[sorting->group[c]];
    count_makers(sorting->graph, channels, sorting->group);
    renumber(channels, sorting->group, number);
  }
  free(order);
  free(number);
  return status;
}

static Status find_groups(const Graph *graph, Channels *channels, Error *err) {
  size_t count = (size_t)channels->count + 1;
  Sorting sorting = {.graph = graph,
                     .channels = channels,
                     .group = calloc(count, sizeof *sorting.group),
                     .seen = calloc(count, sizeof *sorting.seen),
                     .splits = calloc(count, sizeof *sorting.splits)};
  Status status = OK;
  if (sorting.group == NULL || sorting.seen == NULL || sorting.splits == NULL) {
    status = fail_memory(err);
  } else {
    sort_channels(&sorting);
    status = make_groups(&sorting, err);
  }
  free(sorting.group);
  free(sorting.seen);
  free(sorting.splits);
  return status;
}

Status channels_find(Channels *channels, const Graph *graph, Error *err) {
  *channels = (Channels){0};
  TRY(axis_ties_new(&channels->ties, graph, err));
  Status status = number_channels(channels, err);
  if (status == OK) status = find_groups(graph, channels, err);
  if (status != OK) channels_free(channels);
  return status;
}

void channels_free(Channels *channels) {
  axis_ties_free(channels->ties);
  free(channels->of_place);
  free(channels->groups);
  *channels = (Channels){0};
}
