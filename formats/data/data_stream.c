#include "formats/data/data_stream.h"

#include <string.h>

static Status fail_zlib(const DataStream *stream, const char *what, Error *err) {
  return fail(err, BAD_INPUT, "%s: the compressed data is damaged near byte %llu: %s", stream->part.name,
              (unsigned long long)stream->position, what != NULL ? what : "not a deflate stream");
}

uint64_t stream_size_limit(const DataStream *stream) {
  const StreamPart *part = &stream->part;
  if (part->size_known) return part->size;
  return part->coded_size > UINT64_MAX / STREAM_MAX_EXPANSION ? UINT64_MAX
                                                              : part->coded_size * STREAM_MAX_EXPANSION;
}

static Status check_part(const DataFile *file, const StreamPart *part, Error *err) {
  if (part->offset > file->size || part->coded_size > file->size - part->offset)
    return fail(err, BAD_INPUT,
                "%s: is cut off: %llu bytes are needed from offset %llu on, the file has %llu", part->name,
                (unsigned long long)part->coded_size, (unsigned long long)part->offset,
                (unsigned long long)file->size);
  if (part->coding == STREAM_STORED) {
    if (part->size != part->coded_size)
      return fail(err, BAD_INPUT, "%s: is stored as it is, but has two sizes: %llu and %llu bytes",
                  part->name, (unsigned long long)part->coded_size, (unsigned long long)part->size);
  } else if (part->size_known && part->size / STREAM_MAX_EXPANSION > part->coded_size) {
    return fail(err, BAD_INPUT, "%s: %llu compressed bytes cannot hold the %llu that are promised",
                part->name, (unsigned long long)part->coded_size, (unsigned long long)part->size);
  }
  return OK;
}

static Status start_inflater(DataStream *stream, Error *err) {
  int window_bits = stream->part.coding == STREAM_GZIPPED ? 15 + 16 : -15;
  if (inflateInit2(&stream->inflater, window_bits) != Z_OK) return fail_memory(err);
  stream->inflating = true;
  stream->window = bytes_new(STREAM_WINDOW, err);
  return stream->window == NULL ? SYSTEM : OK;
}

Status stream_open(DataStream *stream, const DataFile *file, const StreamPart *part, Error *err) {
  *stream = (DataStream){.file = file, .part = *part};
  TRY(check_part(file, part, err));
  if (part->coding == STREAM_STORED) return OK;
  Status status = start_inflater(stream, err);
  if (status != OK) stream_close(stream);
  return status;
}

void stream_close(DataStream *stream) {
  if (stream->inflating) inflateEnd(&stream->inflater);
  bytes_free(stream->window);
  *stream = (DataStream){0};
}

static Status refill(DataStream *stream, Error *err) {
  uint64_t left = stream->part.coded_size - stream->consumed;
  size_t count = left < STREAM_WINDOW ? (size_t)left : STREAM_WINDOW;
  TRY(data_file_read_at(stream->file, stream->part.offset + stream->consumed, stream->window, count, err));
  stream->consumed += count;
  stream->inflater.next_in = stream->window;
  stream->inflater.avail_in = (uInt)count;
  return OK;
}

/* A gzip file may be several behind one another; zeros behind the last one are padding. */
static Status next_gzip_part(DataStream *stream, Error *err) {
  if (stream->inflater.avail_in == 0 && stream->consumed < stream->part.coded_size) TRY(refill(stream, err));
  if (stream->part.coding != STREAM_GZIPPED || stream->inflater.avail_in == 0 ||
      stream->inflater.next_in[0] != 0x1f) {
    stream->ended = true;
    return OK;
  }
  return inflateReset(&stream->inflater) == Z_OK ? OK : fail_zlib(stream, stream->inflater.msg, err);
}

static Status fail_short(const DataStream *stream, Error *err) {
  return fail(err, BAD_INPUT, "%s: is cut off: the data ends after %llu bytes, more are promised",
              stream->part.name, (unsigned long long)stream->position);
}

