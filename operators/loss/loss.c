/* shared by the family: labels, weights and reduction of a loss. */
#include "operators/loss/loss.h"

#include "operators/gradient.h"
#include "operators/reals.h"

#include <string.h>

static const char *const reductions[] = {"mean", "sum", "none", NULL};
enum { REDUCE_MEAN, REDUCE_SUM, REDUCE_NONE };

const AttributeRow loss_attributes[] = {
    ATTRIBUTE(LossParams, ignore_index, FIELD_INT, .otherwise = LOSS_NO_IGNORED),
    ATTRIBUTE(LossParams, reduction, FIELD_CHOICE, .otherwise = REDUCE_MEAN, .choices = reductions),
    {0}};

static bool dims_differ(Dim a, Dim b) {
  return dim_is_known(a) && dim_is_known(b) && a != b;
}

static Status check_labels(const Infer *infer, const Shape *scores, const Shape *labels) {
  if (labels->rank != scores->rank - 1)
    return infer_fail(infer, "labels of %d dimensions do not fit scores of %d", labels->rank, scores->rank);
  for (int d = 0; d < labels->rank; d++)
    if (dims_differ(labels->dims[d], scores->dims[d == 0 ? 0 : d + 1]))
      return infer_fail(infer, "labels have %lld along axis %d, which does not fit the scores",
                        (long long)labels->dims[d], d);
  return OK;
}

Status loss_infer(Infer *infer) {
  const InferValue *scores = &infer->in[0], *labels = &infer->in[1], *weights = infer_input(infer, 2);
  infer->out[0].type = scores->type;
  if (scores->has_shape && scores->shape.rank < 2)
    return infer_fail(infer, "scores have %d dimensions, at least 2 are needed", scores->shape.rank);
  if (scores->has_shape && labels->has_shape) TRY(check_labels(infer, &scores->shape, &labels->shape));
  if (weights != NULL && weights->has_shape && scores->has_shape &&
      (weights->shape.rank != 1 || dims_differ(weights->shape.dims[0], scores->shape.dims[1])))
    return infer_fail(infer, "there must be one weight for each class");
  if (((const LossParams *)infer->params)->reduction != REDUCE_NONE) {
    infer_set(infer, 0, scores->type, &SHAPE_SCALAR);
  } else if (labels->has_shape) {
    infer_set(infer, 0, scores->type, &labels->shape);
  }
  return OK;
}

/* What label i chooses. */
typedef struct LossItem {
  int64_t label, at; /* at: of its score */
  bool counts;
  double weight;
} LossItem;

static LossItem item_of(const Run *run, int64_t i) {
  const LossParams *params = run->params;
  const Tensor *weights = run_input(run, 2);
  const Shape *scores = &run->in[0]->shape;
  int64_t classes = scores->dims[1], inner = shape_product(scores, 2, scores->rank);
  LossItem item = {.label = tensor_get_integer(run->in[1], i)};
  item.counts = item.label != params->ignore_index;
  if (!item.counts || item.label < 0 || item.label >= classes) return item;
  item.at = (i / inner * classes + item.label) * inner + i % inner;
  item.weight = weights != NULL ? tensor_get(weights, item.label) : 1;
  return item;
}

Status loss_run(Run *run, const double *log_probabilities) {
  const LossParams *params = run->params;
  int64_t count = tensor_elements(run->in[1]), classes = run->in[0]->shape.dims[1];
  double sum = 0, weight_sum = 0;
  for (int64_t i = 0; i < count; i++) {
    LossItem item = item_of(run, i);
    if (item.counts && (item.label < 0 || item.label >= classes))
      return run_fail(run, "label %lld is not within 0..%lld", (long long)item.label, (long long)classes - 1);
    double loss = item.counts ? -item.weight * log_probabilities[item.at] : 0;
    if (params->reduction == REDUCE_NONE && run->out[0] != NULL) tensor_set(run->out[0], i, loss);
    sum += loss;
    weight_sum += item.weight;
  }
  if (params->reduction == REDUCE_NONE || run->out[0] == NULL) return OK;
  tensor_set(run->out[0], 0, params->reduction == REDUCE_MEAN ? sum / weight_sum : sum);
  return OK;
}

void loss_grad(Grad *grad, const double *log_probabilities, double *to) {
  const Run *run = &grad->run;
  int reduction = ((const LossParams *)run->params)->reduction;
  const float *dy = grad_of_output(grad, 0);
  float *d_weight = grad_of_input(grad, 2);
  int64_t count = tensor_elements(run->in[1]);
  double weight_sum = 0;
  if (d_weight != NULL) memset(d_weight, 0, tensor_bytes(grad->in_grad[2]));
  if (dy == NULL) return;
  for (int64_t i = 0; i < count; i++) weight_sum += item_of(run, i).weight;
  double share = reduction == REDUCE_MEAN ? 1 / weight_sum : 1;
  double mean = reduction == REDUCE_MEAN ? tensor_get(run->out[0], 0) : 0; /* falls as weights grow */
  for (int64_t i = 0; i < count; i++) {
    LossItem item = item_of(run, i);
    double d = share * (double)dy[reduction == REDUCE_NONE ? i : 0];
    if (!item.counts) continue;
    to[item.at] -= item.weight * d;
    if (d_weight != NULL) d_weight[item.label] += (float)(d * (-log_probabilities[item.at] - mean));
  }
}
