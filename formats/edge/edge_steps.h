/*
 * edge_steps.h - a loaded program instruction by instruction, and what its file is made of: for reports.
 *
 *     EdgeWalk walk = edge_walk(&file.model);
 *     EdgeStep step;
 *     while (edge_walk_next(&walk, &step)) printf("%s %s\n", step.opcode, step.layer);
 */
#ifndef FORMATS_EDGE_EDGE_STEPS_H
#define FORMATS_EDGE_EDGE_STEPS_H

#include "formats/edge/edge_file.h"

/* One instruction. */
typedef struct EdgeStep {
  int number;         /* in EDGE_OPCODES */
  const char *opcode; /* "conv" */
  const char *brief;  /* what the opcode does */
  const char *layer;  /* ONNX value that it produces, or "" */
  bool is_float;
  const EdgeTensor *result; /* its first output */
  int64_t macs;             /* multiply-accumulates; 0 for what multiplies no sums */
  int64_t constant_bytes;   /* of weights, biases, multipliers and tables that it reads */
  int64_t table_bytes;      /* of those: its look-up table */
  int64_t int4_bytes;       /* of those: weights of 4 bits */
} EdgeStep;

typedef struct EdgeWalk {
  const EdgeModel *model;
  const uint8_t *at;
  uint32_t next;
} EdgeWalk;

EdgeWalk edge_walk(const EdgeModel *model);
/* False at the end. */
bool edge_walk_next(EdgeWalk *walk, EdgeStep *step);

/* Multiply-accumulates of one run. */
int64_t edge_macs(const EdgeModel *model);

/* Bytes as a device keeps them, that is unpacked. */
typedef struct EdgeSizes {
  int64_t weights; /* constants: weights, biases, multipliers, look-up tables */
  int64_t tables;  /* of those: look-up tables */
  int64_t int4;    /* of those: weights of 4 bits */
  int64_t code, tensors, names;
  int64_t image; /* the whole file unpacked */
} EdgeSizes;

EdgeSizes edge_sizes(const EdgeFile *file);

#endif
