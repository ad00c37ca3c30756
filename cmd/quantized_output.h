/* quantized_output.h - a quantized graph as a file: .edge, or an ONNX model of codes. */
#ifndef CMD_QUANTIZED_OUTPUT_H
#define CMD_QUANTIZED_OUTPUT_H

#include "cmd/declared_shapes.h"
#include "formats/edge/edge_file.h"
#include "quantize/qdq.h"

typedef struct QuantizedForm {
  bool is_qdq;             /* an ONNX model, */
  bool is_qoperator;       /* one with quantized operators */
  QdqWeights weights;      /* of it */
  DeclaredShapes declared; /* of the model that it was made from */
  EdgeFileForm edge;       /* of an .edge file, */
  const char *metadata;    /* in which this stands */
} QuantizedForm;

/* `graph` has its specs. `bytes` gets the size. */
Status quantized_output_write(Graph *graph, const QuantizedForm *form, OutputFile *out, size_t *bytes,
                              Error *err);

#endif
