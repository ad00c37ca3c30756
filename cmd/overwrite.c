#include "cmd/overwrite.h"

#include "formats/edge/edge_file.h"

#include <string.h>

static bool is_npy(const void *bytes, size_t size) {
  return size >= 6 && memcmp(bytes, "\x93NUMPY", 6) == 0;
}

static const struct {
  const char *text;
  bool (*is)(const void *bytes, size_t size);
} kinds[] = {[OUTPUT_EDGE] = {".edge", edge_file_is}, [OUTPUT_NPY] = {".npy", is_npy}};

Status overwrite_check(const char *path, OutputKind kind, bool forced, Error *err) {
  MappedFile file;
  if (forced || !file_exists(path)) return OK;
  bool is_own = false;
  if (file_map(path, &file, NULL) == OK) {
    is_own = kinds[kind].is(file.bytes, file.size);
    file_unmap(&file);
  }
  if (is_own) return OK;
  return fail(err, BAD_USAGE, "%s: exists and is no %s file; --force overwrites it", path, kinds[kind].text);
}
