/* quantize_job.h - what `edgec quantize` does, and what it finds out on the way. */
#ifndef CMD_QUANTIZE_JOB_H
#define CMD_QUANTIZE_JOB_H

#include "cmd/accounting.h"
#include "cmd/declared_shapes.h"
#include "cmd/gates.h"
#include "cmd/inputs.h"
#include "cmd/mixed_job.h"
#include "cmd/model.h"
#include "formats/edge/edge_file.h"
#include "quantize/calib_file.h"
#include "quantize/qdq_read.h"

typedef struct QuantizeJob {
  const Options *options;
  QuantizeOptions settings;
  const char *output;
  Model model;     /* cleaned and quantized */
  Model reference; /* as it is in the file */
  Inputs inputs;
  Inputs verify_inputs; /* of --verify-data */
  bool has_verify_data;
  CalibFile calib; /* of --calib; else empty */
  Calibration *calibration;
  Pool *pool;
  int64_t calibration_samples, recovery_samples, verify_from, verify_samples;
  bool verified_on_calibration; /* there were too few samples to set some aside */
  QuantizeReport report;
  MixedJob mixed; /* of --bits mixed */
  RecoveryReport recovery;
  QdqTaken qdq_taken;      /* parameters that came with the model */
  bool is_qdq;             /* the output is an ONNX model, */
  bool is_qoperator;       /* one with quantized operators */
  OutputFile out;          /* the written file, under its temporary name */
  EdgeFile file;           /* read back from it */
  DeclaredShapes declared; /* of the model, for a QDQ one */
  Model qdq;               /* or the written model */
  size_t file_bytes;
  Comparison comparisons[2]; /* the float model, the written file */
  LayerErrors layers;
  Accounting accounting; /* once the file is read back */
  GateResults gates;
  double calibrate_seconds, recover_seconds, verify_seconds;
} QuantizeJob;

/* The QDQ model in the place of the .edge file (qdq_output.c). */
Status qdq_output_choose(QuantizeJob *job, Error *err);
/* UNSUPPORTED where results of 16 bits are asked for: without codes their producers would be in float there.
 */
Status qdq_output_check(const QuantizeJob *job, Error *err);
Status qdq_output_read(QuantizeJob *job, const OutputFile *out, Error *err);

/* Everything but giving the verified file its name. The job needs quantize_job_free() in any case. */
Status quantize_job_run(QuantizeJob *job, const Options *options, Error *err);
/* Now the output exists. */
Status quantize_job_commit(QuantizeJob *job, Error *err);
void quantize_job_free(QuantizeJob *job);

/* What the user sees, and the same as JSON. */
void quantize_summary(const QuantizeJob *job, Text *text);
void quantize_json(const QuantizeJob *job, Text *text);

#endif
