/*
 * The choice of a candidate a layer is a multiple-choice knapsack. Going down the steepest slopes gives the
 * optimum for the sizes that lie on the convex front; for those between, room that is left is filled and
 * pairs of layers are exchanged as long as that lowers the noise.
 */
#include "quantize/mixed_table.h"

#include <math.h>
#include <string.h>

Status mixed_table_new(MixedTable *table, int layers, int candidates, Arena *arena, Error *err) {
  *table = (MixedTable){.layers = layers, .candidates = candidates};
  table->options = arena_new(arena, (size_t)layers * (size_t)candidates + 1, sizeof *table->options, err);
  return table->options == NULL ? err->status : OK;
}

void mixed_sum(const MixedTable *table, MixedPlan *plan) {
  plan->bytes = 0;
  plan->noise = 0;
  for (int l = 0; l < table->layers; l++) {
    plan->bytes += mixed_option(table, l, plan->choice[l])->bytes;
    plan->noise += mixed_option(table, l, plan->choice[l])->noise;
  }
}

/* ---- the front ---- */

/* The candidate of least noise, of those the smallest. */
static int finest(const MixedTable *table, int layer) {
  int best = -1;
  for (int k = 0; k < table->candidates; k++) {
    const MixedOption *option = mixed_option(table, layer, k),
                      *least = best < 0 ? NULL : mixed_option(table, layer, best);
    if (!option->exists) continue;
    if (least == NULL || option->noise < least->noise ||
        (option->noise == least->noise && option->bytes < least->bytes))
      best = k;
  }
  return best;
}

/* A layer takes another candidate. */
typedef struct Move {
  int layer, candidate; /* -1: there is none */
  double slope;         /* noise a byte */
} Move;

static void consider(const MixedTable *table, const MixedPlan *plan, int layer, int candidate, Move *best) {
  const MixedOption *now = mixed_option(table, layer, plan->choice[layer]),
                    *then = mixed_option(table, layer, candidate);
  if (!then->exists || then->bytes >= now->bytes) return;
  double slope = (then->noise - now->noise) / (double)(now->bytes - then->bytes);
  if (best->candidate >= 0 && slope >= best->slope) return;
  *best = (Move){layer, candidate, slope};
}

static Move next_down(const MixedTable *table, const MixedPlan *plan) {
  Move best = {.candidate = -1};
  for (int l = 0; l < table->layers; l++)
    for (int k = 0; k < table->candidates; k++) consider(table, plan, l, k, &best);
  return best;
}

static Status add_plan(MixedFront *front, const MixedTable *table, const MixedPlan *plan, Arena *arena,
                       Error *err) {
  MixedPlan *copy = &front->plans[front->count];
  copy->choice = arena_new(arena, (size_t)table->layers + 1, 1, err);
  if (copy->choice == NULL) return err->status;
  memcpy(copy->choice, plan->choice, (size_t)table->layers);
  mixed_sum(table, copy);
  front->count++;
  return OK;
}

Status mixed_front(MixedFront *front, const MixedTable *table, Arena *arena, Error *err) {
  size_t most = (size_t)table->layers * (size_t)table->candidates + 1;
  MixedPlan plan = {.choice = arena_new(arena, (size_t)table->layers + 1, 1, err)};
  *front = (MixedFront){.plans = arena_new(arena, most, sizeof *front->plans, err),
                        .room = arena_new(arena, (size_t)table->layers + 1, 1, err)};
  if (front->room == NULL || plan.choice == NULL || front->plans == NULL) return err->status;
  for (int l = 0; l < table->layers; l++) plan.choice[l] = (uint8_t)finest(table, l);
  TRY(add_plan(front, table, &plan, arena, err));
  for (Move move; (move = next_down(table, &plan)).candidate >= 0;) {
    plan.choice[move.layer] = (uint8_t)move.candidate;
    TRY(add_plan(front, table, &plan, arena, err));
  }
  return OK;
}

/* ---- within a number of bytes ---- */

/* One layer or two take other candidates. */
typedef struct Exchange {
  int layers[2], candidates[2]; /* layers[1] -1: one */
  double gain;                  /* noise that it takes away */
} Exchange;

#define EXCHANGES_MOST 200
#define LEAST_GAIN 1e-12 /* of all noise: below it are rounding errors */

