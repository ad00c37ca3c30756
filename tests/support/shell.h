/*
 * shell.h - runs command lines as a user would, in a folder of their own under the build folder.
 *
 *     shell_setup();                                       // $EDGEC, $FILES, $EXAMPLES; the command `edgec`
 *     char *folder = shell_folder("verify");               // fresh and empty
 *     ShellResult result;
 *     shell_run(&result, folder, "edgec verify a.onnx b.edge");
 *     shell_result_free(&result);
 */
#ifndef TESTS_SUPPORT_SHELL_H
#define TESTS_SUPPORT_SHELL_H

#include "base/base.h"

/* The program is that of the environment variable EDGEC, or build/edgec. Tests run where the Makefile is. */
void shell_setup(void);

/* The absolute path of an emptied folder <build>/cli/<name>; free it. */
char *shell_folder(const char *name);

typedef struct ShellResult {
  int exit_code; /* -1: a signal ended it */
  Text out, err;
} ShellResult;

void shell_run(ShellResult *result, const char *folder, const char *command);
void shell_result_free(ShellResult *result);

/* Names and sizes of what is in the folder, sorted: one a line. */
Text shell_listing(const char *folder);

/* All of a file as text; aborts where it cannot be read. */
Text read_whole(const char *path);

#endif
