/* overwrite.h - outputs are looked at before the work begins: an existing file is replaced only by one of its
 * own kind, or with --force. */
#ifndef CMD_OVERWRITE_H
#define CMD_OVERWRITE_H

#include "base/base.h"

typedef enum OutputKind {
  OUTPUT_EDGE,
  OUTPUT_NPY,
  OUTPUT_JSON,
  OUTPUT_CALIB,
  OUTPUT_ONNX,
  OUTPUT_SVG,
  OUTPUT_CURVE, /* the table of a training */
  OUTPUT_CHECKPOINT
} OutputKind;

/* BAD_USAGE where `path` exists and is no file of this kind, unless `forced`; SYSTEM where its folder cannot
   be written. */
Status overwrite_check(const char *path, OutputKind kind, bool forced, Error *err);

#endif
