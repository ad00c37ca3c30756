#define _GNU_SOURCE /* O_TMPFILE */
#include "base/spill.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PATH_ROOM 4096

/* Where the file system has no nameless files, one is named for a moment. */
static int open_named(const char *folder) {
  char path[PATH_ROOM];
  int length = snprintf(path, sizeof path, "%s/edgec-XXXXXX", folder);
  if (length < 0 || (size_t)length >= sizeof path) return -1;
  int descriptor = mkostemp(path, O_CLOEXEC);
  if (descriptor >= 0) unlink(path);
  return descriptor;
}

static int open_nameless(void) {
  const char *folder = getenv("TMPDIR");
  if (folder == NULL || folder[0] == '\0') folder = "/var/tmp";
  int descriptor = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  return descriptor >= 0 ? descriptor : open_named(folder);
}

/* All of it now: a full disk would else be a fault at some later store. */
static void *map_whole(int descriptor, size_t bytes) {
  void *memory = MAP_FAILED;
  if (bytes <= INT64_MAX && posix_fallocate(descriptor, 0, (off_t)bytes) == 0)
    memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

void *spill_new(size_t bytes) {
  int descriptor = open_nameless();
  if (descriptor < 0) return NULL;
  void *memory = map_whole(descriptor, bytes);
  close(descriptor);
  return memory;
}

static bool write_at(int descriptor, const uint8_t *bytes, size_t count, size_t at) {
  while (count > 0) {
    ssize_t written = pwrite(descriptor, bytes, count, (off_t)at);
    if (written <= 0) return false;
    bytes += written;
    at += (size_t)written;
    count -= (size_t)written;
  }
  return true;
}

void *spill_copy(size_t lead, const void *bytes, size_t count) {
  int descriptor = open_nameless();
  if (descriptor < 0) return NULL;
  void *memory = write_at(descriptor, bytes, count, lead) ? map_whole(descriptor, lead + count) : NULL;
  close(descriptor);
  return memory;
}

void spill_free(void *memory, size_t bytes) {
  munmap(memory, bytes);
}

void spill_release(const void *memory, size_t bytes) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t from = ((uintptr_t)memory + page - 1) / page * page,
            to = ((uintptr_t)memory + bytes) / page * page;
  if (to > from) madvise((void *)from, to - from, MADV_DONTNEED);
}
