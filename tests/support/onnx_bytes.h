/*
 * onnx_bytes.h - ONNX files made byte by byte, so that tests can also make those that no exporter writes.
 *
 *     Text graph = {0};
 *     onnx_put_value(&graph, ONNX_INPUT, "x", 1, "1,N");
 *     onnx_put_node(&graph, "Relu", "relu", "x", "y", NULL);
 *     onnx_put_value(&graph, ONNX_OUTPUT, "y", 1, "1,N");
 *     Text model = onnx_model_bytes(&graph, 8, 17);       // takes graph's memory
 *     text_free(&model);
 */
#ifndef TESTS_SUPPORT_ONNX_BYTES_H
#define TESTS_SUPPORT_ONNX_BYTES_H

#include "base/base.h"

/* ---- the wire format ---- */

void put_varint(Text *to, int field, uint64_t value);
void put_text(Text *to, int field, const char *text);
void put_bytes(Text *to, int field, const void *bytes, size_t size);
void put_float(Text *to, int field, float value);
/* Appends a message and frees it. */
void put_message(Text *to, int field, Text *message);

/* ---- parts of a graph ---- */

/* Fields of GraphProto. */
enum { ONNX_NODE = 1, ONNX_INITIALIZER = 5, ONNX_INPUT = 11, ONNX_OUTPUT = 12, ONNX_VALUE_INFO = 13 };
/* Fields of AttributeProto, TensorProto. */
enum { ONNX_F = 2, ONNX_I = 3, ONNX_S = 4, ONNX_T = 5, ONNX_G = 6, ONNX_FLOATS = 7, ONNX_INTS = 8 };
enum {
  ONNX_FLOAT_DATA = 4,
  ONNX_INT32_DATA = 5,
  ONNX_STRING_DATA = 6,
  ONNX_INT64_DATA = 7,
  ONNX_RAW_DATA = 9
};

/* A value of element type `type` (0: none); `dims` as "1,N,-1", NULL for no shape. */
void onnx_put_value(Text *graph, int field, const char *name, int type, const char *dims);
/* Lists of names as "a,b,,c"; `attributes` are the fields of onnx_put_attribute(), freed; or NULL. */
void onnx_put_node(Text *graph, const char *type, const char *name, const char *inputs, const char *outputs,
                   Text *attributes);
/* An attribute of AttributeProto.type `type`, its content the fields in `content`, which are freed. */
void onnx_put_attribute(Text *attributes, const char *name, int type, Text *content);
/* The head of a TensorProto: name, dims and type. Its data is put behind. */
Text onnx_tensor_bytes(const char *name, int type, const char *dims);
/* An initializer of floats. */
void onnx_put_floats(Text *graph, const char *name, const char *dims, const float *floats, size_t count);

/* The whole file; frees `graph`. */
Text onnx_model_bytes(Text *graph, int64_t ir_version, int64_t opset);

#endif
