/*
 * runnable.h - a model of either kind, .onnx or .edge, opened and made ready to run on the same samples as
 * others.
 *
 *     Runnable first, second;
 *     TRY(runnable_open(&first, "model.onnx", &err));
 *     TRY(runnable_open(&second, "model.edge", &err));
 *     TRY(inputs_begin(&inputs, options, "data", &err));
 *     TRY(runnable_bind(&first, &inputs, workers, &err));      // its inputs decide how the data is read
 *     TRY(runnable_follow(&second, &inputs, workers, &err));   // takes the same
 *     ... first.subject, second.subject ...
 *     runnable_close(&first); runnable_close(&second);
 */
#ifndef CMD_RUNNABLE_H
#define CMD_RUNNABLE_H

#include "cmd/inputs.h"
#include "cmd/model.h"
#include "formats/edge/edge_file.h"

typedef struct Runnable {
  const char *path; /* the caller's */
  bool is_edge;
  Model model;      /* of an ONNX file */
  EdgeFile file;    /* of an .edge file */
  Subject *subject; /* NULL until bound */
} Runnable;

/* Told apart by what the file begins with, not by its name. */
Status runnable_open(Runnable *runnable, const char *path, Error *err);
void runnable_close(Runnable *runnable); /* accepts a zeroed one */

/* Opens the data for this model's inputs, and labels for its first output. */
Status runnable_bind(Runnable *runnable, Inputs *inputs, int workers, Error *err);
/* Gives the model inputs that another one has settled. BAD_INPUT where they do not fit. */
Status runnable_follow(Runnable *runnable, const Inputs *inputs, int workers, Error *err);

int64_t runnable_bytes(const Runnable *runnable); /* of the file */
int64_t runnable_macs(const Runnable *runnable);  /* of one sample; once bound */
/* BAD_INPUT where an .edge file's self-test fails. */
Status runnable_self_test(const Runnable *runnable, Error *err);
/* "22,698 parameters, 1.1 MMAC" or "integer-only, arena 18.0 KB". */
void runnable_words(const Runnable *runnable, Text *text);
/* The members of an object. */
void runnable_json(const Runnable *runnable, Json *json);

#endif
