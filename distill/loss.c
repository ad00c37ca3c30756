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
  if (rows->gradient != NULL) rows->gradient[at] += (float)(value * rows->scale);
}

/* Sum of truth * -log(softmax(output)); the gradient is the difference of the two. */
static double cross_entropy(const LossRows *rows, int64_t row, double weight) {
  const float *output = rows->output + row * rows->count, *truth = rows->truth + row * rows->count;
  double *p = rows->scratch, loss = 0;
  double normalizer = softmax(p, output, rows->count, 1);
  for (int64_t i = 0; i < rows->count; i++) {
    if (truth[i] > 0) loss += (double)truth[i] * (normalizer - (double)output[i]);
    add_gradient(rows, row * rows->count + i, weight * (p[i] - (double)truth[i]));
  }
  return loss;
}

static double divergence(const LossRows *rows, int64_t row, double temperature, double weight) {
  const float *output = rows->output + row * rows->count, *target = rows->target + row * rows->count;
  double *p = rows->scratch, *q = p + rows->count, loss = 0;
  double of_output = softmax(p, output, rows->count, temperature);
  double of_target = softmax(q, target, rows->count, temperature);
  for (int64_t i = 0; i < rows->count; i++) {
    double log_p = (double)output[i] / temperature - of_output;
    double log_q = (double)target[i] / temperature - of_target;
    if (q[i] > 0) loss += q[i] * (log_q - log_p);
    add_gradient(rows, row * rows->count + i, weight * temperature * (p[i] - q[i]));
  }
  return loss * temperature * temperature;
}

static double distillation(const LossOptions *options, const LossRows *rows, int64_t row) {
  double hard = rows->truth != NULL ? options->hard_weight : 0;
  double loss = hard > 0 ? hard * cross_entropy(rows, row, hard) : 0;
  if (hard < 1) loss += (1 - hard) * divergence(rows, row, options->temperature, 1 - hard);
  return loss;
}

static double squared_error(const LossRows *rows, int64_t row) {
  double loss = 0, count = (double)rows->count;
  for (int64_t i = row * rows->count; i < (row + 1) * rows->count; i++) {
    double difference = (double)rows->output[i] - (double)rows->target[i];
    loss += difference * difference / count;
    add_gradient(rows, i, 2 * difference / count);
  }
  return loss;
}

double loss_rows(const LossOptions *options, const LossRows *rows) {
  double loss = 0;
  for (int64_t row = 0; row < rows->rows; row++) switch (options->kind) {
    case LOSS_AUTO:
    case LOSS_CROSS_ENTROPY:
      loss += cross_entropy(rows, row, 1);
      break;
    case LOSS_DISTILLATION:
      loss += distillation(options, rows, row);
      break;
    case LOSS_MSE:
    case LOSS_RECONSTRUCTION:
      loss += squared_error(rows, row);
      break;
    }
  return loss;
}

int64_t loss_class_of(const float *row, int64_t count) {
  int64_t best = 0;
  for (int64_t i = 1; i < count; i++)
    if (row[i] > row[best]) best = i;
  return best;
}
