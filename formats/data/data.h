/*
 * data.h - sample data from files: .npy, .npz, idx (also gzipped). The first axis counts samples; samples are
 * streamed in order, so memory does not grow with their number.
 *
 *     DataSource *source;
 *     TRY(data_open(&source, "x.npz", NULL, &err));        // NULL: the key is found by itself
 *     const DataForm *form = data_form(source);             // samples, shape of one, kind
 *     TRY(data_seek(source, 0, &err));
 *     TRY(data_read_f32(source, 16, values, &err));          // 16 samples
 *     data_close(source);
 */
#ifndef FORMATS_DATA_DATA_H
#define FORMATS_DATA_DATA_H

#include "base/base.h"

#define DATA_MAX_RANK 8

/* Element types as the files have them. */
typedef enum DataType {
  DATA_U8,
  DATA_I8,
  DATA_U16,
  DATA_I16,
  DATA_U32,
  DATA_I32,
  DATA_U64,
  DATA_I64,
  DATA_BOOL,
  DATA_F16,
  DATA_F32,
  DATA_F64
} DataType;

typedef struct DataForm {
  DataType type;
  int64_t samples; /* length of the first axis; 1 for a scalar */
  int rank;        /* of one sample */
  int64_t dims[DATA_MAX_RANK];
  int64_t elements; /* of one sample */
} DataForm;

typedef struct DataSource DataSource;

/* Opens a file by what its bytes say (magic numbers), not by its name. `key` names an array of an .npz; NULL
   takes `x`, `images`, `data`, `input`, `arr_0` or the only array that is no label. BAD_INPUT for damaged
   files, object (pickled) arrays, Fortran order of rank above 1, an unknown key (those there are listed). */
Status data_open(DataSource **source, const char *path, const char *key, Error *err);
/* The same with bytes that the caller keeps until data_close(); `name` is for messages. */
Status data_open_memory(DataSource **source, const void *bytes, size_t size, const char *name,
                        const char *key, Error *err);
void data_close(DataSource *source); /* accepts NULL */
const DataForm *data_form(const DataSource *source);
const char *data_type_name(DataType type);
bool data_is_integer(DataType type);

/* Goes to sample `index`, 0..samples-1 (samples is allowed too). Going back in compressed data starts over.
 */
Status data_seek(DataSource *source, int64_t index, Error *err);
/* Reads the next `count` samples as float32 or int64, converted from the file's type. Floats become integers
   only where they are whole. BAD_INPUT where the file ends early, is damaged (checksums are looked at when
   the last sample is read) or has a value that is NaN, infinite or too large. After a failure the position is
   undefined until data_seek(). */
Status data_read_f32(DataSource *source, int64_t count, float *values, Error *err);
Status data_read_i64(DataSource *source, int64_t count, int64_t *values, Error *err);

/* All labels of a file: a key `y` or `labels` of an .npz, an .npy or an idx of rank 1 (or [n,1]). `labels` is
   bytes_new() memory. */
Status data_read_labels(const char *path, const char *key, int64_t **labels, int64_t *count, Error *err);
/* True if the file is an .npz with an array that is taken for labels; with an array `key`. */
bool data_has_labels(const char *path);
bool data_has_array(const char *path, const char *key);

/* How a sample becomes a model's input: (x * scale - mean[c]) / std[c], and the layout. */
#define PREPROCESS_MAX_CHANNELS 16
typedef enum DataLayout { LAYOUT_AS_IS = 0, LAYOUT_NHWC_TO_NCHW, LAYOUT_NCHW_TO_NHWC } DataLayout;
typedef struct Preprocess {
  double scale;              /* 1: none */
  int mean_count, std_count; /* 0: none, 1: for all, or one a channel */
  double mean[PREPROCESS_MAX_CHANNELS], std[PREPROCESS_MAX_CHANNELS];
  DataLayout layout;
} Preprocess;

/* In place on one sample, whose form is that of the file. The channels are the axis that the layout leaves
   first (NCHW) or last (NHWC); for LAYOUT_AS_IS the first axis if it has as many entries as there are means
   or standard deviations, else the last one. Computes in double, rounds once. `scratch` has room for a
   sample. preprocess_check(): BAD_INPUT where values or layout do not fit the samples, BAD_USAGE for
   impossible values; to be called before the other. */
Status preprocess_check(const Preprocess *preprocess, const DataForm *form, Error *err);
void preprocess_apply(const Preprocess *preprocess, const DataForm *form, float *sample, float *scratch);

/* Writes an .npy of float32 (or int64): header first, then values as they come, `count` elements at a time.
   npy_finish() fails where they are fewer than the shape has. */
typedef struct NpyWriter NpyWriter;
Status npy_create(NpyWriter **writer, const char *path, bool is_integer, int rank, const int64_t *dims,
                  Error *err);
Status npy_append(NpyWriter *writer, const void *values, size_t count, Error *err);
Status npy_finish(NpyWriter *writer, Error *err); /* commits; frees the writer */
void npy_abandon(NpyWriter *writer);              /* accepts NULL; not after npy_finish() */

#endif
