#include "distill/goal.h"

#include <stdlib.h>
#include <string.h>

/* One output of the student, and what there is to compare it with. */
typedef struct Output {
  int index;
  LossKind kind;
  Value *teacher;          /* NULL: none */
  const SampleRows *given; /* values it is to have; NULL: none */
  bool labels;             /* the true classes are its own */
} Output;

/* ---- lists ---- */

Status goal_add_term(Goal *goal, const Term *term, Error *err) {
  TRY(array_grow(&goal->terms, (size_t)goal->term_count, &goal->term_capacity, sizeof *goal->terms, err));
  goal->terms[goal->term_count++] = *term;
  return OK;
}

Status goal_add_teacher_value(Goal *goal, Value *value, int *place, Error *err) {
  for (*place = 0; *place < goal->teacher_count; ++*place)
    if (goal->teacher_values[*place] == value) return OK;
  TRY(array_grow(&goal->teacher_values, (size_t)goal->teacher_count, &goal->teacher_capacity, sizeof(Value *),
                 err));
  goal->teacher_values[goal->teacher_count++] = value;
  return OK;
}

void goal_free(Goal *goal) {
  for (int t = 0; t < goal->term_count; t++) projection_free(goal->terms[t].projection);
  free(goal->terms);
  free(goal->teacher_values);
  arena_free(&goal->arena);
  *goal = (Goal){0};
}

Status goal_add_weights(const Goal *goal, Weights *weights, Arena *arena, Error *err) {
  for (int t = 0; t < goal->term_count; t++)
    if (goal->terms[t].projection != NULL)
      TRY(weights_add_projection(weights, goal->terms[t].projection, arena, err));
  return OK;
}

/* ---- what outputs are ---- */

/* The scores themselves where an output is a Softmax of them. */
static Value *scores_of(const Graph *graph, int i) {
  Value *output = graph->outputs[i];
  const Node *node = output->producer;
  bool is_softmax = node != NULL && (node_is(node, "Softmax") || node_is(node, "LogSoftmax"));
  return is_softmax ? node->inputs[0] : output;
}

static bool needs_scores(LossKind kind) {
  return kind == LOSS_CROSS_ENTROPY || kind == LOSS_DISTILLATION;
}

static Value *value_of(const Graph *graph, int i, LossKind kind) {
  return needs_scores(kind) ? scores_of(graph, i) : graph->outputs[i];
}

/* A vector of at least two scores for each sample. */
static bool has_scores(const Value *output) {
  const Shape *shape = &output->shape;
  if (!output->has_shape || shape->rank < 2) return false;
  int64_t classes = 1;
  for (int d = 1; d < shape->rank; d++) {
    if (!dim_is_known(shape->dims[d])) return false;
    if (shape->dims[d] != 1 && classes != 1) return false;
    classes *= shape->dims[d];
  }
  return classes >= 2;
}

static Status row_elements(const Value *output, int64_t *count, Error *err) {
  const Shape *shape = &output->shape;
  *count = output->has_shape && shape->rank > 0 ? 1 : 0;
  for (int d = 1; d<shape->rank && * count> 0; d++)
    *count = dim_is_known(shape->dims[d]) ? *count * shape->dims[d] : 0;
  if (*count > 0 && output->type == ELEMENT_FLOAT32) return OK;
  return fail(err, BAD_INPUT, "output '%s' is no float32 tensor whose size for one sample is known",
              output->name);
}

/* ---- what they are compared with ---- */

static int find_output(const Graph *graph, const char *name) {
  for (int i = 0; i < graph->output_count; i++)
    if (strcmp(graph->outputs[i]->name, name) == 0) return i;
  return -1;
}

/* The teacher's output that belongs to output i: that of its name where all have one, else that at its
   place; -1: none. */
static int partner_of(const TrainModels *models, int i) {
  const Graph *student = models->student, *teacher = models->teacher;
  if (teacher == NULL) return -1;
  bool by_name = true;
  for (int k = 0; k < student->output_count; k++)
    by_name = by_name && find_output(teacher, student->outputs[k]->name) >= 0;
  if (by_name) return find_output(teacher, student->outputs[i]->name);
  return i < teacher->output_count ? i : -1;
}

static LossKind automatic(const Output *output, const Graph *student) {
  bool scores = has_scores(scores_of(student, output->index));
  if (output->teacher != NULL) return scores ? LOSS_DISTILLATION : LOSS_MSE;
  if (output->given != NULL) return LOSS_MSE;
  if (output->index > 0) return LOSS_NONE;
  return scores && output->labels ? LOSS_CROSS_ENTROPY : LOSS_RECONSTRUCTION;
}

/* Labels and inputs are those of the first output; others are trained where they have a partner. */
static LossKind settle_kind(const Output *output, const Graph *student, LossKind kind) {
  if (kind == LOSS_AUTO) return automatic(output, student);
  bool has_own = output->teacher != NULL || (output->given != NULL && kind != LOSS_DISTILLATION);
  bool is_first_only = kind == LOSS_CROSS_ENTROPY || kind == LOSS_RECONSTRUCTION;
  return output->index > 0 && (is_first_only || !has_own) ? LOSS_NONE : kind;
}

static void find_partners(Output *output, const TrainModels *models, const TrainSet *set, int i,
                          LossKind kind) {
  int partner = partner_of(models, i);
  *output =
      (Output){.index = i,
               .given = i < set->target_count && set->targets[i].bytes != NULL ? &set->targets[i] : NULL,
               .labels = i == 0 && set->labels != NULL};
  if (partner >= 0) output->teacher = models->teacher->outputs[partner];
  output->kind = settle_kind(output, models->student, kind);
  if (partner >= 0) output->teacher = value_of(models->teacher, partner, output->kind);
}

