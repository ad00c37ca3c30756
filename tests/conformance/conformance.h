/* conformance.h - one ONNX test: a model, stored inputs, the outputs it must give. */
#ifndef TESTS_CONFORMANCE_CONFORMANCE_H
#define TESTS_CONFORMANCE_CONFORMANCE_H

#include "graph/graph.h"

/* Whether a computed tensor agrees with the expected one by the rule of the conformance data:
     float32, float64     |a - b| <= 1e-5 + 1e-3 |b|
     float16, bfloat16    |a - b| <= 1e-3 + 1e-2 |b|
     integers, booleans, strings, 8- and 4-bit floats equal
   NaN agrees with NaN only, an infinity with the same infinity; sequences and optionals by their items.
   BAD_INPUT with the first difference. */
Status tensors_agree(const Tensor *computed, const Tensor *expected, Error *err);

/* A stored value in `arena`: a TensorProto, SequenceProto or OptionalProto, as the type says. */
Status read_value(const char *path, ElementType type, Arena *arena, Tensor **value, Error *err);

/* How a model is run. */
typedef struct RunMode {
  bool plain;  /* with the reference kernels */
  bool passes; /* after the graph's passes */
} RunMode;

/* Reads `folder`/model.onnx, binds and infers it; nothing is run. */
Status load_model(const char *folder, Graph **graph, Error *err);
/* Runs the model of `folder` on its first data set and compares every output. */
Status run_case(const char *folder, RunMode mode, Error *err);

#endif
