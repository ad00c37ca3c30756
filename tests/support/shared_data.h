/* shared_data.h - for tests: models and data beside the project, where they are. */
#ifndef TESTS_SUPPORT_SHARED_DATA_H
#define TESTS_SUPPORT_SHARED_DATA_H

#include <stdbool.h>

#define SHARED_PATH_ROOM 512

/* The path of a file in the folder that EDGEC_SHARED names, or in ../shared; false (said once on stderr, as a
   skipped test) where there is none. */
bool shared_path(const char *name, char path[SHARED_PATH_ROOM]);

#endif
