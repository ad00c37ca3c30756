/* loss.h - what the classification losses share: labels, weights, the reduction. */
#ifndef OPERATORS_LOSS_LOSS_H
#define OPERATORS_LOSS_LOSS_H

#include "operators/op.h"

#define LOSS_NO_IGNORED INT64_MIN

typedef struct LossParams {
  int64_t ignore_index; /* a label that does not count; LOSS_NO_IGNORED: none */
  int reduction;
} LossParams;

extern const AttributeRow loss_attributes[];

/* Output 0 from scores [N, C, ...] (input 0), labels [N, ...] and weights [C]. */
Status loss_infer(Infer *infer);
/* `log_probabilities` as scores lie. */
Status loss_run(Run *run, const double *log_probabilities);
/* Writes the gradient of the weights, and adds that of the log probabilities to `to`; where output 0 has
   none, they are zero. */
void loss_grad(Grad *grad, const double *log_probabilities, double *to);

#endif
