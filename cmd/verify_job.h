/* verify_job.h - what `edgec verify` does, and what it finds out on the way. */
#ifndef CMD_VERIFY_JOB_H
#define CMD_VERIFY_JOB_H

#include "cmd/gates.h"
#include "cmd/runnable.h"
#include "cmd/sample_range.h"

typedef struct VerifyJob {
  const Options *options;
  Runnable reference, candidate;
  Inputs inputs;
  SampleRange range;
  Comparison comparisons[2]; /* reference, candidate */
  LayerErrors layers;        /* of an .edge candidate */
  int64_t layer_samples;
  GateResults gates;
} VerifyJob;

Status verify_job_run(VerifyJob *job, const Options *options, Error *err);
void verify_job_free(VerifyJob *job);

/* What the user sees, and the same as JSON. */
void verify_summary(const VerifyJob *job, Text *text);
void verify_json(const VerifyJob *job, Text *text);

#endif
