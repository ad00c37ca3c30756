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

/* *is_same: the statistics are of the files that these inputs read. */
Status calib_is_of_data(const CalibFile *file, const Inputs *inputs, bool *is_same, Error *err);

#endif
