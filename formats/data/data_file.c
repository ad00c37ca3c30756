#include "formats/data/data_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static Status check_regular(DataFile *file, Error *err) {
  struct stat info;
  if (fstat(file->descriptor, &info) != 0)
    return fail(err, SYSTEM, "%s: cannot read: %s", file->name, strerror(errno));
  if (S_ISDIR(info.st_mode)) return fail(err, BAD_INPUT, "%s: is a folder, a file is needed", file->name);
  if (!S_ISREG(info.st_mode)) return fail(err, BAD_INPUT, "%s: is not a regular file", file->name);
  if (info.st_size <= 0) return fail(err, BAD_INPUT, "%s: the file is empty", file->name);
  file->size = (uint64_t)info.st_size;
  return OK;
}

Status data_file_open(DataFile *file, const char *path, Error *err) {
  *file = (DataFile){.name = path, .descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file->descriptor < 0) {
    *file = (DataFile){0};
    return fail(err, SYSTEM, "%s: cannot open: %s", path, strerror(errno));
  }
  Status status = check_regular(file, err);
  if (status != OK) data_file_close(file);
  return status;
}

void data_file_of_memory(DataFile *file, const void *bytes, size_t size, const char *name) {
  *file = (DataFile){.name = name, .bytes = bytes, .descriptor = -1, .size = size};
}

void data_file_close(DataFile *file) {
  if (file->name != NULL && file->bytes == NULL) close(file->descriptor);
  *file = (DataFile){0};
}

static Status read_descriptor(const DataFile *file, uint64_t offset, uint8_t *next, size_t count,
                              Error *err) {
  while (count > 0) {
    ssize_t got = pread(file->descriptor, next, count, (off_t)offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(err, SYSTEM, "%s: cannot read: %s", file->name, strerror(errno));
    if (got == 0) return fail(err, BAD_INPUT, "%s: the file became shorter while it was read", file->name);
    next += got;
    offset += (uint64_t)got;
    count -= (size_t)got;
  }
  return OK;
}

Status data_file_read_at(const DataFile *file, uint64_t offset, void *buffer, size_t count, Error *err) {
  if (offset > file->size || count > file->size - offset)
    return fail(err, BAD_INPUT, "%s: is cut off: %zu bytes are needed at offset %llu, but it has %llu",
                file->name, count, (unsigned long long)offset, (unsigned long long)file->size);
  if (file->bytes == NULL) return read_descriptor(file, offset, buffer, count, err);
  if (count > 0) memcpy(buffer, file->bytes + offset, count);
  return OK;
}
