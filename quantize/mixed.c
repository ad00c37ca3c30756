/* The search: layers alone, the front, a plan for the goal, corrections around it. */
#include "quantize/mixed.h"

#include "quantize/mixed_bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FLOAT_BITS 32
#define HALVINGS_MOST 10   /* of the front */
#define RECOVERY_PASSES 10 /* over its samples, that recovery takes about as long as */
#define FITS_MOST 8        /* budgets that are tried until a file is small enough */
#define HEAVY_SHARE 0.03   /* of all noise at 8 bits: layers that do more may have finer forms */

enum { LEVEL_WIDE = 1, LEVEL_FLOAT = 2 };

/* Corrections around the chosen plan: rounds, and layers that are looked at in each. */
typedef struct Corrections {
  int rounds, flips;
} Corrections;

static const Corrections corrections_by_effort[] = {
    [EFFORT_NONE] = {0, 0}, [EFFORT_NORMAL] = {1, 12}, [EFFORT_HIGH] = {2, 24}, [EFFORT_MAX] = {2, 24}};

typedef struct Search {
  Mixed *mixed;
  const MixedGoal *goal;
  const MixedHooks *hooks;
  Corrections corrections;
  int64_t begun_with; /* runs before the search */
} Search;

/* ---- the candidates ---- */

static void add_candidate(Mixed *mixed, MixedCandidate candidate) {
  mixed->candidates[mixed->candidate_count++] = candidate;
}

static const char *group_name(int group) {
  return group == 128 ? "4/128" : group == 64 ? "4/64" : "4/32";
}

static void list_candidates(Mixed *mixed, const MixedSettings *settings) {
  ActivationForm form = settings->quantize.activations;
  add_candidate(mixed, (MixedCandidate){"8", 8, 0, form, 0});
  if (settings->group > 0)
    add_candidate(mixed, (MixedCandidate){group_name(settings->group), 4, settings->group, form, 0});
  add_candidate(mixed, (MixedCandidate){"4", 4, 0, form, 0});
  if (settings->may_be_wide)
    add_candidate(mixed, (MixedCandidate){"8/a16", 8, 0, ACTIVATIONS_16BIT, LEVEL_WIDE});
  if (settings->may_be_float)
    add_candidate(mixed, (MixedCandidate){"float", FLOAT_BITS, 0, form, LEVEL_FLOAT});
}

/* ---- plans ---- */

static MixedOption *home_option(const Mixed *mixed, int layer) {
  return mixed_option(&mixed->table, layer, 0);
}

/* Noise of the plan as a whole: what the layers add to or take from that of the first candidate. */
static double predict(const Mixed *mixed, const MixedPlan *plan) {
  return fmax(mixed->home.measured.noise + plan->noise - mixed->home.plan.noise, 0);
}

static Status new_plan(Mixed *mixed, MixedPlan *plan, Error *err) {
  *plan = (MixedPlan){.choice = arena_new(&mixed->arena, (size_t)mixed->table.layers + 1, 1, err)};
  return plan->choice == NULL ? err->status : OK;
}

/* The choices that the plan shares with the front get memory of their own. */
static Status own_choice(Mixed *mixed, MixedPlan *plan, Error *err) {
  const uint8_t *shared = plan->choice;
  plan->choice = arena_new(&mixed->arena, (size_t)mixed->table.layers + 1, 1, err);
  if (plan->choice == NULL) return err->status;
  memcpy(plan->choice, shared, (size_t)mixed->table.layers);
  return OK;
}

static bool is_over(Search *s) {
  Mixed *mixed = s->mixed;
  if (s->hooks->is_over != NULL && s->hooks->is_over(s->hooks->context)) mixed->is_cut_short = true;
  return mixed->is_cut_short;
}

static void progress(const Search *s) {
  const Mixed *mixed = s->mixed;
  if (s->hooks->progress != NULL)
    s->hooks->progress(s->hooks->progress_context, mixed->runs - s->begun_with, mixed_runs(mixed));
}

