/* onnx_output.h - a graph as an .onnx file of edgec's own. */
#ifndef CMD_ONNX_OUTPUT_H
#define CMD_ONNX_OUTPUT_H

#include "graph/graph.h"

/* Writes it whole or not at all, with edgec as its producer; `bytes` gets the size. */
Status onnx_output_write(Graph *graph, const char *path, size_t *bytes, Error *err);

#endif