static Status check_partners(const Output *output, const Value *value, Error *err) {
  LossKind kind = output->kind;
  if (kind == LOSS_CROSS_ENTROPY && !output->labels)
    return fail(err, BAD_INPUT, "cross-entropy needs the true classes, and the data has no labels");
  if (kind == LOSS_DISTILLATION && output->teacher == NULL)
    return fail(err, BAD_INPUT, "this loss compares with a teacher, and there is none");
  if (output->teacher == NULL && output->given == NULL && kind != LOSS_CROSS_ENTROPY &&
      kind != LOSS_RECONSTRUCTION)
    return fail(err, BAD_INPUT, "this loss compares with a teacher or given values, and there are none");
  if (needs_scores(kind) && !has_scores(value))
    return fail(err, BAD_INPUT, "output '%s' is no vector of scores: --loss mse compares any outputs",
                value->name);
  return OK;
}

/* ---- terms of outputs ---- */

static Status add_comparison(Goal *goal, Term *term, LossKind kind, TargetKind target, int64_t other,
                             double weight, Error *err) {
  term->function = loss_function(kind);
  term->target = target;
  term->weight = weight;
  if (other != term->count)
    return fail(err, BAD_INPUT, "output '%s' has %lld elements for a sample, and is to be compared with %lld",
                term->student->name, (long long)term->count, (long long)other);
  return goal_add_term(goal, term, err);
}

static Status add_teacher(Goal *goal, Term *term, const Output *output, double weight, Error *err) {
  int64_t other;
  TRY(row_elements(output->teacher, &other, err));
  TRY(goal_add_teacher_value(goal, output->teacher, &term->place, err));
  return add_comparison(goal, term, output->kind, TARGET_TEACHER, other, weight, err);
}

/* With a teacher the truth has the share `hard` of the loss, and the teacher the rest. */
static Status add_truth_and_teacher(Goal *goal, Term *term, const Output *output, double hard, Error *err) {
  bool is_classes = output->kind == LOSS_DISTILLATION;
  bool has_truth = is_classes ? output->labels : output->given != NULL;
  double share = !has_truth ? 0 : output->teacher != NULL ? hard : 1;
  term->place = output->index;
  if (share > 0 && is_classes)
    TRY(add_comparison(goal, term, LOSS_CROSS_ENTROPY, TARGET_LABELS, term->count, share, err));
  else if (share > 0)
    TRY(add_comparison(goal, term, output->kind, TARGET_GIVEN,
                       (int64_t)(output->given->row_bytes / sizeof(float)), share, err));
  return share < 1 ? add_teacher(goal, term, output, 1 - share, err) : OK;
}

static Status add_terms(Goal *goal, const Output *output, const TrainModels *models, const TrainSet *set,
                        Error *err) {
  Value *value = value_of(models->twin, output->index, output->kind);
  Term term = {.value = value, .student = value_of(models->student, output->index, output->kind)};
  TRY(row_elements(value, &term.count, err));
  TRY(check_partners(output, value, err));
  term.compared = term.count;
  goal->outputs++;
  if (output->kind == LOSS_CROSS_ENTROPY)
    return add_comparison(goal, &term, output->kind, TARGET_LABELS, term.count, 1, err);
  if (output->kind == LOSS_RECONSTRUCTION)
    return add_comparison(goal, &term, output->kind, TARGET_INPUT, tensor_elements(&set->forms[0]), 1, err);
  return add_truth_and_teacher(goal, &term, output, goal->loss.hard_weight, err);
}

static Status check_labels(const Goal *goal, const TrainSet *set, Error *err) {
  for (int64_t i = 0; i < set->count; i++) {
    int64_t label = train_set_label(set, i);
    if (label < 0 || label >= goal->classes)
      return fail(err, BAD_INPUT, "label %lld is %lld, but the model has classes 0..%lld only",
                  (long long)set->rows[i], (long long)label, (long long)goal->classes - 1);
  }
  return OK;
}

Status goal_settle(Goal *goal, const TrainModels *models, const TrainSet *set, const LossOptions *loss,
                   uint64_t seed, Error *err) {
  *goal = (Goal){.loss = *loss};
  for (int i = 0; i < models->student->output_count; i++) {
    Output output;
    find_partners(&output, models, set, i, loss->kind);
    if (i == 0) goal->loss.kind = output.kind;
    bool is_float = models->student->outputs[i]->type == ELEMENT_FLOAT32;
    if (output.kind != LOSS_NONE && (i == 0 || is_float)) TRY(add_terms(goal, &output, models, set, err));
  }
  TRY(goal_add_features(goal, models, loss, seed, err));
  if (goal->term_count == 0)
    return fail(err, BAD_INPUT, "with --loss none there must be inner values that are compared: --match");
  goal->labelled = needs_scores(goal->loss.kind) && set->labels != NULL;
  goal->classes = goal->terms[0].count;
  return goal->labelled ? check_labels(goal, set, err) : OK;
}

void goal_truth(const Goal *goal, const TrainSet *set, const int64_t *indices, const int64_t *partners,
                const double *lambda, int64_t count, float *truth) {
  memset(truth, 0, (size_t)(count * goal->classes) * sizeof *truth);
  for (int64_t i = 0; i < count; i++) {
    double own = lambda != NULL ? lambda[i] : 1;
    float *row = truth + i * goal->classes;
    row[train_set_label(set, indices[i])] += (float)own;
    if (partners != NULL) row[train_set_label(set, partners[i])] += (float)(1 - own);
  }
}