/* Some layer is of a form that the graph of the search cannot be lowered with. */
static bool is_beyond(const Mixed *mixed, const MixedPlan *plan) {
  for (int l = 0; l < mixed->table.layers; l++)
    if (mixed->candidates[plan->choice[l]].level > 0) return true;
  return false;
}

/* Bytes of the file; 0 where it cannot be said beforehand. */
static Status file_bytes(const Search *s, MixedPoint *point, Error *err) {
  point->file_bytes = 0;
  if (s->hooks->file_bytes == NULL || is_beyond(s->mixed, &point->plan)) return OK;
  const Graph *graph = mixed_bench_graph(s->mixed->bench, point->plan.choice);
  return s->hooks->file_bytes(s->hooks->context, graph, &point->file_bytes, err);
}

static Status measure(const Search *s, MixedPoint *point, Error *err) {
  if (point->is_measured) return OK;
  TRY(mixed_bench_plan(s->mixed->bench, point->plan.choice, &point->measured, err));
  point->is_measured = true;
  progress(s);
  return OK;
}

static MixedPoint point_of(const Mixed *mixed, const MixedPlan *plan) {
  return (MixedPoint){.plan = *plan, .predicted = predict(mixed, plan)};
}

/* ---- layers alone ---- */

/* The largest first: they save most, should the time not suffice for all. */
static void order_by_weights(const Mixed *mixed, int *order) {
  for (int i = 0; i < mixed->table.layers; i++) {
    int at = i;
    for (; at > 0 && mixed->layers[order[at - 1]].weights < mixed->layers[i].weights; at--)
      order[at] = order[at - 1];
    order[at] = i;
  }
}

static Status measure_option(Search *s, int layer, int k, Error *err) {
  Damage damage;
  MixedOption *option = mixed_option(&s->mixed->table, layer, k);
  if (!option->exists || option->is_measured || is_over(s)) return OK;
  TRY(mixed_bench_layer(s->mixed->bench, layer, k, &damage, err));
  option->noise = damage.noise;
  option->is_measured = true;
  progress(s);
  return OK;
}

/* Finer forms are for the layers that do much of the harm in 8 bits. */
static void drop_light(Mixed *mixed, int k) {
  const MixedTable *table = &mixed->table;
  double all = 0;
  for (int l = 0; l < table->layers; l++) all += home_option(mixed, l)->noise;
  for (int l = 0; l < table->layers; l++)
    mixed_option(table, l, k)->exists &= home_option(mixed, l)->noise >= HEAVY_SHARE * all;
}

/* What was not measured has the error of its weights times what that costs elsewhere. */
static void scale_estimates(Mixed *mixed, const double *errors) {
  double noise = 0, error = 0;
  int count = mixed->table.layers * mixed->table.candidates;
  for (int i = 0; i < count; i++) {
    if (!mixed->table.options[i].is_measured) continue;
    noise += mixed->table.options[i].noise;
    error += errors[i];
  }
  for (int i = 0; i < count; i++)
    if (!mixed->table.options[i].is_measured)
      mixed->table.options[i].noise = errors[i] * (error > 0 ? noise / error : 1);
}

/* Layers as the candidates of the level, at first as those of level 0. */
static Status measure_level(Search *s, int level, Error *err) {
  Mixed *mixed = s->mixed;
  const MixedTable *table = &mixed->table;
  for (int k = 1; k < table->candidates; k++) {
    if (mixed->candidates[k].level != level) continue;
    TRY(mixed_bench_candidate(mixed->bench, k, mixed->is_fitted && mixed->candidates[k].weight_bits < 8,
                              err));
    if (level > 0) drop_light(mixed, k);
    for (int l = 0; l < table->layers; l++)
      if (!mixed_option(table, l, k)->is_measured)
        mixed->errors[l * table->candidates + k] = mixed_option(table, l, k)->noise;
    for (int i = 0; i < table->layers; i++) TRY(measure_option(s, mixed->order[i], k, err));
    for (int l = 0; l < table->layers && level > 0; l++)
      mixed_option(table, l, k)->exists &= mixed_option(table, l, k)->is_measured;
  }
  mixed->level = level;
  scale_estimates(mixed, mixed->errors);
  mixed_sum(table, &mixed->home.plan);
  return mixed_front(&mixed->front, table, &mixed->arena, err);
}

