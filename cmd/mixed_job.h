/* mixed_job.h - the search of `edgec quantize --bits mixed`, and further tries after the real file missed its
 * goal. */
#ifndef CMD_MIXED_JOB_H
#define CMD_MIXED_JOB_H

#include "cmd/gates.h"
#include "cmd/inputs.h"
#include "cmd/model.h"
#include "formats/edge/edge_file.h"
#include "quantize/mixed.h"

typedef struct MixedJob {
  const Options *options;
  Model model;  /* the search's own */
  Model first;  /* of the first try, once there is another: the reference may share its weights */
  Mixed *mixed; /* NULL: the scheme is another one */
  MixedGoal goal;
  EdgeFileForm form;    /* of the file whose size counts */
  const char *metadata; /* in it */
  int64_t planned_runs;
  double run_seconds, seconds, deadline; /* of one run; of all; of the clock, 0: none */
  int tries;                             /* files that were made */
} MixedJob;

/* `job->model` is open and clean, `job->metadata` filled in. Prints the plan before it starts. */
Status mixed_job_search(MixedJob *job, const Options *options, const QuantizeOptions *settings,
                        const Calibration *calibration, const Inputs *inputs, int64_t samples, Pool *pool,
                        Error *err);
/* After a file was made and judged: is there another plan to try? Says in the gates where there is none. */
Status mixed_job_again(MixedJob *job, int64_t bytes, GateResults *gates, bool *again, Error *err);
void mixed_job_free(MixedJob *job); /* accepts a zeroed one */

/* Lines of the summary; a table of the front; members of the report; a picture of the front. */
void mixed_lines(const MixedJob *job, Text *text);
void mixed_table(const MixedJob *job, Text *text);
void mixed_json(const MixedJob *job, Json *json);
void mixed_svg(const MixedJob *job, Text *text);
/* Adds a line "mixed=3x4/32 4x8": layers by candidate; nothing for other schemes. */
void mixed_metadata(const MixedJob *job, Text *text);

#endif
