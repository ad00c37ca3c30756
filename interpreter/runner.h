/* runner.h - a runner's memory, for the backward pass that lives in it. Inside interpreter/. */
#ifndef INTERPRETER_RUNNER_H
#define INTERPRETER_RUNNER_H

#include "interpreter/buffers.h"
#include "interpreter/interpreter.h"

Buffers *runner_buffers(Runner *runner);
/* Gives back what a run kept of a value; the value is then not there any more. */
void runner_release_value(Runner *runner, const Value *value);
/* Serves kernels with scratch memory, until runner_release_scratch(); they can neither set shapes nor run
   bodies. */
RunMemory runner_scratch_memory(Runner *runner);
void runner_release_scratch(Runner *runner);

#endif
