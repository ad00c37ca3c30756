/* Whatever bytes there are: the importer, binding and inference end in time, without a crash, with a graph or
   an error that is one printable line. */
#include "formats/onnx/onnx.h"
#include "operators/op.h"

#include <stdint.h>
#include <stdlib.h>

#define MAX_BYTES ((size_t)64 << 10) /* a few seconds' work at the most */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_message(const Error *err) {
  if (err->text[0] == '\0') abort();
  for (const char *at = err->text; *at != '\0'; at++)
    if ((unsigned char)*at < 0x20) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (size > MAX_BYTES) return 0;
  Graph *graph = NULL;
  Error err = {0};
  Status status = onnx_parse("fuzz", bytes, size, &graph, &err);
  if ((status == OK) != (graph != NULL)) abort();
  if (status != OK) {
    check_message(&err);
    return 0;
  }
  (void)onnx_check_weights(graph, &err);
  if (op_bind_graph(graph, &err) == OK) (void)op_infer_graph(graph, &err);
  graph_free(graph);
  return 0;
}