static Status measure_layers(Search *s, Error *err) {
  Mixed *mixed = s->mixed;
  const MixedTable *table = &mixed->table;
  size_t count = (size_t)(table->layers * table->candidates) + 1;
  mixed->order = arena_new(&mixed->arena, (size_t)table->layers + 1, sizeof *mixed->order, err);
  mixed->errors = arena_new(&mixed->arena, count, sizeof *mixed->errors, err);
  if (mixed->order == NULL || mixed->errors == NULL) return err->status;
  for (int l = 0; l < table->layers; l++) mixed->errors[l * table->candidates] = home_option(mixed, l)->noise;
  order_by_weights(mixed, mixed->order);
  for (int i = 0; i < table->layers; i++) TRY(measure_option(s, mixed->order[i], 0, err));
  return measure_level(s, 0, err);
}

/* ---- a plan for the goal ---- */

static int largest_within(const MixedFront *front, int64_t bytes) {
  int at = 0;
  while (at < front->count - 1 && front->plans[at].bytes > bytes) at++;
  return at;
}

/* Bytes of weights that a file of at most `most` bytes has room for. Files are deflated: their sizes are
   looked up along the front. */
static Status weight_budget(const Search *s, int64_t most, int64_t *budget, Error *err) {
  const MixedFront *front = &s->mixed->front;
  int low = 0, high = front->count - 1; /* `high` is taken where no other fits */
  MixedPoint point = {0};
  while (low < high) {
    int middle = (low + high) / 2;
    point.plan = front->plans[middle];
    TRY(file_bytes(s, &point, err));
    if (point.file_bytes > 0 && point.file_bytes <= most)
      high = middle;
    else
      low = middle + 1;
  }
  point.plan = front->plans[high];
  TRY(file_bytes(s, &point, err));
  *budget = point.plan.bytes + most - point.file_bytes;
  return OK;
}

/* The best of the table for a budget of bytes, which shrinks as long as the file would be too large:
   alignment and deflation make it differ. */
static Status fit(const Search *s, const MixedTable *table, const MixedFront *front, int64_t *budget,
                  MixedPoint *point, Error *err) {
  Mixed *mixed = s->mixed;
  int64_t most = s->goal->most_file_bytes;
  TRY(new_plan(mixed, &point->plan, err));
  for (int i = 0; i < FITS_MOST; i++) {
    bool fits = mixed_fit(table, front, *budget, &point->plan);
    mixed_sum(&mixed->table, &point->plan);
    *point = point_of(mixed, &point->plan);
    if (!fits || most == 0) return OK;
    TRY(file_bytes(s, point, err));
    if (point->file_bytes <= most) return OK;
    *budget = point->plan.bytes - (point->file_bytes - most);
  }
  return OK;
}

static Status choose_size(const Search *s, MixedPoint *chosen, int64_t *budget, Error *err) {
  Mixed *mixed = s->mixed;
  *budget = s->goal->most_weight_bytes;
  if (s->goal->most_file_bytes > 0) TRY(weight_budget(s, s->goal->most_file_bytes, budget, err));
  TRY(fit(s, &mixed->table, &mixed->front, budget, chosen, err));
  mixed->is_reached = chosen->plan.bytes <= *budget;
  return measure(s, chosen, err);
}

static bool keeps(const Search *s, const MixedPoint *point) {
  double agreement = 100.0 * (double)point->measured.agreeing / (double)s->mixed->measured_samples;
  if (s->mixed->is_classifier && agreement < s->goal->least_agreement) return false;
  return point->measured.sqnr >= s->goal->least_sqnr;
}

/* The smallest of the front that keeps the quality, by halving; where none does the finest, or all layers as
   the first candidate. */
