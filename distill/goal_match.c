/* The terms of inner values: which are meant, and what brings them to one size. */
#include "distill/goal.h"

#include <stdlib.h>
#include <string.h>

#define SUGGESTIONS 3 /* of names, where one is unknown */

typedef struct Matching {
  Goal *goal;
  const TrainModels *models;
  const FeatureOption *option;
  uint64_t seed;
  int teacher_nodes;                         /* of the model itself, without those that are added here */
  const bool *student_needs, *teacher_needs; /* by value: an output depends on it */
  double weight;
} Matching;

/* Two values that are to become alike. */
typedef struct Pair {
  Value *student, *teacher;
  FeatureForm own, other;
  FeatureWindows of_own, of_other;
} Pair;

static const char *option_name(const FeatureOption *option) {
  return option->kind == FEATURE_MATCH ? "match" : "attend";
}

/* ---- terms ---- */

static bool has_windows(const Pair *pair) {
  return feature_is_pooled(&pair->of_own);
}

static Status add_teacher(Matching *matching, const Pair *pair, Value *value, int *place, Error *err) {
  if (feature_is_pooled(&pair->of_other))
    value = feature_pool(matching->models->teacher, value, &pair->of_other, err);
  return value == NULL ? err->status : goal_add_teacher_value(matching->goal, value, place, err);
}

static int64_t shared_positions(const Pair *pair) {
  int64_t own = pair->own.positions;
  for (int a = 0; a < pair->of_own.axes; a++) own /= pair->of_own.sizes[a];
  return own;
}

static Status add_match(Matching *matching, const Pair *pair, Term *term, Error *err) {
  Goal *goal = matching->goal;
  term->function = loss_function(LOSS_MSE);
  term->compared = pair->other.channels * shared_positions(pair);
  TRY(add_teacher(matching, pair, pair->teacher, &term->place, err));
  if (has_windows(pair) || pair->own.channels != pair->other.channels) {
    const char *name = arena_format(&goal->arena, err, "%s=%s", pair->student->name, pair->teacher->name);
    if (name == NULL) return err->status;
    Status status = projection_new(&term->projection, &pair->student->shape, &pair->own, &pair->of_own,
                                   pair->other.channels, name, matching->seed, err);
    if (status == OK) status = goal_add_term(goal, term, err);
    if (status != OK) projection_free(term->projection);
    return status;
  }
  return goal_add_term(goal, term, err);
}

/* Which place of the map a position of the student's value belongs to. */
static void find_places(const Pair *pair, int64_t *place_of) {
  for (int64_t p = 0; p < pair->own.positions; p++) {
    int64_t rest = p, place = 0, step = 1;
    for (int a = pair->own.axes - 1; a >= 0; a--) {
      int64_t size = pair->own.sizes[a], window = pair->of_own.sizes[a];
      place += rest % size / window * step;
      step *= size / window;
      rest /= size;
    }
    place_of[p] = place;
  }
}

static Status add_attend(Matching *matching, const Pair *pair, Term *term, Error *err) {
  Goal *goal = matching->goal;
  const FeatureForm *own = &pair->own;
  int64_t places = shared_positions(pair);
  if (places < 2) return fail(err, BAD_INPUT, "a map of one place says nothing: there must be several");
  AttentionForm *form = arena_new(&goal->arena, 1, sizeof *form, err);
  int64_t *place_of = arena_new(&goal->arena, (size_t)own->positions, sizeof *place_of, err);
  if (form == NULL || place_of == NULL) return err->status;
  bool is_last = own->rank == 3;
  *form = (AttentionForm){.channels = own->channels,
                          .positions = own->positions,
                          .channel_stride = is_last ? 1 : own->positions,
                          .position_stride = is_last ? own->channels : 1,
                          .places = places,
                          .place_of = place_of};
  find_places(pair, place_of);
  Value *map = feature_sum_squares(matching->models->teacher, pair->teacher, &pair->other, err);
  if (map == NULL) return err->status;
  TRY(add_teacher(matching, pair, map, &term->place, err));
  term->function = loss_attention;
  term->attention = form;
  term->compared = places;
  return goal_add_term(goal, term, err);
}

