/* batch_model.h - a model that takes any number of samples at once, as training wants it. */
#ifndef CMD_BATCH_MODEL_H
#define CMD_BATCH_MODEL_H

#include "cmd/model.h"
#include "interpreter/samples.h"

/* Its inputs get the shapes of the reader's samples, with an open batch axis; then it is inferred. BAD_INPUT
   where they do not fit. */
Status batch_model_bind(Model *model, const SampleReader *reader, Error *err);

#endif
