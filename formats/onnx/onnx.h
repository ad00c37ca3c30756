/*
 * onnx.h - ONNX model files.
 *
 *     Graph *graph;
 *     TRY(onnx_read("model.onnx", &graph, &err));
 *     TRY(onnx_check_weights(graph, &err));
 *     TRY(op_bind_graph(graph, &err));                // operators/op.h
 *     TRY(op_infer_graph(graph, &err));
 *     graph_free(graph);
 */
#ifndef FORMATS_ONNX_ONNX_H
#define FORMATS_ONNX_ONNX_H

#include "graph/graph.h"

#include "base/file.h"

#define ONNX_OPSET_MIN 1
#define ONNX_OPSET_MAX 28
#define ONNX_IR_MIN 3

/* Reads a model: nodes, initializers, typed inputs and outputs with symbolic dimensions, checked but neither
   bound to operators nor inferred. BAD_INPUT for damaged or inconsistent files, UNSUPPORTED for opset or IR
   versions, SYSTEM where the file cannot be read. Messages begin with the path. */
Status onnx_read(const char *path, Graph **graph, Error *err);
/* The same from memory; `name` is what messages call it. */
Status onnx_parse(const char *name, const void *bytes, size_t size, Graph **graph, Error *err);

/* The same from a mapped file. `twin` may be a graph that was read from the same bytes and outlives the new
   one: large weights are then shared with it instead of read again. NULL: there is none. */
Status onnx_read_mapped(const char *name, const MappedFile *file, const Graph *twin, Graph **graph,
                        Error *err);

/* BAD_INPUT naming the first initializer that holds a NaN, or an infinite number among others (alone it is a
   limit or a mask's value); bodies are searched too. Apart from reading, because such constants are legal
   ONNX, though no weights to quantize. */
Status onnx_check_weights(const Graph *graph, Error *err);

/* Makes all nodes of ai.onnx, those of bodies too, mean the same in one opset: the newest that one of them
   asks for (Node.opset), or `least` where that is newer. Attributes that have become inputs become constants.
   The graph must be refreshed, and is so afterwards, but not bound. UNSUPPORTED naming a node that cannot be
   raised. */
Status onnx_upgrade(Graph *graph, int64_t least, Error *err);

/* Writes a model: nodes, inputs, outputs and the initializers that are used, names kept; types of values
   between are left to inference. The opset of ai.onnx and the IR version are raised where a node is meant by
   a newer one. The same graph gives the same bytes. The graph must be refreshed. BAD_INPUT where something is
   too large for the format. */
Status onnx_write(const char *path, const Graph *graph, Error *err);
/* The same into an open file; `bytes` gets the size. */
Status onnx_write_to(OutputFile *out, const Graph *graph, size_t *bytes, Error *err);

/* What files written by edgec name as their producer: Graph.producer is for the caller to set. */
#define ONNX_OWN_PRODUCER "edgec"
/* True if the bytes begin as a written model with that producer does. */
bool onnx_is_own(const void *bytes, size_t size);

/* A stored TensorProto file (the conformance vectors' format), its tensor in `arena`. */
Status onnx_read_tensor(const char *path, Arena *arena, Tensor **tensor, Error *err);
/* The same from memory; `name` is what messages call it. */
Status onnx_parse_tensor(const char *name, const void *bytes, size_t size, Arena *arena, Tensor **tensor,
                         Error *err);

#endif
