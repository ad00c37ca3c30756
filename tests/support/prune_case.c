#include "tests/support/prune_case.h"

#include "prune/cut.h"
#include "prune/prune.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static Channels find(const Graph *graph) {
  Channels channels;
  Error err = {0};
  ck_assert_msg(channels_find(&channels, graph, &err) == OK, "%s", err.text);
  return channels;
}

void check_groups(Maker *m, const char *expected) {
  Text text = {0};
  maker_finish(m);
  Channels channels = find(m->graph);
  for (int g = 0; g < channels.group_count; g++) {
    const ChannelGroup *group = &channels.groups[g];
    text_add(&text, "%s%s %d", g > 0 ? ", " : "", group->maker->name, (int)group->count);
    if (group->makers != 1) text_add(&text, " x%d", group->makers);
    if (group->reason != NULL) text_add(&text, " whole");
  }
  ck_assert_str_eq(text.length > 0 ? text.bytes : "", expected);
  text_free(&text);
  channels_free(&channels);
}

const char *stop_reason(const Graph *graph, const char *maker, const Node **stopper) {
  Channels channels = find(graph);
  const char *reason = NULL;
  for (int g = 0; g < channels.group_count; g++)
    if (strcmp(channels.groups[g].maker->name, maker) == 0) {
      reason = channels.groups[g].reason;
      *stopper = channels.groups[g].stopper;
    }
  channels_free(&channels);
  return reason;
}

/* ---- cutting ---- */

/* Is any index of element i of the constant a channel that goes? */
static bool goes(const Channels *channels, const Value *value, int64_t i, const bool *kept) {
  const Shape *shape = &value->constant->shape;
  for (int d = shape->rank - 1; d >= 0; d--) {
    int64_t channel = channel_at(channels, value, d, i % shape->dims[d]);
    if (channel >= 0 && !kept[channel]) return true;
    i /= shape->dims[d];
  }
  return false;
}

static void zero_constants(Graph *graph, const Channels *channels, const bool *kept) {
  Error err = {0};
  for (int v = 0; v < graph->value_count; v++) {
    Value *value = graph->values[v];
    const Tensor *old = value->constant;
    if (old == NULL || old->type != ELEMENT_FLOAT32) continue;
    Tensor *tensor = tensor_new_from(&graph->arena, old->type, &old->shape, old->data, &err);
    ck_assert_ptr_nonnull(tensor);
    for (int64_t i = 0; i < tensor_elements(tensor); i++)
      if (goes(channels, value, i, kept)) tensor_set(tensor, i, 0);
    value->constant = tensor;
  }
}

static bool *choose(const Channels *channels) {
  bool *kept = malloc((size_t)channels->count + 1);
  ck_assert_ptr_nonnull(kept);
  for (int g = 0; g < channels->group_count; g++) {
    const ChannelGroup *group = &channels->groups[g];
    int64_t width = group->reason != NULL ? group->count : prune_width(group->count, 0.5);
    for (int64_t i = 0; i < group->count; i++)
      kept[group->first + i] = (i + 1) * width / group->count > i * width / group->count;
  }
  return kept;
}

static void compare(const Tensor *before, const Tensor *after, const char *what) {
  double largest = 0, difference = 0;
  ck_assert_msg(shape_equals(&before->shape, &after->shape), "%s: another shape", what);
  for (int64_t i = 0; i < tensor_elements(before); i++) {
    largest = fmax(largest, fabs(tensor_get(before, i)));
    difference = fmax(difference, fabs(tensor_get(before, i) - tensor_get(after, i)));
  }
  ck_assert_msg(difference <= 1e-4 * fmax(largest, 1e-3), "%s: differs by %g of %g", what, difference,
                largest);
}

void check_cut(Graph *graph, const char *what) {
  Arena arena = {0};
  Error err = {0};
  Channels channels = find(graph);
  bool *kept = choose(&channels);
  int64_t dropped = 0;
  for (int64_t c = 0; c < channels.count; c++) dropped += !kept[c];
  ck_assert_msg(dropped > 0, "%s: nothing can go", what);
  zero_constants(graph, &channels, kept);
  Tensor *before = graph_compute(graph, 0, &arena);
  ck_assert_msg(channels_cut(graph, &channels, kept, &err) == OK, "%s: %s", what, err.text);
  channels_free(&channels);
  compare(before, graph_compute(graph, 0, &arena), what);
  free(kept);
  arena_free(&arena);
}
