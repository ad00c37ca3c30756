/*
 * qop_case.h - small graphs of quantized operators, as other tools write them.
 *
 *     Graph *graph = qop_case_net();                  // bound and inferred: one of each kind
 *     graph_free(graph);
 */
#ifndef TESTS_SUPPORT_QOP_CASE_H
#define TESTS_SUPPORT_QOP_CASE_H

#include "tests/support/graph_maker.h"

/* Operators of com.microsoft may be made as well. */
Maker qop_case_begin(int64_t opset);
/* Codes, or numbers of any integer type. */
Value *qop_case_integers(Maker *maker, const char *name, ElementType type, Shape shape, const int *numbers);
/* Seeded codes in least..most. */
Value *qop_case_codes(Maker *maker, const char *name, ElementType type, Shape shape, int least, int most);
Value *qop_case_floats(Maker *maker, const char *name, int64_t count, float first, float step);
/* A node of com.microsoft. */
Value *qop_case_node(Maker *maker, const char *type, const char *output, Value *const *inputs, int count);

/* Input x [1,4,8,8]; QuantizeLinear, QLinearConv with uint8 weights around a zero point of 120, MaxPool of
   codes, QLinearSigmoid, QLinearMul, QLinearAdd, QLinearConcat, QLinearAveragePool, QLinearLeakyRelu,
   QLinearGlobalAveragePool, Flatten of codes, QGemm, QLinearMatMul, DequantizeLinear: output y [1,3]. */
Graph *qop_case_net(void);
/* Step of the codes of its output. */
#define QOP_CASE_STEP 0.05

#endif
