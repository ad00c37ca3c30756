/* The memory plan: greedy by size, best fit. */
#include "lower/plan.h"

#include <stdlib.h>

typedef struct Planner {
  PlanBuffer *buffers;
  int count;
  int *order;  /* buffers, largest first */
  int *placed; /* buffers that have an offset, by offset */
  int placed_count;
  size_t alignment;
} Planner;

static size_t rounded(const Planner *planner, size_t bytes) {
  return (bytes + planner->alignment - 1) / planner->alignment * planner->alignment;
}

/* Larger ones first; of equal ones the longer-lived, then the earlier. */
static bool comes_before(const Planner *planner, int a, int b) {
  const PlanBuffer *x = &planner->buffers[a], *y = &planner->buffers[b];
  if (x->bytes != y->bytes) return x->bytes > y->bytes;
  if (x->last - x->first != y->last - y->first) return x->last - x->first > y->last - y->first;
  return a < b;
}

/* Merge sort, because qsort() takes no context and is not stable. */
static void sort(const Planner *planner, int *order, int *room, int count) {
  if (count < 2) return;
  int half = count / 2, i = 0, j = half;
  sort(planner, order, room, half);
  sort(planner, order + half, room, count - half);
  for (int k = 0; k < count; k++) {
    bool left = j == count || (i < half && comes_before(planner, order[i], order[j]));
    room[k] = left ? order[i++] : order[j++];
  }
  for (int k = 0; k < count; k++) order[k] = room[k];
}

static bool meet(const PlanBuffer *a, const PlanBuffer *b) {
  return a->first <= b->last && b->first <= a->last;
}

/* The smallest gap between buffers that live at the same time, else the place behind all of them. */
static size_t find_place(const Planner *planner, const PlanBuffer *buffer) {
  size_t need = rounded(planner, buffer->bytes), end = 0, best = SIZE_MAX, place = SIZE_MAX;
  for (int i = 0; i < planner->placed_count; i++) {
    const PlanBuffer *other = &planner->buffers[planner->placed[i]];
    if (!meet(buffer, other)) continue;
    if (other->offset > end && other->offset - end >= need && other->offset - end < best) {
      best = other->offset - end;
      place = end;
    }
    size_t other_end = other->offset + rounded(planner, other->bytes);
    if (other_end > end) end = other_end;
  }
  return place != SIZE_MAX ? place : end;
}

static void insert_placed(Planner *planner, int index) {
  int at = planner->placed_count++;
  while (at > 0 && planner->buffers[planner->placed[at - 1]].offset > planner->buffers[index].offset) {
    planner->placed[at] = planner->placed[at - 1];
    at--;
  }
  planner->placed[at] = index;
}

static void place_all(Planner *planner, size_t *total) {
  *total = 0;
  for (int i = 0; i < planner->count; i++) {
    PlanBuffer *buffer = &planner->buffers[planner->order[i]];
    buffer->offset = find_place(planner, buffer);
    insert_placed(planner, planner->order[i]);
    size_t end = buffer->offset + rounded(planner, buffer->bytes);
    if (end > *total) *total = end;
  }
}

Status plan_memory(PlanBuffer *buffers, int count, size_t alignment, size_t *total, Error *err) {
  size_t sum = 0;
  *total = 0;
  for (int i = 0; i < count; i++)
    if (buffers[i].bytes > SIZE_MAX - alignment || !size_add(sum, buffers[i].bytes + alignment, &sum))
      return fail(err, UNSUPPORTED, "the memory plan exceeds what a size can say");
  Arena arena = {0};
  size_t room = (size_t)count;
  Planner planner = {.buffers = buffers, .count = count, .alignment = alignment};
  planner.order = arena_new(&arena, room, sizeof(int), err);
  planner.placed = arena_new(&arena, room, sizeof(int), err);
  Status status = planner.order == NULL || planner.placed == NULL ? SYSTEM : OK;
  if (status == OK) {
    for (int i = 0; i < count; i++) planner.order[i] = i;
    sort(&planner, planner.order, planner.placed, count);
    place_all(&planner, total);
  }
  arena_free(&arena);
  return status;
}
