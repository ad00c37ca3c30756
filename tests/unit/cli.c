/*
 * The command line as a user meets it: tests/cli/<name>.test are command lines and what must come of them.
 *
 *     # a remark
 *     $ edgec verify $FILES/small.onnx $FILES/other.onnx     a step: run in a folder of the file's own
 *     exit 3                                                 the exit code, 0 where nothing is said
 *     out *top-1*                                            some line of stdout matches
 *     err edgec: *no such file*                              some line of stderr matches
 *     notout, noterr                                         no line does
 *     file x.edge                                            exists afterwards
 *     nofile x.edge                                          does not
 *
 * Of every step that fails (exit code 2 or more) it is also checked that stderr is one line that begins with
 * "edgec: " (more where the step says `long`), that stdout is empty (but where there is an `out`), and that
 * no file appeared, went or changed its size.
 */
#include "tests/support/cli_files.h"
#include "tests/support/shell.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_cli(void);

#define CASE_FOLDER "tests/cli"
#define MOST_LINES 32 /* expectations of a step */

typedef struct Step {
  const char *file;
  int line;
  char *command;
  char *expectations[MOST_LINES];
  int count;
} Step;

/* ---- looking at one step ---- */

static bool has_line(const Text *text, const char *pattern) {
  char *copy = strdup(text->bytes), *rest = copy, *line;
  bool found = false;
  while (!found && (line = strsep(&rest, "\n")) != NULL) found = text_matches(pattern, line);
  free(copy);
  return found;
}

static int line_count(const Text *text) {
  int lines = 0;
  for (const char *c = text->bytes; *c != '\0'; c++) lines += *c == '\n';
  return lines;
}

/* Check has no room for all that a command may say; beyond it a failure would end the whole program. */
static void fail_step(const Step *step, const ShellResult *result, const char *why, const char *what) {
  ck_abort_msg("%s:%d: %s\n  %s %s\nexit code %d\n--- stdout\n%.2000s\n--- stderr\n%.2000s", step->file,
               step->line, step->command, why, what, result->exit_code, result->out.bytes, result->err.bytes);
}

static bool exists_in(const char *folder, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return file_exists(path);
}

/* The rest of the line where it begins with the word; NULL otherwise. */
static const char *after(const char *line, const char *word) {
  size_t length = strlen(word);
  if (strncmp(line, word, length) != 0) return NULL;
  if (line[length] == '\0') return line + length;
  return line[length] == ' ' ? line + length + 1 : NULL;
}

static int wanted_exit(const Step *step) {
  for (int i = 0; i < step->count; i++)
    if (after(step->expectations[i], "exit") != NULL) return atoi(after(step->expectations[i], "exit"));
  return 0;
}

static bool says(const Step *step, const char *word) {
  for (int i = 0; i < step->count; i++)
    if (after(step->expectations[i], word) != NULL) return true;
  return false;
}

static void check_line(const Step *step, const char *line, const ShellResult *result, const char *folder) {
  const char *rest;
  bool good = true;
  if ((rest = after(line, "out")) != NULL)
    good = has_line(&result->out, rest);
  else if ((rest = after(line, "err")) != NULL)
    good = has_line(&result->err, rest);
  else if ((rest = after(line, "notout")) != NULL)
    good = !has_line(&result->out, rest);
  else if ((rest = after(line, "noterr")) != NULL)
    good = !has_line(&result->err, rest);
  else if ((rest = after(line, "file")) != NULL)
    good = exists_in(folder, rest);
  else if ((rest = after(line, "nofile")) != NULL)
    good = !exists_in(folder, rest);
  else
    good = after(line, "exit") != NULL || after(line, "long") != NULL;
  if (!good) fail_step(step, result, "not met:", line);
}

static void check_failure(const Step *step, const ShellResult *result, const Text *before,
                          const Text *later) {
  const char *err = result->err.bytes;
  if (!says(step, "long") && (line_count(&result->err) != 1 || strncmp(err, "edgec: ", 7) != 0))
    fail_step(step, result, "stderr is not one line that begins with", "'edgec: '");
  if (!says(step, "out") && result->out.length > 0) fail_step(step, result, "stdout is not", "empty");
  if (strcmp(before->bytes, later->bytes) != 0)
    fail_step(step, result, "files changed, there are now:\n", later->bytes);
}

static void run_step(const Step *step, const char *folder) {
  ShellResult result;
  Text before = shell_listing(folder);
  shell_run(&result, folder, step->command);
  Text later = shell_listing(folder);
  if (result.exit_code != wanted_exit(step)) fail_step(step, &result, "wrong exit code", "");
  if (result.exit_code >= 2) check_failure(step, &result, &before, &later);
  for (int i = 0; i < step->count; i++) check_line(step, step->expectations[i], &result, folder);
  shell_result_free(&result);
  text_free(&before);
  text_free(&later);
}

/* ---- files of steps ---- */

static char *names[256];
static int name_count;

static void run_file(const char *name, const char *folder) {
  char path[512], *line;
  int number = 0, steps = 0;
  snprintf(path, sizeof path, CASE_FOLDER "/%s", name);
  Text text = read_whole(path);
  Step step = {.file = path};
  for (char *rest = text.bytes; (line = strsep(&rest, "\n")) != NULL;) {
    number++;
    if (line[0] == '#' || line[0] == '\0') continue;
    if (line[0] != '$') {
      ck_assert_msg(step.command != NULL && step.count < MOST_LINES, "%s:%d: no step", path, number);
      step.expectations[step.count++] = line;
      continue;
    }
    if (step.command != NULL) run_step(&step, folder);
    step = (Step){.file = path, .line = number, .command = line + 2};
    steps++;
  }
  ck_assert_msg(steps > 0, "%s has no steps", path);
  run_step(&step, folder);
  text_free(&text);
}

START_TEST(command_lines_do_what_they_should) {
  char folder_name[256];
  snprintf(folder_name, sizeof folder_name, "%.*s", (int)(strlen(names[_i]) - strlen(".test")), names[_i]);
  char *folder = shell_folder(folder_name);
  run_file(names[_i], folder);
  free(folder);
}
END_TEST

static void setup(void) {
  shell_setup();
  make_cli_files(getenv("FILES"));
}

static int is_case(const struct dirent *entry) {
  return text_ends_with(entry->d_name, ".test");
}

static void find_cases(void) {
  struct dirent **entries;
  int count = scandir(CASE_FOLDER, &entries, is_case, alphasort);
  for (int i = 0; i < count; i++) {
    if (name_count < (int)(sizeof names / sizeof names[0])) names[name_count++] = strdup(entries[i]->d_name);
    free(entries[i]);
  }
  if (count >= 0) free(entries);
}

START_TEST(there_are_cases) {
  ck_assert_int_gt(name_count, 10);
}
END_TEST

Suite *suite_cli(void) {
  Suite *suite = suite_create("cli");
  TCase *tests = tcase_create("cases");
  if (name_count == 0) find_cases();
  tcase_set_timeout(tests, 300);
  tcase_add_unchecked_fixture(tests, setup, NULL);
  tcase_add_test(tests, there_are_cases);
  tcase_add_loop_test(tests, command_lines_do_what_they_should, 0, name_count);
  suite_add_tcase(suite, tests);
  return suite;
}
