#ifndef EXAMPLES_DIGIT_ARCHIVE_H
#define EXAMPLES_DIGIT_ARCHIVE_H

/* Writes byte arrays as one .npz file: a zip archive of deflated .npy members.
 *
 *   Array arrays[] = {{"x", 4, {n, 1, 28, 28}, images}, {"y", 1, {n}, labels}};
 *   if (!write_archive("digits.npz", arrays, 2)) perror("digits.npz");
 *
 * The file holds no time stamp: the same arrays and the same zlib give the same bytes. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_MAX_RANK 4
#define ARCHIVE_MAX_ARRAYS 2
#define ARRAY_MAX_BYTES ((size_t)1 << 30) /* keeps every size and offset of the archive within 32 bits */

typedef struct Array {
  const char *name; /* shorter than 32 characters */
  int rank;
  size_t shape[ARRAY_MAX_RANK];
  const uint8_t *data; /* the elements, last axis fastest */
} Array;

/* Writes `count` arrays to `path`. False with errno set, and no file left, when that fails; EINVAL when there
 * are more than ARCHIVE_MAX_ARRAYS arrays, or one of more than ARRAY_MAX_BYTES. */
bool write_archive(const char *path, const Array *arrays, int count);

#endif
