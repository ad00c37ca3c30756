/* checkpoint_checksums.h - size and checksum of a changed checkpoint as they would be, so that tests reach
 * what is behind them. */
#ifndef TESTS_SUPPORT_CHECKPOINT_CHECKSUMS_H
#define TESTS_SUPPORT_CHECKPOINT_CHECKSUMS_H

#include <stdint.h>
#include <string.h>
#include <zlib.h>

static inline void checkpoint_fix_checksums(void *file, size_t size) {
  uint8_t *bytes = file;
  if (size < 32) return;
  uint64_t field = size;
  memcpy(bytes + 16, &field, sizeof field);
  uint32_t crc = (uint32_t)crc32_z(0, bytes + 16, size - 16);
  memcpy(bytes + 12, &crc, sizeof crc);
}

#endif
