#include "distill/loss.h"

#include <math.h>

/* p = softmax(x / temperature); returns the logarithm of the sum that it was divided by, with the largest. */
static double softmax(double *p, const float *x, int64_t count, double temperature) {
  double most = -INFINITY, sum = 0;
  for (int64_t i = 0; i < count; i++)
    if ((double)x[i] > most || isnan(x[i])) most = (double)x[i];
  for (int64_t i = 0; i < count; i++) sum += p[i] = exp(((double)x[i] - most) / temperature);
  for (int64_t i = 0; i < count; i++) p[i] /= sum;
  return log(sum) + most / temperature;
}

static void add_gradient(const LossRows *rows, int64_t at, double value) {
  if (rows->gradient != NULL) rows->gradient[at] += (float)(rows->weight * value * rows->scale);
}

/* Sum of truth * -log(softmax(output)); the gradient is the difference of the two. */
static double cross_entropy_row(const LossRows *rows, int64_t row) {
  const float *output = rows->output + row * rows->count, *truth = rows->target + row * rows->count;
  double *p = rows->scratch, loss = 0;
  double normalizer = softmax(p, output, rows->count, 1);
  for (int64_t i = 0; i < rows->count; i++) {
    if (truth[i] > 0) loss += (double)truth[i] * (normalizer - (double)output[i]);
    add_gradient(rows, row * rows->count + i, p[i] - (double)truth[i]);
  }
  return loss;
}

static double divergence_row(const LossRows *rows, int64_t row) {
  const float *output = rows->output + row * rows->count, *target = rows->target + row * rows->count;
  double *p = rows->scratch, *q = p + rows->count, t = rows->temperature, loss = 0;
  double of_output = softmax(p, output, rows->count, t), of_target = softmax(q, target, rows->count, t);
  for (int64_t i = 0; i < rows->count; i++) {
    double log_p = (double)output[i] / t - of_output, log_q = (double)target[i] / t - of_target;
    if (q[i] > 0) loss += q[i] * (log_q - log_p);
    add_gradient(rows, row * rows->count + i, t * (p[i] - q[i]));
  }
  return loss * t * t;
}

static double sum_rows(const LossRows *rows, double (*of_row)(const LossRows *rows, int64_t row)) {
  double loss = 0;
  for (int64_t row = 0; row < rows->rows; row++) loss += of_row(rows, row);
  return rows->weight * loss;
}

static double cross_entropy(const LossRows *rows) {
  return sum_rows(rows, cross_entropy_row);
}

static double divergence(const LossRows *rows) {
  return sum_rows(rows, divergence_row);
}

/* ---- means over the elements: the error of one, and how it changes with the output ---- */

typedef struct Deviation {
  double loss, slope;
} Deviation;

static Deviation squared(double difference) {
  return (Deviation){difference * difference, 2 * difference};
}

static Deviation absolute(double difference) {
  return (Deviation){fabs(difference), difference > 0 ? 1 : difference < 0 ? -1 : 0};
}

static Deviation huber(double difference) {
  Deviation far = absolute(difference);
  if (far.loss >= 1) return (Deviation){far.loss - 0.5, far.slope};
  return (Deviation){0.5 * difference * difference, difference};
}

static double mean_error(const LossRows *rows, Deviation (*of)(double difference)) {
  double loss = 0, count = (double)rows->count;
  for (int64_t i = 0; i < rows->rows * rows->count; i++) {
    Deviation error = of((double)rows->output[i] - (double)rows->target[i]);
    loss += error.loss / count;
    add_gradient(rows, i, error.slope / count);
  }
  return rows->weight * loss;
}

static double mean_squared(const LossRows *rows) {
  return mean_error(rows, squared);
}

static double mean_absolute(const LossRows *rows) {
  return mean_error(rows, absolute);
}

static double mean_huber(const LossRows *rows) {
  return mean_error(rows, huber);
}

LossFunction loss_function(LossKind kind) {
  static const LossFunction functions[] = {[LOSS_CROSS_ENTROPY] = cross_entropy,
                                           [LOSS_DISTILLATION] = divergence,
                                           [LOSS_MSE] = mean_squared,
                                           [LOSS_MAE] = mean_absolute,
                                           [LOSS_HUBER] = mean_huber,
                                           [LOSS_RECONSTRUCTION] = mean_squared,
                                           [LOSS_NONE] = NULL};
  return functions[kind];
}

int64_t loss_class_of(const float *row, int64_t count) {
  int64_t best = 0;
  for (int64_t i = 1; i < count; i++)
    if (row[i] > row[best]) best = i;
  return best;
}
