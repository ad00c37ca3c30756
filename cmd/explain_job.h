/* explain_job.h - what `edgec explain` does: two models, and what differs between them. */
#ifndef CMD_EXPLAIN_JOB_H
#define CMD_EXPLAIN_JOB_H

#include "cmd/explain_side.h"

/* One thing that differs. Texts are empty where a side does not have it. */
typedef struct Change {
  const char *layer; /* or "" of the whole model */
  const char *what;  /* "scale", "bytes", "layer" ... */
  const char *before, *after;
  bool is_number; /* the texts are numbers */
} Change;

typedef struct ExplainJob {
  const Options *options;
  ExplainSide sides[2];
  bool is_same_file; /* byte for byte */
  Change *changes;   /* of the whole model first, then layer by layer */
  size_t count, capacity;
  int added, removed, changed, unchanged; /* layers */
  Arena arena;
} ExplainJob;

/* The job needs explain_job_free() in any case. */
Status explain_job_run(ExplainJob *job, const Options *options, Error *err);
void explain_job_free(ExplainJob *job);

void explain_table(const ExplainJob *job, Text *text);
void explain_json(const ExplainJob *job, Text *text);

#endif
