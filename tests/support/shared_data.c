#include "tests/support/shared_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool shared_path(const char *name, char path[SHARED_PATH_ROOM]) {
  const char *folder = getenv("EDGEC_SHARED");
  snprintf(path, SHARED_PATH_ROOM, "%s/%s", folder != NULL ? folder : "../shared", name);
  if (access(path, R_OK) == 0) return true;
  fprintf(stderr, "skipped: %s is not there\n", path);
  return false;
}