static Status choose_quality(Search *s, MixedPoint *chosen, Error *err) {
  Mixed *mixed = s->mixed;
  int low = 0, high = mixed->front.count;
  *chosen = point_of(mixed, &mixed->front.plans[0]);
  TRY(measure(s, chosen, err));
  mixed->is_reached = keeps(s, chosen);
  if (!mixed->is_reached && s->goal->is_estimate) *chosen = mixed->home;
  while (mixed->is_reached && high - low > 1 && !is_over(s)) {
    int middle = (low + high) / 2;
    MixedPoint point = point_of(mixed, &mixed->front.plans[middle]);
    TRY(measure(s, &point, err));
    if (keeps(s, &point)) {
      *chosen = point;
      low = middle;
    } else {
      high = middle;
    }
  }
  return own_choice(mixed, &chosen->plan, err);
}

/* ---- corrections ---- */

/* A layer's other option, by how near it is to being chosen. */
typedef struct Flip {
  int layer, candidate;
  double distance; /* of the logarithms of its slope and the front's */
} Flip;

static double slope_between(const MixedOption *fine, const MixedOption *small) {
  double noise = fmax(small->noise - fine->noise, 1e-30);
  return noise / (double)(fine->bytes > small->bytes ? fine->bytes - small->bytes : 1);
}

/* What a byte costs where the front has the plan's size. */
static double slope_at(const Mixed *mixed, int64_t bytes) {
  const MixedFront *front = &mixed->front;
  int at = largest_within(front, bytes);
  if (front->count < 2) return 1;
  if (at == 0) at = 1;
  const MixedPlan *before = &front->plans[at - 1], *after = &front->plans[at];
  return fmax(after->noise - before->noise, 1e-30) / (double)(before->bytes - after->bytes);
}

static int compare_flips(const void *a, const void *b) {
  const Flip *left = a, *right = b;
  if (left->distance != right->distance) return left->distance < right->distance ? -1 : 1;
  return left->layer != right->layer ? left->layer - right->layer : left->candidate - right->candidate;
}

static int list_flips(const Mixed *mixed, const MixedPlan *plan, Flip *flips) {
  const MixedTable *table = &mixed->table;
  double slope = slope_at(mixed, plan->bytes);
  int count = 0;
  for (int l = 0; l < table->layers; l++)
    for (int k = 0; k < table->candidates; k++) {
      const MixedOption *now = mixed_option(table, l, plan->choice[l]), *then = mixed_option(table, l, k);
      if (k == plan->choice[l] || !then->exists) continue;
      bool is_smaller = then->bytes < now->bytes;
      double own = is_smaller ? slope_between(now, then) : slope_between(then, now);
      flips[count++] = (Flip){l, k, fabs(log(own / slope))};
    }
  qsort(flips, (size_t)count, sizeof *flips, compare_flips);
  return count;
}

/* Options near the chosen plan get the noise that they add in it. */
static Status correct_table(Search *s, const MixedTable *table, const MixedPoint *chosen, Flip *flips,
                            Error *err) {
  uint8_t *choice = chosen->plan.choice;
  int count = list_flips(s->mixed, &chosen->plan, flips);
  for (int i = 0; i < count && i < s->corrections.flips && !is_over(s); i++) {
    Damage damage;
    int layer = flips[i].layer;
    uint8_t now = choice[layer];
    choice[layer] = (uint8_t)flips[i].candidate;
    Status status = mixed_bench_plan(s->mixed->bench, choice, &damage, err);
    choice[layer] = now;
    if (status != OK) return status;
    double change = damage.noise - chosen->measured.noise;
    mixed_option(table, layer, flips[i].candidate)->noise = mixed_option(table, layer, now)->noise + change;
    progress(s);
  }
  return OK;
}

static Status copy_table(MixedTable *copy, const MixedTable *table, Arena *arena, Error *err) {
  TRY(mixed_table_new(copy, table->layers, table->candidates, arena, err));
  memcpy(copy->options, table->options, (size_t)(table->layers * table->candidates) * sizeof *copy->options);
  return OK;
}

