#include "base/file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRITE_PIECE ((size_t)8 << 20)
#define OPEN_OUTPUTS 16 /* that an interrupt can clean up */

/* The names of temporary files in existence: the one thing that a signal handler has to know. */
static _Atomic(char *) open_outputs[OPEN_OUTPUTS];

static Status map_descriptor(int descriptor, const char *path, MappedFile *file, Error *err) {
  struct stat info;
  if (fstat(descriptor, &info) != 0) return fail(err, SYSTEM, "%s: cannot read: %s", path, strerror(errno));
  if (S_ISDIR(info.st_mode)) return fail(err, BAD_INPUT, "%s: is a folder, a file is needed", path);
  if (!S_ISREG(info.st_mode)) return fail(err, BAD_INPUT, "%s: is not a regular file", path);
  if (info.st_size == 0) return fail(err, BAD_INPUT, "%s: the file is empty", path);
  void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (bytes == MAP_FAILED) return fail(err, SYSTEM, "%s: cannot map: %s", path, strerror(errno));
  *file = (MappedFile){.bytes = bytes, .size = (size_t)info.st_size};
  return OK;
}

Status file_map(const char *path, MappedFile *file, Error *err) {
  *file = (MappedFile){0};
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail(err, SYSTEM, "%s: cannot open: %s", path, strerror(errno));
  Status status = map_descriptor(descriptor, path, file, err);
  close(descriptor);
  return status;
}

void file_unmap(MappedFile *file) {
  if (file->bytes != NULL) munmap((void *)(uintptr_t)file->bytes, file->size);
  *file = (MappedFile){0};
}

static void remember_output(char *name) {
  for (int i = 0; i < OPEN_OUTPUTS; i++) {
    char *expected = NULL;
    if (atomic_compare_exchange_strong(&open_outputs[i], &expected, name)) return;
  }
}

static void forget_output(char *name) {
  for (int i = 0; i < OPEN_OUTPUTS; i++) {
    char *expected = name;
    if (atomic_compare_exchange_strong(&open_outputs[i], &expected, NULL)) return;
  }
}

void output_abandon_all(void) {
  for (int i = 0; i < OPEN_OUTPUTS; i++) {
    char *name = atomic_exchange(&open_outputs[i], NULL);
    if (name != NULL) unlink(name);
  }
}

/* A rename would replace a device or a pipe by a file: such a path is a slip. */
static Status check_target(const char *path, Error *err) {
  struct stat info;
  if (stat(path, &info) != 0 || S_ISREG(info.st_mode)) return OK;
  return fail(err, SYSTEM, "%s: cannot write: %s", path,
              S_ISDIR(info.st_mode) ? "it is a folder" : "it is not a regular file");
}

Status output_open(OutputFile *out, const char *path, Error *err) {
  *out = (OutputFile){0};
  TRY(check_target(path, err));
  *out = (OutputFile){.path = path, .descriptor = -1};
  size_t room = strlen(path) + 12;
  out->temporary = malloc(room);
  if (out->temporary == NULL) return fail_memory(err);
  snprintf(out->temporary, room, "%s.XXXXXX", path);
  out->descriptor = mkstemp(out->temporary);
  if (out->descriptor < 0) {
    Status status = fail(err, SYSTEM, "%s: cannot write: %s", path, strerror(errno));
    free(out->temporary);
    *out = (OutputFile){0};
    return status;
  }
  remember_output(out->temporary);
  return OK;
}

Status output_write(OutputFile *out, const void *bytes, size_t size, Error *err) {
  const uint8_t *next = bytes;
  while (size > 0) {
    ssize_t written = write(out->descriptor, next, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(err, SYSTEM, "%s: cannot write: %s", out->path, strerror(errno));
    next += written;
    size -= (size_t)written;
  }
  return OK;
}

Status output_write_from(OutputFile *out, const Arena *arena, const void *bytes, size_t size, Error *err) {
  const uint8_t *next = bytes;
  for (size_t at = 0; at < size; at += WRITE_PIECE) {
    TRY(output_write(out, next + at, size - at < WRITE_PIECE ? size - at : WRITE_PIECE, err));
    arena_release(arena);
  }
  return OK;
}

/* mkstemp() makes files that only their owner reads; a result gets the usual permissions. */
static void widen_permissions(int descriptor) {
  mode_t mask = umask(0);
  umask(mask);
  (void)fchmod(descriptor, 0666 & ~mask);
}

Status output_commit(OutputFile *out, Error *err) {
  widen_permissions(out->descriptor);
  if (fsync(out->descriptor) != 0 || rename(out->temporary, out->path) != 0) {
    Status status = fail(err, SYSTEM, "%s: cannot write: %s", out->path, strerror(errno));
    output_abandon(out);
    return status;
  }
  forget_output(out->temporary);
  close(out->descriptor);
  free(out->temporary);
  *out = (OutputFile){0};
  return OK;
}

void output_abandon(OutputFile *out) {
  if (out->temporary == NULL) return;
  forget_output(out->temporary);
  unlink(out->temporary);
  close(out->descriptor);
  free(out->temporary);
  *out = (OutputFile){0};
}

Status file_write(const char *path, const void *bytes, size_t size, Error *err) {
  OutputFile out;
  TRY(output_open(&out, path, err));
  Status status = output_write(&out, bytes, size, err);
  if (status != OK) {
    output_abandon(&out);
    return status;
  }
  return output_commit(&out, err);
}

bool file_exists(const char *path) {
  return access(path, F_OK) == 0;
}
