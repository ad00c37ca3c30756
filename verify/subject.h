/* subject.h - what a subject holds. Inside verify/. */
#ifndef VERIFY_SUBJECT_H
#define VERIFY_SUBJECT_H

#include "verify/verify.h"

typedef struct SubjectOutput {
  float *values; /* bytes_new() memory */
  int64_t *integers;
  int64_t capacity, integer_capacity;
} SubjectOutput;

typedef struct SubjectWorker {
  Runner *runner; /* of a graph */
  void *arena;    /* of a program */
  float *floats;  /* room for the largest input */
  SubjectOutput *outputs;
} SubjectWorker;

struct Subject {
  const char *name;
  const Graph *graph; /* this or `model` */
  Interpreter *interpreter;
  const EdgeModel *model;
  const Arena *memory; /* of the program; or NULL */
  SubjectWorker *workers;
  int worker_count, output_count;
};

/* Lets a program's constants leave RAM where they may. */
void subject_release(const Subject *subject);

/* subject_run() of a program with the runtime's hooks. */
Status subject_run_observed(Subject *subject, int worker, const Tensor *const *inputs, const EdgeHooks *hooks,
                            Error *err);

#endif