static Status inflate_step(DataStream *stream, Error *err) {
  z_stream *inflater = &stream->inflater;
  if (inflater->avail_in == 0) TRY(refill(stream, err));
  bool starved = inflater->avail_in == 0;
  int result = inflate(inflater, Z_NO_FLUSH);
  if (result == Z_STREAM_END) return next_gzip_part(stream, err);
  if (result == Z_BUF_ERROR && starved) return fail_short(stream, err);
  if (result == Z_MEM_ERROR) return fail_memory(err);
  return result == Z_OK || result == Z_BUF_ERROR ? OK : fail_zlib(stream, inflater->msg, err);
}

static Status read_inflated(DataStream *stream, uint8_t *buffer, size_t count, Error *err) {
  z_stream *inflater = &stream->inflater;
  while (count > 0) {
    uInt piece = count < ((size_t)1 << 30) ? (uInt)count : (uInt)1 << 30;
    inflater->next_out = buffer;
    inflater->avail_out = piece;
    while (inflater->avail_out > 0) {
      if (stream->ended) return fail_short(stream, err);
      uInt before = inflater->avail_out;
      TRY(inflate_step(stream, err));
      stream->position += before - inflater->avail_out;
    }
    buffer += piece;
    count -= piece;
  }
  return OK;
}

static Status read_stored(DataStream *stream, uint8_t *buffer, size_t count, Error *err) {
  if (count > stream->part.size - stream->position) return fail_short(stream, err);
  TRY(data_file_read_at(stream->file, stream->part.offset + stream->position, buffer, count, err));
  stream->position += count;
  return OK;
}

static Status check_crc(DataStream *stream, uint64_t from, const uint8_t *bytes, size_t count, Error *err) {
  if (!stream->part.has_crc || stream->crc_position != from) return OK;
  stream->crc = (uint32_t)crc32_z(stream->crc, bytes, count);
  stream->crc_position += count;
  if (stream->crc_position == stream->part.size && stream->crc != stream->part.crc)
    return fail(err, BAD_INPUT, "%s: the checksum is wrong (%08x, should be %08x): the file is damaged",
                stream->part.name, (unsigned)stream->crc, (unsigned)stream->part.crc);
  return OK;
}

Status stream_read(DataStream *stream, void *buffer, size_t count, Error *err) {
  uint64_t from = stream->position;
  if (stream->part.size_known && count > stream->part.size - from) return fail_short(stream, err);
  TRY(stream->inflating ? read_inflated(stream, buffer, count, err)
                        : read_stored(stream, buffer, count, err));
  return check_crc(stream, from, buffer, count, err);
}

static Status fail_long(const DataStream *stream, Error *err) {
  return fail(err, BAD_INPUT, "%s: more data follows than the header promises (%llu bytes)",
              stream->part.name, (unsigned long long)stream->position);
}

Status stream_expect_end(DataStream *stream, Error *err) {
  if (stream->part.size_known) return stream->position == stream->part.size ? OK : fail_long(stream, err);
  uint8_t one;
  while (!stream->ended) {
    stream->inflater.next_out = &one;
    stream->inflater.avail_out = 1;
    TRY(inflate_step(stream, err));
    if (stream->inflater.avail_out == 0) return fail_long(stream, err);
  }
  return OK;
}

static Status restart(DataStream *stream, Error *err) {
  if (inflateReset(&stream->inflater) != Z_OK) return fail_zlib(stream, stream->inflater.msg, err);
  stream->inflater.avail_in = 0;
  stream->position = stream->consumed = stream->crc_position = 0;
  stream->crc = 0;
  stream->ended = false;
  return OK;
}

static Status skip(DataStream *stream, uint64_t count, Error *err) {
  uint8_t *scratch = bytes_new(STREAM_WINDOW, err);
  if (scratch == NULL) return SYSTEM;
  Status status = OK;
  while (status == OK && count > 0) {
    size_t piece = count < STREAM_WINDOW ? (size_t)count : STREAM_WINDOW;
    status = stream_read(stream, scratch, piece, err);
    count -= piece;
  }
  bytes_free(scratch);
  return status;
}

Status stream_seek(DataStream *stream, uint64_t position, Error *err) {
  if (stream->part.size_known && position > stream->part.size) return fail_short(stream, err);
  if (stream->inflating) {
    if (position < stream->position) TRY(restart(stream, err));
    return skip(stream, position - stream->position, err);
  }
  stream->position = position;
  if (position == 0) stream->crc = 0, stream->crc_position = 0;
  return OK;
}