static void apply(const MixedTable *table, MixedPlan *plan, const Exchange *exchange) {
  plan->choice[exchange->layers[0]] = (uint8_t)exchange->candidates[0];
  if (exchange->layers[1] >= 0) plan->choice[exchange->layers[1]] = (uint8_t)exchange->candidates[1];
  mixed_sum(table, plan);
}

/* What layer l at candidate k adds to the plan. */
static void changes(const MixedTable *table, const MixedPlan *plan, int l, int k, int64_t *bytes,
                    double *noise) {
  const MixedOption *now = mixed_option(table, l, plan->choice[l]), *then = mixed_option(table, l, k);
  *bytes = then->bytes - now->bytes;
  *noise = then->noise - now->noise;
}

/* Layer l gets candidate k, and if that needs more room than there is, another layer makes some. */
static void try_better(const MixedTable *table, const MixedPlan *plan, int64_t room, int l, int k,
                       Exchange *best) {
  int64_t bytes, other_bytes;
  double noise, other_noise;
  if (!mixed_option(table, l, k)->exists) return;
  changes(table, plan, l, k, &bytes, &noise);
  if (noise >= 0) return;
  if (bytes <= room) {
    if (-noise > best->gain) *best = (Exchange){{l, -1}, {k, 0}, -noise};
    return;
  }
  for (int m = 0; m < table->layers; m++)
    for (int j = 0; j < table->candidates; j++) {
      if (m == l || !mixed_option(table, m, j)->exists) continue;
      changes(table, plan, m, j, &other_bytes, &other_noise);
      if (bytes + other_bytes <= room && -noise - other_noise > best->gain)
        *best = (Exchange){{l, m}, {k, j}, -noise - other_noise};
    }
}

static bool improve(const MixedTable *table, int64_t most, MixedPlan *plan) {
  Exchange best = {.gain = LEAST_GAIN * plan->noise};
  bool is_found = false;
  for (int l = 0; l < table->layers; l++)
    for (int k = 0; k < table->candidates; k++) {
      double gain = best.gain;
      try_better(table, plan, most - plan->bytes, l, k, &best);
      is_found |= best.gain > gain;
    }
  if (is_found) apply(table, plan, &best);
  return is_found;
}

static void improve_all(const MixedTable *table, int64_t most, MixedPlan *plan) {
  for (int round = 0; round < EXCHANGES_MOST; round++)
    if (!improve(table, most, plan)) return;
}

/* The step down from a plan that is too large by `excess`: of those that save no more than that the one of
   least noise a byte; where there is none, of those that save more the one of least noise. */
static Move step_within(const MixedTable *table, const MixedPlan *plan, int64_t excess) {
  Move small = {.candidate = -1}, large = {.candidate = -1};
  for (int l = 0; l < table->layers; l++)
    for (int k = 0; k < table->candidates; k++) {
      int64_t bytes;
      double noise;
      if (!mixed_option(table, l, k)->exists) continue;
      changes(table, plan, l, k, &bytes, &noise);
      if (-bytes > 0 && -bytes <= excess)
        consider(table, plan, l, k, &small);
      else if (-bytes > excess && (large.candidate < 0 || noise < large.slope))
        large = (Move){l, k, noise};
    }
  return small.candidate >= 0 ? small : large;
}

/* From the plan, which is too large, down to `most` bytes in small steps. False where that leads nowhere. */
static bool step_down(const MixedTable *table, int64_t most, MixedPlan *plan) {
  while (plan->bytes > most) {
    Move move = step_within(table, plan, plan->bytes - most);
    if (move.candidate < 0) return false;
    plan->choice[move.layer] = (uint8_t)move.candidate;
    mixed_sum(table, plan);
  }
  return true;
}

static void copy_plan(const MixedTable *table, MixedPlan *to, const MixedPlan *from) {
  memcpy(to->choice, from->choice, (size_t)table->layers);
  mixed_sum(table, to);
}

bool mixed_fit(const MixedTable *table, const MixedFront *front, int64_t bytes, MixedPlan *plan) {
  int at = 0;
  while (at < front->count - 1 && front->plans[at].bytes > bytes) at++;
  copy_plan(table, plan, &front->plans[at]);
  if (plan->bytes > bytes) return false;
  improve_all(table, bytes, plan);
  MixedPlan other = {.choice = front->room};
  if (at == 0) return true;
  copy_plan(table, &other, &front->plans[at - 1]);
  if (!step_down(table, bytes, &other)) return true;
  improve_all(table, bytes, &other);
  if (other.noise < plan->noise) copy_plan(table, plan, &other);
  return true;
}
