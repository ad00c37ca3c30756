#define _GNU_SOURCE /* asprintf */
#include "tests/support/shell.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char *absolute(const char *path) {
  char *found = realpath(path, NULL);
  if (found == NULL) {
    fprintf(stderr, "%s: not found; tests run in the folder of the Makefile, after `make`\n", path);
    abort();
  }
  return found;
}

/* <build>/cli */
static char *build_folder(void) {
  char *program = absolute(getenv("EDGEC")), *folder = NULL;
  *strrchr(program, '/') = '\0';
  if (asprintf(&folder, "%s/cli", program) < 0) abort();
  free(program);
  return folder;
}

void shell_setup(void) {
  setenv("EDGEC", "build/edgec", 0);
  char *program = absolute(getenv("EDGEC")), *examples = absolute("examples"), *folder = NULL, *files = NULL;
  setenv("EDGEC", program, 1);
  setenv("EXAMPLES", examples, 1);
  folder = build_folder();
  mkdir(folder, 0777);
  if (asprintf(&files, "%s/files", folder) < 0) abort();
  mkdir(files, 0777);
  setenv("FILES", files, 1);
  free(program);
  free(examples);
  free(folder);
  free(files);
}

static void run_or_abort(const char *command) {
  if (system(command) != 0) {
    fprintf(stderr, "failed: %s\n", command);
    abort();
  }
}

char *shell_folder(const char *name) {
  char *parent = build_folder(), *folder = NULL, *command = NULL;
  if (asprintf(&folder, "%s/%s", parent, name) < 0) abort();
  if (asprintf(&command, "rm -rf '%s' && mkdir '%s'", folder, folder) < 0) abort();
  run_or_abort(command);
  free(parent);
  free(command);
  return folder;
}

Text read_whole(const char *path) {
  Text text = {0};
  char buffer[4096];
  size_t count;
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    perror(path);
    abort();
  }
  while ((count = fread(buffer, 1, sizeof buffer, file)) > 0) text_add_bytes(&text, buffer, count);
  fclose(file);
  if (text.bytes == NULL) text_add(&text, "%s", "");
  return text;
}

static Text take_output(const char *folder, const char *ending) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s.%s", folder, ending);
  Text text = read_whole(path);
  remove(path);
  return text;
}

void shell_run(ShellResult *result, const char *folder, const char *command) {
  char *line = NULL;
  if (asprintf(&line, "cd '%s' && { edgec() { \"$EDGEC\" \"$@\"; }; %s\n} >'%s.out' 2>'%s.err' </dev/null",
               folder, command, folder, folder) < 0)
    abort();
  int status = system(line);
  free(line);
  result->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  result->out = take_output(folder, "out");
  result->err = take_output(folder, "err");
}

void shell_result_free(ShellResult *result) {
  text_free(&result->out);
  text_free(&result->err);
}

Text shell_listing(const char *folder) {
  struct dirent **entries;
  Text listing = {0};
  int count = scandir(folder, &entries, NULL, alphasort);
  for (int i = 0; i < count; i++) {
    char path[PATH_MAX];
    struct stat info;
    snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
    bool is_file = stat(path, &info) == 0 && S_ISREG(info.st_mode);
    text_add(&listing, "%s %lld\n", entries[i]->d_name, is_file ? (long long)info.st_size : -1);
    free(entries[i]);
  }
  if (count >= 0) free(entries);
  return listing;
}
