/* compare_job.h - what `edgec compare` does: any number of models on the same samples. */
#ifndef CMD_COMPARE_JOB_H
#define CMD_COMPARE_JOB_H

#include "cmd/runnable.h"
#include "cmd/sample_range.h"

#define COMPARE_MAX 64 /* models */

typedef struct CompareJob {
  const Options *options;
  int count;
  Runnable models[COMPARE_MAX];        /* in the order in which they were named */
  Comparison comparisons[COMPARE_MAX]; /* the same order; against the reference */
  int reference;                       /* the first .onnx file; the first file where there is none */
  Inputs inputs;
  SampleRange range;
} CompareJob;

Status compare_job_run(CompareJob *job, const Options *options, Error *err);
void compare_job_free(CompareJob *job);

/* The table, and the same numbers for programs. */
void compare_table(const CompareJob *job, Text *text);
void compare_csv(const CompareJob *job, Text *text);
void compare_json(const CompareJob *job, Text *text);

#endif
