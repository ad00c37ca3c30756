/*
 * calib_file.h - what calibration has seen, as a text file: to be kept, looked at, edited, and made in
 * shards.
 *
 *     CalibFile file, whole;
 *     TRY(calib_from(&file, graph, calibration, &source, &err));     // after calibrate() with for_file
 *     calib_write(&file, &text);
 *     TRY(calib_parse(&file, "a.calib", bytes, size, &err));
 *     TRY(calib_merge(&whole, files, 2, &err));                      // shards to what one run would give
 *     TRY(calib_check_whole(&whole, &err));
 *     TRY(calibration_from_file(&calibration, &whole, graph, &err)); // for quantize_graph()
 *     calib_free(&file);
 *
 * docs/calibration.md describes the text.
 */
#ifndef QUANTIZE_CALIB_FILE_H
#define QUANTIZE_CALIB_FILE_H

#include "quantize/calibration.h"

/* What the statistics are of. */
typedef struct CalibSource {
  uint32_t model_crc; /* of the model's file */
  int64_t model_bytes;
  uint32_t data_crc; /* of the data's files */
  int64_t data_bytes;
  const char *setup; /* one line: how data becomes the model's inputs */
  int64_t total;     /* samples of the whole calibration */
  int64_t from, to;  /* those that were seen: from..to-1 */
} CalibSource;

typedef struct CalibBin {
  int number; /* in 0..HISTOGRAM_BINS-1 */
  uint64_t count;
} CalibBin;

typedef struct CalibTensor {
  const char *name;
  Histogram seen;           /* its counts are NULL: see the bins */
  const CalibBin *bins;     /* those that hold something, in order */
  const CalibBin *weighted; /* the same bins, by importance; NULL: none */
  int bin_count;
  GivenRange range; /* set by hand */
} CalibTensor;

typedef struct CalibFile {
  const char *path; /* for messages; the caller's */
  CalibSource source;
  CalibTensor *tensors;
  int count;
  Arena arena;
} CalibFile;

/* All functions leave a file that needs calib_free() also where they fail. */

/* The statistics of a graph's tensors, in the order of its values. */
Status calib_from(CalibFile *file, const Graph *graph, const Calibration *calibration,
                  const CalibSource *source, Error *err);
void calib_write(const CalibFile *file, Text *text);

/* BAD_INPUT "path: line N: ..." for all that calib_write() would not write, but for comments and ranges. */
Status calib_parse(CalibFile *file, const char *path, const void *bytes, size_t size, Error *err);
/* True if the bytes begin as such a file does. */
bool calib_is(const void *bytes, size_t size);
void calib_free(CalibFile *file); /* accepts a zeroed one */

/* All of `files` together, in any order. BAD_INPUT where they are not of one calibration, where two have seen
   the same samples, or where samples between or around them are missing. `files` must live as long as `into`.
 */
Status calib_merge(CalibFile *into, const CalibFile *files, int count, Error *err);

/* BAD_INPUT where the file is only a part of a calibration; where it is of another model. */
Status calib_check_whole(const CalibFile *file, Error *err);
Status calib_check_model(const CalibFile *file, const char *model, uint32_t crc, int64_t bytes, Error *err);

/* For quantize_graph(). BAD_INPUT where the tensors are not those of the graph. */
Status calibration_from_file(Calibration **calibration, const CalibFile *file, const Graph *graph,
                             Error *err);

/* `seen` gets the tensor's statistics with `counts` (2 * HISTOGRAM_BINS) for its bins: counted, weighted. */
void calib_expand(const CalibTensor *tensor, Histogram *seen, uint64_t *counts);
/* The other way, bins in `arena`. */
Status calib_compress(CalibTensor *tensor, const Histogram *seen, Arena *arena, Error *err);

/* What int8 codes of the range that a method chooses do to a tensor by itself. False where nothing was seen.
 */
bool calib_damage(const CalibTensor *tensor, const QuantizeOptions *options, GivenRange *range,
                  TensorDamage *damage);

#endif
