/* onnx_cases.h - models that tests of the importer begin with, and what is expected of them; on top of
 * onnx_bytes.h. */
#ifndef TESTS_SUPPORT_ONNX_CASES_H
#define TESTS_SUPPORT_ONNX_CASES_H

#include "graph/graph.h"
#include "tests/support/onnx_bytes.h"

/* The graph of a model that must be read; frees the bytes. */
Graph *parse_good(Text *model);
/* Parses what must be refused with that status and a message that begins with the file and holds `words`. */
void refuse_model(Text *model, Status status, const char *words);
/* The same of a model with that graph, of IR 8 and opset 17. */
void refuse_graph(Text *graph, Status status, const char *words);

/* y = Relu(x) of [1,N], by node 'relu'. */
Text relu_graph(void);
/* y = If(condition), by node 'if': its branch has the node 'inner' that adds `outside` to a constant. */
Text if_graph(const char *outside);
/* An attribute of AttributeProto.type `type` whose one field is a text. */
void put_text_attribute(Text *attributes, const char *name, int type, int field, const char *content);

#endif
