/* idx.c - headers of idx, the format of MNIST: two zeros, type, rank, then the lengths, big-endian. */
#include "formats/data/array_header.h"

static bool find_type(uint8_t code, DataType *type) {
  switch (code) {
  case 0x08:
    return *type = DATA_U8, true;
  case 0x09:
    return *type = DATA_I8, true;
  case 0x0b:
    return *type = DATA_I16, true;
  case 0x0c:
    return *type = DATA_I32, true;
  case 0x0d:
    return *type = DATA_F32, true;
  case 0x0e:
    return *type = DATA_F64, true;
  default:
    return false;
  }
}

bool idx_is_magic(const uint8_t magic[4]) {
  DataType type;
  return magic[0] == 0 && magic[1] == 0 && find_type(magic[2], &type) && magic[3] > 0;
}

Status idx_read_header(DataStream *stream, ArrayHeader *header, Error *err) {
  *header = (ArrayHeader){.big_endian = true};
  uint8_t magic[4];
  TRY(stream_read(stream, magic, sizeof magic, err));
  if (!idx_is_magic(magic) || !find_type(magic[2], &header->type))
    return fail(err, BAD_INPUT, "%s: is not an idx file", stream->part.name);
  if (magic[3] > ARRAY_MAX_RANK)
    return fail(err, BAD_INPUT, "%s: the array has %d axes, at most %d are read", stream->part.name, magic[3],
                ARRAY_MAX_RANK);
  header->rank = magic[3];
  for (int i = 0; i < header->rank; i++) {
    uint8_t length[4];
    TRY(stream_read(stream, length, sizeof length, err));
    header->dims[i] = (int64_t)((uint32_t)length[0] << 24 | (uint32_t)length[1] << 16 |
                                (uint32_t)length[2] << 8 | length[3]);
  }
  header->offset = stream->position;
  return OK;
}