static Status settle_pair(const Matching *matching, Pair *pair, Error *err) {
  if (!matching->student_needs[pair->student->index])
    return fail(err, BAD_INPUT, "no output of the student depends on it");
  TRY(feature_form(&pair->own, pair->student, "student", err));
  TRY(feature_form(&pair->other, pair->teacher, "teacher", err));
  return feature_windows(&pair->own, &pair->other, &pair->of_own, &pair->of_other, err);
}

static Status add_pair(Matching *matching, Value *student, Value *teacher, Error *err) {
  Pair pair = {.student = student, .teacher = teacher};
  TRY(settle_pair(matching, &pair, err));
  Term term = {.value = graph_find_value(matching->models->twin, student->name),
               .student = student,
               .count = pair.own.channels * pair.own.positions,
               .target = TARGET_TEACHER,
               .teacher_name = teacher->name,
               .weight = matching->weight};
  if (term.value == NULL) return fail(err, BAD_INPUT, "'%s' is not there in training", student->name);
  return matching->option->kind == FEATURE_MATCH ? add_match(matching, &pair, &term, err)
                                                 : add_attend(matching, &pair, &term, err);
}

/* As add_pair(), for values that were not named singly: those that do not fit are passed over. */
static Status add_if_fits(Matching *matching, Value *student, Value *teacher, int *added, Error *err) {
  Pair pair = {.student = student, .teacher = teacher};
  Error reason = {0};
  if (settle_pair(matching, &pair, &reason) != OK) return OK;
  ++*added;
  return add_pair(matching, student, teacher, err);
}

/* ---- names ---- */

/* Names that `name` is a part of, or the one nearest to it. */
static void suggest(const char *name, const char *const *names, int count, Text *text) {
  int found = 0, nearest = text_nearest(name, names, count);
  for (int i = 0; nearest < 0 && i < count && found < SUGGESTIONS; i++)
    if (strstr(names[i], name) != NULL) text_add(text, "%s'%s'", found++ > 0 ? ", " : "", names[i]);
  if (nearest >= 0) text_add(text, "'%s'", names[nearest]);
}

static Status unknown(const Matching *matching, const Graph *graph, const char *whose, const char *name,
                      Error *err) {
  Text text = {0};
  int count = 0;
  const char **names = calloc((size_t)graph->value_count + 1, sizeof *names);
  if (names == NULL) return fail_memory(err);
  for (int v = 0; v < graph->value_count; v++)
    if (graph->values[v]->producer != NULL) names[count++] = graph->values[v]->name;
  suggest(name, names, count, &text);
  const char *option = option_name(matching->option);
  if (text.length > 0)
    fail(err, BAD_USAGE, "--%s: the %s has no value '%s'; did you mean %s?", option, whose, name, text.bytes);
  else
    fail(err, BAD_USAGE, "--%s: the %s has no value '%s'", option, whose, name);
  free(names);
  text_free(&text);
  return BAD_USAGE;
}

/* NAME or NAME:WEIGHT; names may have colons too, so the whole is looked for first. */
static Status split_weight(Matching *matching, const char **name, Error *err) {
  const char *text = matching->option->teacher, *colon = strrchr(text, ':');
  double weight;
  *name = text;
  matching->weight = 1;
  if (graph_find_value(matching->models->teacher, text) != NULL || colon == NULL) return OK;
  if (!text_to_double(colon + 1, &weight) || weight <= 0) return OK;
  matching->weight = weight;
  *name = arena_text_of(&matching->goal->arena, text, (size_t)(colon - text), err);
  return *name != NULL ? OK : err->status;
}

static Status add_named(Matching *matching, const char *student_name, const char *teacher_name, Error *err) {
  const TrainModels *models = matching->models;
  Value *student = graph_find_value(models->student, student_name);
  if (student == NULL) return unknown(matching, models->student, "student", student_name, err);
  Value *teacher = graph_find_value(models->teacher, teacher_name);
  if (teacher == NULL) return unknown(matching, models->teacher, "teacher", teacher_name, err);
  if (add_pair(matching, student, teacher, err) == OK) return OK;
  return fail_within(err, "--%s %s=%s", option_name(matching->option), student_name, teacher_name);
}

/* ---- values of one name, values at the end of a stage ---- */

static bool is_pattern(const char *text) {
  return strchr(text, '*') != NULL || strchr(text, '?') != NULL;
}

