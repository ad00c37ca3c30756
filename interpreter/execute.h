/* execute.h - one node on given tensors: inference, memory for the outputs, the kernel. Inside interpreter/.
 */
#ifndef INTERPRETER_EXECUTE_H
#define INTERPRETER_EXECUTE_H

#include "operators/op.h"

/* Types and shapes of the outputs for these inputs: `values` gets what is known of the inputs and, behind
   them, of the outputs. */
Status execute_infer(const Node *node, const Tensor *const *in, InferValue *values, Error *err);

/* `in` and `out` have an entry for each input and output of the node, NULL where it is absent. `values` has
   room for input_count + output_count. Outputs get type, shape and, by memory->set_shape, their data. */
Status execute_node(const Node *node, const Tensor *const *in, Tensor *const *out, InferValue *values,
                    RunMemory *memory, bool plain, Error *err);

#endif
