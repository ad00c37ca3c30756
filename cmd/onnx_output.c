#include "cmd/onnx_output.h"

#include "formats/onnx/onnx.h"

Status onnx_output_write(Graph *graph, const char *path, size_t *bytes, Error *err) {
  OutputFile out = {0};
  graph->producer = ONNX_OWN_PRODUCER;
  TRY(output_open(&out, path, err));
  Status status = onnx_write_to(&out, graph, bytes, err);
  if (status == OK) return output_commit(&out, err);
  output_abandon(&out);
  return status;
}