/* The best for as many bytes by the corrected table. */
static Status next_plan(const Search *s, const MixedTable *corrected, int64_t budget, MixedPoint *next,
                        Error *err) {
  MixedFront front;
  TRY(mixed_front(&front, corrected, &s->mixed->arena, err));
  return fit(s, corrected, &front, &budget, next, err);
}

/* What layers do around the chosen plan is measured, another plan chosen by that; as long as it is better. */
static Status correct(Search *s, int64_t budget, Error *err) {
  Mixed *mixed = s->mixed;
  MixedTable corrected;
  size_t most = (size_t)(mixed->table.layers * mixed->table.candidates) + 1;
  Flip *flips = arena_new(&mixed->arena, most, sizeof *flips, err);
  if (flips == NULL) return err->status;
  TRY(copy_table(&corrected, &mixed->table, &mixed->arena, err));
  for (int round = 0; round < s->corrections.rounds && !is_over(s); round++) {
    MixedPoint next;
    TRY(correct_table(s, &corrected, &mixed->chosen, flips, err));
    TRY(next_plan(s, &corrected, budget, &next, err));
    if (memcmp(next.plan.choice, mixed->chosen.plan.choice, (size_t)mixed->table.layers) == 0) return OK;
    TRY(measure(s, &next, err));
    if (next.measured.noise >= mixed->chosen.measured.noise) return OK;
    mixed->chosen = next;
  }
  return OK;
}

/* ---- the whole ---- */

/* Some of the front, at even distances in the logarithm of noise: the ends, and what is between them. */
static void pick_points(Mixed *mixed) {
  const MixedFront *front = &mixed->front;
  int last = front->count - 1, wanted = MIXED_MAX_POINTS < front->count ? MIXED_MAX_POINTS : front->count;
  double first_bytes = (double)front->plans[0].bytes, span = first_bytes - (double)front->plans[last].bytes;
  int at = 0;
  for (int p = 0; p < wanted; p++) {
    double bytes = first_bytes - span * p / (wanted > 1 ? wanted - 1 : 1);
    while (at < last && (double)front->plans[at].bytes > bytes) at++;
    if (mixed->point_count > 0 && mixed->points[mixed->point_count - 1].plan.bytes == front->plans[at].bytes)
      continue;
    mixed->points[mixed->point_count++] = point_of(mixed, &front->plans[at]);
  }
}

static Status measure_points(Search *s, Error *err) {
  Mixed *mixed = s->mixed;
  pick_points(mixed);
  for (int p = 0; p < mixed->point_count; p++) {
    if (!is_over(s)) TRY(measure(s, &mixed->points[p], err));
    TRY(file_bytes(s, &mixed->points[p], err));
  }
  TRY(file_bytes(s, &mixed->chosen, err));
  return file_bytes(s, &mixed->home, err);
}

int64_t mixed_recovery_runs(const Mixed *mixed) {
  int64_t count = 0;
  for (int k = 0; k < mixed->candidate_count; k++) count += mixed->candidates[k].weight_bits < 8;
  return mixed->is_fitted ? count * mixed->recovery_samples * RECOVERY_PASSES / mixed->measured_samples : 0;
}

int64_t mixed_runs(const Mixed *mixed) {
  int64_t front = MIXED_MAX_POINTS + HALVINGS_MOST,
          alone = (int64_t)mixed->table.layers * mixed->table.candidates;
  return 1 + alone + (int64_t)mixed->corrections * (mixed->flips + 1) + front;
}

Status mixed_search(Mixed *mixed, const MixedGoal *goal, const MixedHooks *hooks, Error *err) {
  Search s = {.mixed = mixed, .goal = goal, .hooks = hooks, .begun_with = mixed->runs};
  int64_t budget = 0;
  s.corrections = (Corrections){mixed->corrections, mixed->flips};
  TRY(measure_layers(&s, err));
  if (goal->has_quality) {
    TRY(choose_quality(&s, &mixed->chosen, err));
    for (int level = 1; level <= LEVEL_FLOAT && !mixed->is_reached && !goal->is_estimate && !is_over(&s);
         level++) {
      TRY(measure_level(&s, level, err));
      TRY(choose_quality(&s, &mixed->chosen, err));
    }
    budget = mixed->chosen.plan.bytes;
  } else {
    TRY(choose_size(&s, &mixed->chosen, &budget, err));
  }
  if (mixed->is_reached) TRY(correct(&s, budget, err));
  return measure_points(&s, err);
}

