/* train_job.h - what `edgec train` and `edgec distill` do, and what they find out on the way. */
#ifndef CMD_TRAIN_JOB_H
#define CMD_TRAIN_JOB_H

#include "cmd/declared_shapes.h"
#include "cmd/inputs.h"
#include "cmd/model.h"
#include "cmd/progress.h"
#include "cmd/train_log.h"
#include "cmd/train_quant.h"
#include "distill/distill.h"

typedef struct TrainJob {
  const Options *options;
  const char *output;
  TrainOptions settings;
  Model student, twin, teacher; /* twin: the student's file once more; teacher: zeroed where there is none */
  DeclaredShapes declared;      /* of the student's file */
  TrainModels models;           /* what of them is trained, by what */
  bool is_quant;                /* --quant: the twin is made of the quantized student */
  TrainQuant quant;
  Pool *pool;
  Inputs inputs;
  TrainSet set, held;
  TrainReport report;
  Progress progress;
  char doing[48]; /* what the progress line says */
  Error late;     /* of the log, which grows where nothing can fail */
  TrainLog log;
  Arena memory; /* of texts */
  int64_t samples, held_samples;
  size_t file_bytes;
  double seconds;
} TrainJob;

/* What to call the student. */
const char *train_job_student(const TrainJob *job);

/* Trains `student`, by `teacher` where it is not NULL, and writes the output. The job needs train_job_free()
   in any case. */
Status train_job_run(TrainJob *job, const Options *options, const char *teacher, const char *student,
                     Error *err);
void train_job_free(TrainJob *job);

/* What the user sees. */
void train_summary(const TrainJob *job, Text *text);

/* The run function of both commands: job and summary. */
Status train_command(const Options *options, const char *teacher, const char *student, Error *err);

#endif
