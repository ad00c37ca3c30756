/* explain_side.h - one of the two models that `edgec explain` puts side by side, layer by layer. */
#ifndef CMD_EXPLAIN_SIDE_H
#define CMD_EXPLAIN_SIDE_H

#include "cmd/runnable.h"

/* What makes one tensor that has a name: an instruction and the unnamed ones before it, or an ONNX node with
   what becomes part of the same instruction. */
typedef struct ExplainLayer {
  const char *name;       /* of the tensor */
  const char *operations; /* "dequantize+conv_f32", "Conv+Relu" */
  const char *type;       /* of the result: "int8" */
  const char *shape;      /* of the result: "[1,8,8,16]" */
  double scale;           /* of the result; 0: none */
  int64_t zero_point;
  const char *weight_type;  /* "" where it has no constants */
  const char *weight_shape; /* as it is stored */
  uint32_t constants_crc;   /* of weights, biases, multipliers, tables; 0 of ONNX */
  int64_t bytes, macs;
} ExplainLayer;

typedef struct LayerName {
  const char *name;
  int layer;
} LayerName;

typedef struct ExplainSide {
  Runnable model;
  ExplainLayer *layers;
  LayerName *names; /* of the layers, sorted */
  int count;
  int64_t macs, constants; /* bytes of the latter */
  Arena arena;
} ExplainSide;

/* The side needs explain_side_close() in any case. */
Status explain_side_open(ExplainSide *side, const char *path, Error *err);
void explain_side_close(ExplainSide *side);

/* Layers of an .edge side. */
Status explain_edge_layers(ExplainSide *side, Error *err);
/* Layers of an ONNX side, joined as the .edge side `like` has them. */
Status explain_onnx_layers(ExplainSide *side, const ExplainSide *like, Error *err);

/* The layer of that name, or -1. */
int explain_find(const ExplainSide *side, const char *name);

#endif
