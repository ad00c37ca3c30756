/* sample_rows.h - a row of bytes for each sample, in memory that may leave RAM: a temporary file without a
   name. Inside distill/. */
#ifndef DISTILL_SAMPLE_ROWS_H
#define DISTILL_SAMPLE_ROWS_H

#include "base/base.h"

typedef struct SampleRows {
  uint8_t *bytes;
  size_t row_bytes;
  size_t stored; /* bytes of memory */
} SampleRows;

/* Zeroed. SYSTEM where the file cannot be made; `what` it is for is said then. */
Status sample_rows_new(SampleRows *rows, int64_t count, size_t row_bytes, const char *what, Error *err);
void sample_rows_free(SampleRows *rows); /* accepts a zeroed one */

static inline void *sample_rows_at(const SampleRows *rows, int64_t row) {
  return rows->bytes + (size_t)row * rows->row_bytes;
}

#endif
