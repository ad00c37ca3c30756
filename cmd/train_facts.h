/* train_facts.h - what the result of a training depends on: what is in the files, and the options. */
#ifndef CMD_TRAIN_FACTS_H
#define CMD_TRAIN_FACTS_H

#include "cmd/train_job.h"

/* Into job->settings.keeping; models and samples are open, and nothing is trained yet. */
Status train_facts(TrainJob *job, Error *err);

#endif
