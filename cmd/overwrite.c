#include "cmd/overwrite.h"

#include "distill/checkpoint.h"
#include "formats/edge/edge_file.h"
#include "formats/onnx/onnx.h"
#include "quantize/calib_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_npy(const void *bytes, size_t size) {
  return size >= 6 && memcmp(bytes, "\x93NUMPY", 6) == 0;
}

static bool is_json(const void *bytes, size_t size) {
  return size >= 2 && memcmp(bytes, "{\n", 2) == 0;
}

static bool is_svg(const void *bytes, size_t size) {
  return size >= 4 && memcmp(bytes, "<svg", 4) == 0;
}

static bool is_curve(const void *bytes, size_t size) {
  return size >= 11 && memcmp(bytes, "epoch,rate,", 11) == 0;
}

static const struct {
  const char *text;
  bool (*is)(const void *bytes, size_t size);
} kinds[] = {[OUTPUT_EDGE] = {"no .edge file", edge_file_is},
             [OUTPUT_NPY] = {"no .npy file", is_npy},
             [OUTPUT_JSON] = {"no report", is_json},
             [OUTPUT_CALIB] = {"no .calib file", calib_is},
             [OUTPUT_ONNX] = {"no model that edgec wrote", onnx_is_own},
             [OUTPUT_SVG] = {"no picture that edgec wrote", is_svg},
             [OUTPUT_CURVE] = {"no table of a training", is_curve},
             [OUTPUT_CHECKPOINT] = {"no checkpoint of a training", checkpoint_is}};

static Status check_folder(const char *path, Error *err) {
  const char *slash = strrchr(path, '/');
  char *folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
  if (folder == NULL) return fail_memory(err);
  Status status = OK;
  if (access(folder, W_OK | X_OK) != 0)
    status = fail(err, SYSTEM, "%s: cannot write: %s", path, strerror(errno));
  free(folder);
  return status;
}

Status overwrite_check(const char *path, OutputKind kind, bool forced, Error *err) {
  struct stat info;
  MappedFile file;
  TRY(check_folder(path, err));
  if (stat(path, &info) != 0) return OK;
  if (S_ISDIR(info.st_mode)) return fail(err, SYSTEM, "%s: cannot write: it is a folder", path);
  bool is_own = forced;
  if (!forced && file_map(path, &file, NULL) == OK) {
    is_own = kinds[kind].is(file.bytes, file.size);
    file_unmap(&file);
  }
  if (is_own) return OK;
  return fail(err, BAD_USAGE, "%s: exists and is %s; --force overwrites it", path, kinds[kind].text);
}
