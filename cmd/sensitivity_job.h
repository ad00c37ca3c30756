/* sensitivity_job.h - what `edgec sensitivity` does, and what it finds out on the way. */
#ifndef CMD_SENSITIVITY_JOB_H
#define CMD_SENSITIVITY_JOB_H

#include "cmd/inputs.h"
#include "cmd/model.h"
#include "quantize/qdq_read.h"
#include "quantize/quantize.h"
#include "quantize/sensitivity.h"

typedef struct SensitivityJob {
  const Options *options;
  Model model; /* cleaned and quantized */
  Inputs inputs;
  QdqTaken taken; /* parameters that came with the model */
  int64_t calibration_samples, measure_from, measure_samples;
  bool measured_on_calibration; /* there were too few samples to set some aside */
  int bits;                     /* that rank the layers: 4 or 8 */
  Sensitivity sensitivity;
  double seconds;
} SensitivityJob;

/* The job needs sensitivity_job_free() in any case. */
Status sensitivity_job_run(SensitivityJob *job, const Options *options, Error *err);
void sensitivity_job_free(SensitivityJob *job);

/* The ranking with bars, and the same numbers for programs. */
void sensitivity_table(const SensitivityJob *job, Text *text);
void sensitivity_csv(const SensitivityJob *job, Text *text);
void sensitivity_json(const SensitivityJob *job, Text *text);

#endif
