/* array_header.h - what the headers of .npy and idx say about the array that follows. */
#ifndef FORMATS_DATA_ARRAY_HEADER_H
#define FORMATS_DATA_ARRAY_HEADER_H

#include "formats/data/data.h"
#include "formats/data/data_stream.h"

#define ARRAY_MAX_RANK (DATA_MAX_RANK + 1)
#define ARRAY_MAX_SAMPLE_ELEMENTS ((int64_t)1 << 31) /* in one sample */
#define NPY_MAX_HEADER ((size_t)64 << 10)            /* bytes */

typedef struct ArrayHeader {
  DataType type;
  bool big_endian;
  int rank; /* with the axis of samples */
  int64_t dims[ARRAY_MAX_RANK];
  uint64_t offset; /* in the stream, of the first element */
} ArrayHeader;

/* Read a header from the start of a stream, which they leave at the first element. */
Status npy_read_header(DataStream *stream, ArrayHeader *header, Error *err);
Status idx_read_header(DataStream *stream, ArrayHeader *header, Error *err);

/* Does the first four bytes of a stream begin such a file? */
bool npy_is_magic(const uint8_t magic[4]);
bool idx_is_magic(const uint8_t magic[4]);

/* Parses the text of an .npy header, a Python dictionary with the keys descr, fortran_order and shape. */
Status npy_parse_dictionary(const char *text, size_t length, const char *name, ArrayHeader *header,
                            Error *err);

/* Bytes of an element. */
size_t data_type_size(DataType type);

#endif
