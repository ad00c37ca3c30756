/* calibrate_job.h - what `edgec calibrate` does: runs a model on samples, or merges what shards have seen. */
#ifndef CMD_CALIBRATE_JOB_H
#define CMD_CALIBRATE_JOB_H

#include "cmd/inputs.h"
#include "cmd/model.h"
#include "quantize/calib_file.h"
#include "quantize/qdq_read.h"

typedef struct CalibrateJob {
  const Options *options;
  QuantizeOptions settings; /* of the table: how ranges would be chosen */
  bool is_merge;
  const char *output;
  Model model; /* not of a merge, nor is what follows up to the result */
  Inputs inputs;
  QdqTaken taken; /* parameters that came with the model: `quantize` keeps them, whatever was seen */
  Calibration *calibration;
  double seconds;
  CalibFile *shards; /* of a merge */
  int shard_count;
  CalibFile result;
  int64_t output_bytes;
  Arena arena;
} CalibrateJob;

/* The whole job. The output exists afterwards only if the result is OK. */
Status calibrate_job_run(CalibrateJob *job, const Options *options, Error *err);
void calibrate_job_free(CalibrateJob *job);

/* What the user sees, and the same as JSON. */
void calibrate_summary(const CalibrateJob *job, Text *text);
void calibrate_json(const CalibrateJob *job, Text *text);

#endif
