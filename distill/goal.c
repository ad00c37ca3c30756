#include "distill/goal.h"

#include <string.h>

/* The scores themselves where the graph ends in a Softmax of them. */
static Value *scores_of(const Graph *graph) {
  Value *output = graph->outputs[0];
  const Node *node = output->producer;
  bool is_softmax = node != NULL && (node_is(node, "Softmax") || node_is(node, "LogSoftmax"));
  return is_softmax ? node->inputs[0] : output;
}

static bool needs_scores(LossKind kind) {
  return kind == LOSS_CROSS_ENTROPY || kind == LOSS_DISTILLATION;
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

static LossKind automatic(const TrainModels *models, const TrainSet *set) {
  bool scores = has_scores(scores_of(models->student));
  if (models->teacher != NULL) return scores ? LOSS_DISTILLATION : LOSS_MSE;
  return scores && set->labels != NULL ? LOSS_CROSS_ENTROPY : LOSS_RECONSTRUCTION;
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

static Status check_partners(const Goal *goal, const TrainModels *models, const TrainSet *set, Error *err) {
  LossKind kind = goal->loss.kind;
  if (kind == LOSS_CROSS_ENTROPY && set->labels == NULL)
    return fail(err, BAD_INPUT, "cross-entropy needs the true classes, and the data has no labels");
  if ((kind == LOSS_DISTILLATION || kind == LOSS_MSE) && models->teacher == NULL)
    return fail(err, BAD_INPUT, "this loss compares with a teacher, and there is none");
  if (needs_scores(kind) && !has_scores(goal->output))
    return fail(err, BAD_INPUT, "output '%s' is no vector of scores: --loss mse compares any outputs",
                goal->output->name);
  int64_t other = goal->classes;
  if (models->teacher != NULL) TRY(row_elements(goal->teacher_output, &other, err));
  if (kind == LOSS_RECONSTRUCTION) other = tensor_elements(&set->forms[0]);
  if (other == goal->classes) return OK;
  return fail(err, BAD_INPUT, "output '%s' has %lld elements for a sample, and is to be compared with %lld",
              goal->output->name, (long long)goal->classes, (long long)other);
}

static Status check_labels(const Goal *goal, const TrainSet *set, Error *err) {
  for (int64_t i = 0; needs_scores(goal->loss.kind) && set->labels != NULL && i < set->count; i++) {
    int64_t label = train_set_label(set, i);
    if (label < 0 || label >= goal->classes)
      return fail(err, BAD_INPUT, "label %lld is %lld, but the model has classes 0..%lld only",
                  (long long)set->rows[i], (long long)label, (long long)goal->classes - 1);
  }
  return OK;
}

Status goal_settle(Goal *goal, const TrainModels *models, const TrainSet *set, const LossOptions *loss,
                   Error *err) {
  *goal = (Goal){.loss = *loss};
  if (loss->kind == LOSS_AUTO) goal->loss.kind = automatic(models, set);
  bool scores = needs_scores(goal->loss.kind);
  goal->output = scores ? scores_of(models->twin) : models->twin->outputs[0];
  goal->student_output = scores ? scores_of(models->student) : models->student->outputs[0];
  if (models->teacher != NULL)
    goal->teacher_output = scores ? scores_of(models->teacher) : models->teacher->outputs[0];
  TRY(row_elements(goal->output, &goal->classes, err));
  TRY(check_partners(goal, models, set, err));
  return check_labels(goal, set, err);
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
