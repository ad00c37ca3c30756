/*
 * interpreter.h - runs a bound graph on the host, in float: the reference that everything is measured by.
 *
 * An Interpreter is what is prepared once and shared by threads; a Runner is one thread's memory. Values are
 * freed after their last use, buffers are used again, and one sample never depends on another.
 *
 *     Interpreter *interpreter; Runner *runner;
 *     TRY(interpreter_new(&interpreter, graph, &err));
 *     TRY(runner_new(&runner, interpreter, &err));
 *     TRY(runner_run(runner, inputs, NULL, &err));          // inputs[i]: tensor of graph->inputs[i]
 *     const Tensor *y = runner_output(runner, 0);            // until the next run
 *     runner_free(runner);
 *     interpreter_free(interpreter);
 */
#ifndef INTERPRETER_INTERPRETER_H
#define INTERPRETER_INTERPRETER_H

#include "operators/op.h"

typedef struct Interpreter Interpreter;
typedef struct Runner Runner;

/* The graph must be bound and stay unchanged. Only what the graph's outputs need is run. */
Status interpreter_new(Interpreter **interpreter, const Graph *graph, Error *err);
void interpreter_free(Interpreter *interpreter);
const Graph *interpreter_graph(const Interpreter *interpreter);

/* Uses the reference kernels instead of the fast ones; for tests. To be called before any run. */
void interpreter_use_plain(Interpreter *interpreter);

/* Runners keep every value until the next run, for a backward pass. To be called before any run. */
void interpreter_keep_values(Interpreter *interpreter);

Status runner_new(Runner **runner, const Interpreter *interpreter, Error *err);
void runner_free(Runner *runner);

/* Sees each tensor once, right after it was computed (graph inputs first, constants never). One that
   `rewrites` may change its elements (tensor->data), and later nodes read what it wrote: graph inputs are
   then copied first, so that the caller's stay as they are. */
typedef struct Observer {
  Status (*see)(void *context, const Value *value, const Tensor *tensor, Error *err);
  void *context;
  bool rewrites;
} Observer;

/* Runs the graph once. `inputs` has a tensor for each graph input, of its type and of a shape that fits. The
   tensors are read only during the call. `observer` may be NULL. */
Status runner_run(Runner *runner, const Tensor *const *inputs, const Observer *observer, Error *err);
/* The i-th graph output of the last run; valid until the next one. */
const Tensor *runner_output(const Runner *runner, int i);

/* What the last run computed of any value: NULL where nothing was; for values that are no graph outputs only
   after interpreter_keep_values(). */
const Tensor *runner_value(const Runner *runner, const Value *value);
/* What is drawn at random in training differs from seed to seed; 0 at first. */
void runner_set_seed(Runner *runner, uint64_t seed);

/* Computes one node on given tensors, outputs in `arena`; for constant folding and tables. */
Status interpreter_run_node(const Node *node, const Tensor *const *inputs, Tensor **outputs, Arena *arena,
                            Error *err);

#endif
