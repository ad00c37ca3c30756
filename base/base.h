/*
 * base.h - the public header of base/: errors, memory, files, threads, text and numbers. Knows nothing of
 * models.
 *
 *     Error err = {0};
 *     Arena arena = {0};
 *     MappedFile file;
 *     TRY(file_map("model.onnx", &file, &err));
 *     Thing *things = arena_new(&arena, 10, sizeof *things, &err);
 *     if (things == NULL) return err.status;
 *     ...
 *     file_unmap(&file);
 *     arena_free(&arena);
 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include "base/error.h"
#include "base/file.h"
#include "base/halves.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/small_floats.h"
#include "base/text.h"
#include "base/threads.h"

#endif