static Status add_pattern(Matching *matching, const char *pattern, Error *err) {
  const Graph *student = matching->models->student;
  int added = 0;
  for (int n = 0; n < student->node_count; n++)
    for (int o = 0; o < student->nodes[n]->output_count; o++) {
      Value *value = student->nodes[n]->outputs[o];
      if (value == NULL || !text_matches(pattern, value->name)) continue;
      Value *teacher = graph_find_value(matching->models->teacher, value->name);
      if (teacher != NULL) TRY(add_if_fits(matching, value, teacher, &added, err));
    }
  if (added > 0) return OK;
  return fail(err, BAD_USAGE, "--%s %s: student and teacher have no values of that name that fit one another",
              option_name(matching->option), pattern);
}

/* The last value of pictures of `like`'s size that is needed; `like` NULL: of any. Looks at nodes before
 * `end`.
 */
static Value *last_of_size(const Graph *graph, const bool *needed, int end, const Value *like) {
  for (int n = end - 1; n >= 0; n--) {
    Value *value = graph->nodes[n]->output_count > 0 ? graph->nodes[n]->outputs[0] : NULL;
    if (value == NULL || !value->has_shape || value->shape.rank != 4 || !needed[value->index]) continue;
    bool is_picture = value->shape.dims[2] > 1 || value->shape.dims[3] > 1;
    if (like == NULL
            ? is_picture
            : value->shape.dims[2] == like->shape.dims[2] && value->shape.dims[3] == like->shape.dims[3])
      return value;
  }
  return NULL;
}

/* Stages are told by the size of their pictures: what each ends with is compared. */
static Status add_stages(Matching *matching, Error *err) {
  const Graph *student = matching->models->student;
  const bool *needed = matching->student_needs;
  int added = 0;
  for (int n = 0; n < student->node_count; n++) {
    Value *value = last_of_size(student, needed, n + 1, NULL);
    if (value == NULL || value->producer != student->nodes[n]) continue;
    if (last_of_size(student, needed, student->node_count, value) != value) continue;
    Value *teacher =
        last_of_size(matching->models->teacher, matching->teacher_needs, matching->teacher_nodes, value);
    if (teacher != NULL) TRY(add_if_fits(matching, value, teacher, &added, err));
  }
  if (added > 0) return OK;
  return fail(err, BAD_USAGE,
              "--%s auto: the models have no pictures of one size inside; name values: STUDENT=TEACHER",
              option_name(matching->option));
}

static Status add_option(Matching *matching, Error *err) {
  const char *name, *student = matching->option->student;
  TRY(split_weight(matching, &name, err));
  if (student != NULL) return add_named(matching, student, name, err);
  if (strcmp(name, "auto") == 0) return add_stages(matching, err);
  return is_pattern(name) ? add_pattern(matching, name, err) : add_named(matching, name, name, err);
}

/* By value: whether an output depends on it. Others are not computed. */
static const bool *needed_values(const Graph *graph, Arena *arena, Error *err) {
  bool *needed = arena_new(arena, (size_t)graph->value_count, sizeof *needed, err);
  if (needed == NULL) return NULL;
  for (int o = 0; o < graph->output_count; o++) needed[graph->outputs[o]->index] = true;
  for (int n = graph->node_count - 1; n >= 0; n--) {
    const Node *node = graph->nodes[n];
    bool is_run = false;
    for (int o = 0; o < node->output_count; o++)
      is_run = is_run || (node->outputs[o] != NULL && needed[node->outputs[o]->index]);
    for (int i = 0; is_run && i < node->input_count; i++)
      if (node->inputs[i] != NULL) needed[node->inputs[i]->index] = true;
  }
  return needed;
}

Status goal_add_features(Goal *goal, const TrainModels *models, const LossOptions *loss, uint64_t seed,
                         Error *err) {
  Matching matching = {.goal = goal, .models = models, .seed = seed};
  if (loss->feature_count == 0) return OK;
  if (models->teacher == NULL)
    return fail(err, BAD_INPUT, "inner values are compared with a teacher's, and there is none");
  matching.teacher_nodes = models->teacher->node_count;
  matching.student_needs = needed_values(models->student, &goal->arena, err);
  matching.teacher_needs = needed_values(models->teacher, &goal->arena, err);
  if (matching.student_needs == NULL || matching.teacher_needs == NULL) return err->status;
  for (int i = 0; i < loss->feature_count; i++) {
    matching.option = &loss->features[i];
    TRY(add_option(&matching, err));
  }
  return OK;
}
