/* calib_io.h - .calib files on disk, and what ties them to a model and to data. */
#ifndef CMD_CALIB_IO_H
#define CMD_CALIB_IO_H

#include "cmd/inputs.h"
#include "cmd/model.h"
#include "quantize/calib_file.h"

/* Reads a file. It needs calib_free() also where this fails. */
Status calib_open(CalibFile *file, const char *path, Error *err);
Status calib_save(const CalibFile *file, const char *path, int64_t *bytes, Error *err);

/* Fills all but the samples; `inputs` are bound and not synthetic. The setup line goes to `arena`. */
Status calib_source_of(CalibSource *source, const Model *model, const Inputs *inputs, Arena *arena,
                       Error *err);

/* *is_same: the statistics are of the files that these inputs read. BAD_INPUT where they are, but prepared
   otherwise: other preprocessing, other shapes. */
Status calib_is_of_data(const CalibFile *file, const Inputs *inputs, bool *is_same, Error *err);

/* Whole calibrations of one model on different data become parts of one on all of it, in their order, for
   calib_merge(). */
Status calib_line_up(CalibFile *parts, int count, Arena *arena, Error *err);

#endif
