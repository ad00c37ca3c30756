/* info_onnx.h - what is known of an ONNX model without running it. */
#ifndef CMD_INFO_ONNX_H
#define CMD_INFO_ONNX_H

#include "cmd/model.h"
#include "cmd/options.h"

#define ROLE_FOLDED (ROLE_FLOAT + 1) /* gone: the passes made it part of a neighbour or a constant */
#define ROLE_KINDS (ROLE_FOLDED + 1)

/* A node but Constant ones. */
typedef struct NodeFacts {
  const Node *node;
  const char *name, *type; /* as the file has them */
  bool has_shape;
  Shape shape;        /* of its first output, as far as the model fixes it */
  int64_t parameters; /* float constants that it is the first to read */
  int64_t macs;       /* of one sample */
  int role;           /* OpRole, or ROLE_FOLDED: once the passes have cleaned the graph */
  const char *reason; /* of ROLE_FLOAT */
} NodeFacts;

/* All nodes of an operator. */
typedef struct OperatorFacts {
  const char *name;
  int nodes;
  int64_t parameters, macs;
  int by_role[ROLE_KINDS]; /* nodes */
} OperatorFacts;

typedef struct OnnxFacts {
  Model model;
  Arena arena;
  NodeFacts *nodes;
  int node_count;
  OperatorFacts *operators; /* in the order of their first nodes */
  int operator_count;
  Shape *inputs, *outputs; /* as far as the model fixes them */
  bool macs_known;         /* every dimension but the batch is */
} OnnxFacts;

Status onnx_facts(OnnxFacts *facts, const Options *options, const char *path, Error *err);
void onnx_facts_free(OnnxFacts *facts);

const char *role_text(int role); /* OpRole or ROLE_FOLDED */

#endif
