/* Any bytes as a checkpoint: they are read, compared and taken apart, or refused by one line. Checksums are
   set right first, so that what is behind them is reached. */
#include "distill/checkpoint.h"
#include "tests/support/checkpoint_checksums.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_refusal(const Error *err) {
  if (err->status != BAD_INPUT || err->text[0] == '\0') abort();
}

static void take_apart(const Checkpoint *read) {
  static const CheckpointFact facts[] = {{.name = "--rate", .value = "0.1", .tames_divergence = true},
                                         {.name = "the teacher", .value = ""}};
  Error err = {0};
  const void *content;
  if (checkpoint_compare(read, "fuzz", facts, 2, &err) != OK) check_refusal(&err);
  for (size_t size = 0; size < 64; size++) {
    if (checkpoint_part(read, "fuzz", "weights", size, &content, &err) != OK) {
      check_refusal(&err);
      continue;
    }
    const uint8_t *from = content;
    if (from < read->bytes || from + size > read->bytes + read->size) abort();
  }
}

static void parse(const void *bytes, size_t size) {
  Checkpoint read;
  Error err = {0};
  if (checkpoint_parse(&read, "fuzz", bytes, size, &err) == OK)
    take_apart(&read);
  else
    check_refusal(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint64_t *bytes = calloc(size / 8 + 1, 8); /* aligned, as a mapped file is */
  if (bytes == NULL) return 0;
  if (size > 0) memcpy(bytes, data, size);
  parse(bytes, size);
  checkpoint_fix_checksums(bytes, size);
  parse(bytes, size);
  free(bytes);
  return 0;
}
