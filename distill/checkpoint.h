/*
 * checkpoint.h - the file that a training goes on from: facts that must be the same when it does, and parts,
 * which are memory by name.
 *
 *     Checkpoint made = {0};
 *     TRY(checkpoint_begin(&made, facts, count, &err));
 *     float *room;
 *     TRY(checkpoint_add(&made, "weights", bytes, (void **)&room, &err));      // ... is filled
 *     TRY(checkpoint_write(&made, path, &err));                                 // whole or not at all
 *     checkpoint_free(&made);
 *
 *     Checkpoint read;
 *     TRY(checkpoint_parse(&read, path, file.bytes, file.size, &err));          // any bytes
 *     TRY(checkpoint_compare(&read, path, facts, count, &err));
 *     TRY(checkpoint_part(&read, path, "weights", bytes, &content, &err));      // of just that size
 *
 * The file: a header of 32 bytes (magic "EDGECKPT", version, CRC-32 of all that follows it, size of the file,
 * state, number of entries), then entries: kind, length of the name, length of the content, name, content;
 * each begins at a multiple of 8. Numbers are those of the machine: a training goes on where it began.
 */
#ifndef DISTILL_CHECKPOINT_H
#define DISTILL_CHECKPOINT_H

#include "base/base.h"

#define CHECKPOINT_VERSION 1
#define CHECKPOINT_ENTRIES_MAX 4096

/* Something that the result of a training depends on. */
typedef struct CheckpointFact {
  const char *name;      /* as a user knows it: "--rate", "the teacher" */
  const char *value;     /* as text */
  bool tames_divergence; /* may be another where a training goes on that diverged */
} CheckpointFact;

/* In memory that grows while it is made; views of somebody's bytes where it was read. */
typedef struct Checkpoint {
  uint8_t *bytes;
  size_t size, room; /* room: 0 where the bytes are not its own */
} Checkpoint;

/* Forgets what was in it, but keeps the memory. */
Status checkpoint_begin(Checkpoint *made, const CheckpointFact *facts, int count, Error *err);
/* *content: where `size` bytes are to be written, before the next call. */
Status checkpoint_add(Checkpoint *made, const char *name, size_t size, void **content, Error *err);
/* The training diverged after this state. */
void checkpoint_mark_diverged(Checkpoint *made);
Status checkpoint_write(Checkpoint *made, const char *path, Error *err);
void checkpoint_free(Checkpoint *made); /* accepts a zeroed one */

/* Do these bytes begin as a checkpoint does? */
bool checkpoint_is(const void *bytes, size_t size);
/* BAD_INPUT, with `name` in the line, where they are no checkpoint, damaged or of another version. `bytes`
   must be aligned to 8 and live as long as `read`. */
Status checkpoint_parse(Checkpoint *read, const char *name, const void *bytes, size_t size, Error *err);
/* BAD_INPUT with the first fact that differs. Of a training that diverged, one that tames it has to. */
Status checkpoint_compare(const Checkpoint *read, const char *name, const CheckpointFact *facts, int count,
                          Error *err);
/* BAD_INPUT where there is no part of that name or it has another size. */
Status checkpoint_part(const Checkpoint *read, const char *name, const char *part, size_t size,
                       const void **content, Error *err);

#endif
