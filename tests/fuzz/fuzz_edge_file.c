/* The reader of .edge files on anything: what it accepts unpacks to a bounded size and loads. Checksums are
   set right first, so that what is behind them is reached. */
#include "formats/edge/edge_file.h"
#include "tests/support/edge_checksums.h"

#define MOST_UNPACKED 200 /* times the file's size, and a little */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void parse(const uint8_t *data, size_t bytes) {
  EdgeFile file;
  Error err = {0};
  if (edge_file_parse(&file, "fuzz.edge", data, bytes, &err) != OK) {
    if (err.text[0] == '\0' || file.image != NULL) abort();
    return;
  }
  if (file.image_bytes > MOST_UNPACKED * (bytes + 100)) abort();
  if (strlen(edge_file_metadata(&file)) >= file.image_bytes) abort();
  edge_file_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
  uint8_t *file = calloc(bytes + 1, 1);
  if (file == NULL) return 0;
  if (bytes > 0) memcpy(file, data, bytes);
  parse(file, bytes);
  edge_fix_checksums(file, bytes);
  parse(file, bytes);
  free(file);
  return 0;
}