static Status prepare(Mixed *mixed, Graph *graph, const Calibration *calibration,
                      const MixedSettings *settings, const SampleReader *reader, Pool *pool, Error *err) {
  const Corrections *corrections = &corrections_by_effort[settings->recovery.effort];
  mixed->corrections = corrections->rounds;
  mixed->flips = corrections->flips;
  mixed->is_fitted = settings->is_fitted && settings->recovery.effort > EFFORT_NONE;
  mixed->recovery_samples = settings->recovery.effort >= EFFORT_HIGH ? 128 : 32;
  mixed->measured_samples = settings->measured < settings->samples ? settings->measured : settings->samples;
  list_candidates(mixed, settings);
  TRY(mixed_bench_new(&mixed->bench, mixed, graph, calibration, settings, reader, pool, err));
  if (mixed->table.layers == 0)
    return fail(err, BAD_USAGE, "--bits mixed: the model has no weights whose bits could be chosen");
  return new_plan(mixed, &mixed->home.plan, err);
}

Status mixed_measure_home(Mixed *mixed, Error *err) {
  mixed_sum(&mixed->table, &mixed->home.plan);
  mixed->home.is_measured = true;
  return mixed_bench_plan(mixed->bench, mixed->home.plan.choice, &mixed->home.measured, err);
}

Status mixed_new(Mixed **mixed, Graph *graph, const Calibration *calibration, const MixedSettings *settings,
                 const SampleReader *reader, Pool *pool, Error *err) {
  Mixed *made = *mixed = calloc(1, sizeof *made);
  if (made == NULL) return fail_memory(err);
  Status status = prepare(made, graph, calibration, settings, reader, pool, err);
  if (status == OK) return OK;
  mixed_free(made);
  *mixed = NULL;
  return status;
}

Status mixed_choose_finer(Mixed *mixed, const MixedHooks *hooks, bool *is_finer, Error *err) {
  Search s = {.mixed = mixed, .hooks = hooks, .begun_with = mixed->runs};
  *is_finer = false;
  while (mixed->level < LEVEL_FLOAT && !*is_finer && !is_over(&s)) {
    TRY(measure_level(&s, mixed->level + 1, err));
    *is_finer =
        memcmp(mixed->front.plans[0].choice, mixed->chosen.plan.choice, (size_t)mixed->table.layers) != 0;
  }
  mixed->chosen = point_of(mixed, &mixed->front.plans[0]);
  return own_choice(mixed, &mixed->chosen.plan, err);
}

Status mixed_measure_chosen(Mixed *mixed, Error *err) {
  mixed->chosen.is_measured = true;
  return mixed_bench_plan(mixed->bench, mixed->chosen.plan.choice, &mixed->chosen.measured, err);
}

bool mixed_choose_within(Mixed *mixed, int64_t bytes) {
  bool fits = mixed_fit(&mixed->table, &mixed->front, bytes, &mixed->chosen.plan);
  mixed->chosen = point_of(mixed, &mixed->chosen.plan);
  return fits;
}

bool mixed_choose_larger(Mixed *mixed, int64_t step) {
  const MixedFront *front = &mixed->front;
  int64_t now = mixed->chosen.plan.bytes;
  if (front->plans[0].bytes <= now) return false;
  int at = largest_within(front, now);
  while (at > 0 && front->plans[at].bytes < now + step) at--;
  mixed->chosen = point_of(mixed, &front->plans[at]);
  return true;
}

void mixed_free(Mixed *mixed) {
  if (mixed == NULL) return;
  mixed_bench_free(mixed->bench);
  arena_free(&mixed->arena);
  free(mixed);
}
