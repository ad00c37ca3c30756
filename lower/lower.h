/*
 * lower.h - a quantized graph becomes an edge program: instructions, tensors, constants, a memory plan.
 *
 *     EdgeProgram program = {0};
 *     TRY(lower_graph(graph, &program, &err));      // every value has its QuantSpec, every shape is known
 *     ... formats/edge writes it ...
 *     edge_program_free(&program);
 *
 * One file a role (operators/op.h). Activations of rank 3 and 4 that flow between convolutions and pools lie
 * channels-last; conversions are inserted only where the order matters to the next instruction. Inputs and
 * outputs have the model's own shapes and orders.
 *
 * What a QuantSpec may ask for:
 *   16 bits   of inputs, operands and results of every role: all integer instructions read and write them.
 *             What shares codes by being moved must have the same ones.
 *   internal  of outputs of the roles linear, sum, product, pick, average, whose one user is a Relu or a Clip
 *             (scale_count 0) or any function of one element with 8-bit output (scale_count 1). A MatMul with
 *             constant weights and the Add of its bias are one in the same way (scale_count 0).
 * A node for which that does not hold is computed in float32 where the runtime can.
 */
#ifndef LOWER_LOWER_H
#define LOWER_LOWER_H

#include "graph/graph.h"
#include "runtime/program.h"

/* One instruction: tensor[] are indices into `tensors`, -1 for an absent optional input. */
typedef struct ProgramInstruction {
  EdgeOpcode opcode;
  int input_count, output_count;
  int32_t tensor[EDGE_MAX_INPUTS + EDGE_MAX_OUTPUTS]; /* inputs, then outputs */
  const int32_t *params;
  int param_words;
  const char *layer; /* name of the ONNX value that it produces; "" for a conversion */
} ProgramInstruction;

typedef struct ProgramPort {
  const char *name;
  int32_t tensor;
} ProgramPort;

/* Everything lives in `arena`. */
typedef struct EdgeProgram {
  Arena arena;
  EdgeTensor *tensors;
  int tensor_count;
  ProgramInstruction *instructions;
  int instruction_count;
  uint8_t *weights; /* constants, each aligned to EDGE_ALIGNMENT */
  size_t weights_bytes;
  ProgramPort *inputs, *outputs;
  int input_count, output_count;
  size_t arena_bytes, scratch_offset; /* the memory plan */
  bool integer_only;
} EdgeProgram;

/* UNSUPPORTED with the list of nodes for which the runtime has no instruction. */
Status lower_graph(const Graph *graph, EdgeProgram *program, Error *err);
void edge_program_free(EdgeProgram *program);

#endif
