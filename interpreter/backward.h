/*
 * backward.h - reverse-mode differentiation: runs a graph forward, keeping what the way back needs, and from
 * gradients of some of its values computes those of others.
 *
 * A Backward is what is prepared once and shared by threads; a Tape is one thread's memory.
 *
 *     Backward *backward; Tape *tape;
 *     TRY(backward_new(&backward, graph, parameters, count, graph->outputs, graph->output_count, &err));
 *     TRY(tape_new(&tape, backward, &err));
 *     TRY(tape_forward(tape, inputs, seed, &err));
 *     float *dy = tape_begin(tape, graph->outputs[0], &err)->data;   // write dloss/dy there
 *     TRY(tape_backward(tape, &err));
 *     const Tensor *dw = tape_gradient(tape, parameters[0]);           // until the next forward run
 */
#ifndef INTERPRETER_BACKWARD_H
#define INTERPRETER_BACKWARD_H

#include "interpreter/interpreter.h"

typedef struct Backward Backward;
typedef struct Tape Tape;

/* `wanted`: constants and graph inputs of type float32 whose gradients are asked for. `roots`: values of type
   float32 that losses are functions of. UNSUPPORTED with all nodes between them whose operators have no
   gradient. The graph must be bound and inferred; contents of its constants may change between runs. */
Status backward_new(Backward **backward, const Graph *graph, Value *const *wanted, int wanted_count,
                    Value *const *roots, int root_count, Error *err);
void backward_free(Backward *backward); /* accepts NULL */

Status tape_new(Tape **tape, const Backward *backward, Error *err);
void tape_free(Tape *tape); /* accepts NULL */

/* As runner_run(). `seed`: of what is drawn at random. */
Status tape_forward(Tape *tape, const Tensor *const *inputs, uint64_t seed, Error *err);
/* What was computed of a value; until tape_backward(). NULL where nothing was. */
const Tensor *tape_value(const Tape *tape, const Value *value);
/* The gradient of a root, of zeros when asked for first after a forward run: losses add to it. NULL where
   memory ran out. */
Tensor *tape_begin(Tape *tape, const Value *root, Error *err);
/* Goes back from the roots that were begun. */
Status tape_backward(Tape *tape, Error *err);
/* The gradient of a wanted value, until the next forward run; NULL: it is zero. */
const Tensor *tape_gradient(const Tape *tape, const Value *wanted);

#endif
