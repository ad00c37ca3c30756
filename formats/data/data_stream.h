/* data_stream.h - a part of a data file as a stream of decoded bytes: as it is, deflated, or gzipped. */
#ifndef FORMATS_DATA_DATA_STREAM_H
#define FORMATS_DATA_DATA_STREAM_H

#include "formats/data/data_file.h"

#include <zlib.h>

typedef enum StreamCoding { STREAM_STORED, STREAM_DEFLATED, STREAM_GZIPPED } StreamCoding;

/* Deflate makes of one byte at most so many (zlib's technical notes): what promises more is a lie. */
#define STREAM_MAX_EXPANSION 1032
#define STREAM_WINDOW ((size_t)64 << 10) /* bytes of a coded stream that are held at a time */

/* What the stream is made of; filled by whoever opens it. */
typedef struct StreamPart {
  const char *name; /* for messages; lives as long as the stream */
  uint64_t offset;  /* in the file, of the coded bytes */
  uint64_t coded_size;
  StreamCoding coding;
  bool size_known; /* false: gzip does not say */
  uint64_t size;   /* decoded */
  bool has_crc;
  uint32_t crc; /* of all decoded bytes */
} StreamPart;

typedef struct DataStream {
  const DataFile *file;
  StreamPart part;
  uint64_t position; /* in the decoded bytes */
  uint64_t consumed; /* coded bytes that left the file */
  bool inflating, ended;
  z_stream inflater;
  uint8_t *window;
  uint64_t crc_position; /* decoded bytes that `crc` covers: gaps switch the check off */
  uint32_t crc;
} DataStream;

/* BAD_INPUT where the part does not lie in the file or promises an impossible size. */
Status stream_open(DataStream *stream, const DataFile *file, const StreamPart *part, Error *err);
/* Accepts a zeroed one. */
void stream_close(DataStream *stream);

/* Reads exactly `count` bytes; BAD_INPUT where the stream ends before, is damaged, or, at its end, where the
   checksum disagrees. */
Status stream_read(DataStream *stream, void *buffer, size_t count, Error *err);

/* Goes to a position of the decoded bytes; coded streams are decoded up to there, from the start if need be.
 */
Status stream_seek(DataStream *stream, uint64_t position, Error *err);

/* For the end of what is expected: BAD_INPUT where bytes follow, or where a gzip's own checksum disagrees. */
Status stream_expect_end(DataStream *stream, Error *err);

/* The largest size that the stream can have: exact where the size is known. */
uint64_t stream_size_limit(const DataStream *stream);

#endif
