/* training_form.h - a graph as it is trained: BatchNormalization by the statistics of the batch, Dropout that
   drops. Inside distill/. */
#ifndef DISTILL_TRAINING_FORM_H
#define DISTILL_TRAINING_FORM_H

#include "operators/op.h"

typedef struct DropoutRatios {
  double hidden; /* put before each matrix product with weights; 0: only where the model has Dropout itself */
  double input;  /* the same for those that read an input of the model */
} DropoutRatios;

/* BatchNormalization nodes get the outputs 1 and 2, the running statistics. The graph must be refreshed, and
   is so afterwards, bound and inferred. */
Status training_form(Graph *graph, const DropoutRatios *ratios, Error *err);

#endif
