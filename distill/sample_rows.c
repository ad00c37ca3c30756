#include "distill/sample_rows.h"

#include "base/spill.h"

Status sample_rows_new(SampleRows *rows, int64_t count, size_t row_bytes, const char *what, Error *err) {
  size_t all;
  *rows = (SampleRows){.row_bytes = row_bytes};
  if (!size_multiply(row_bytes, (size_t)count, &all)) return fail_memory(err);
  rows->stored = all > 0 ? all : 1;
  rows->bytes = spill_new(rows->stored);
  if (rows->bytes != NULL) return OK;
  return fail(err, SYSTEM, "cannot make a temporary file of %lld MB for %s", (long long)(all >> 20), what);
}

void sample_rows_free(SampleRows *rows) {
  if (rows->bytes != NULL) spill_free(rows->bytes, rows->stored);
  *rows = (SampleRows){0};
}
