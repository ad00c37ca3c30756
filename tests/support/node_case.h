/*
 * node_case.h - for tests: runs one node, written in the notation of operators/samples.h.
 *
 *     NodeCase c;
 *     node_case_run(&c, op_find("", "Add"), "f32{1,2}, f32[]{3}", "", NODE_PLAIN, &err);
 *     ... c.out[0] ...
 *     node_case_free(&c);
 */
#ifndef TESTS_SUPPORT_NODE_CASE_H
#define TESTS_SUPPORT_NODE_CASE_H

#include "operators/samples.h"

typedef enum NodeKernel { NODE_PLAIN, NODE_FAST } NodeKernel;

typedef struct NodeCase {
  SampleCase sample; /* bound and inferred */
  Tensor *out[SAMPLE_MAX_INPUTS];
  Arena arena, scratch;
} NodeCase;

/* On failure there is nothing to free. NODE_FAST takes the reference kernel where there is no other. */
Status node_case_run(NodeCase *c, const Op *op, const char *inputs, const char *attributes, NodeKernel kernel,
                     Error *err);
void node_case_free(NodeCase *c);

/* What inference says of a node's outputs when it is told `in`. */
Status node_case_infer(const NodeCase *c, const InferValue *in, InferValue *out, Error *err);

/* A tensor in the notation, in the arena; aborts the test where it is wrong. */
const Tensor *node_case_tensor(const char *text, SampleCase *holder);

#endif
