/*
 * The command lines that the documentation shows do work: every line `$ edgec ...` or `$ build/edgec ...` of
 * a ```console block is run, in a folder with the examples in it. Lines whose model or data is not there
 * (model.onnx, x.npz: stand for the reader's own) are left out.
 */
#include "tests/support/shell.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_docs(void);

static bool exists_in(const char *folder, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return file_exists(path);
}

static bool is_input_name(const char *word) {
  static const char *const endings[] = {".onnx", ".edge", ".npz", ".npy"};
  for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
    if (text_ends_with(word, endings[i])) return true;
  return false;
}

/* Is every file that the command reads there? What follows -o is written. */
static bool has_inputs(const char *folder, const char *command) {
  char *copy = strdup(command), *rest = copy, *word;
  bool is_output = false, good = true;
  while ((word = strsep(&rest, " ")) != NULL) {
    const char *value = strchr(word, '=') != NULL ? strchr(word, '=') + 1 : word;
    if (!is_output && is_input_name(value)) good &= exists_in(folder, value);
    is_output = strcmp(word, "-o") == 0;
  }
  free(copy);
  return good;
}

/* The command of a line "$ edgec ..." or "$ build/edgec ..."; NULL for any other line. */
static const char *command_of(const char *line) {
  if (strncmp(line, "$ build/edgec ", 14) == 0) return line + 8;
  return strncmp(line, "$ edgec ", 8) == 0 ? line + 2 : NULL;
}

/* Runs the lines of one document; returns how many. */
static int run_document(const char *path, const char *folder) {
  Text text = read_whole(path);
  char *rest = text.bytes, *line;
  bool in_console = false;
  int count = 0;
  while ((line = strsep(&rest, "\n")) != NULL) {
    if (strncmp(line, "```", 3) == 0) in_console = !in_console && strcmp(line, "```console") == 0;
    const char *command = in_console ? command_of(line) : NULL;
    if (command == NULL || !has_inputs(folder, command)) continue;
    ShellResult result;
    shell_run(&result, folder, command);
    ck_assert_msg(result.exit_code == 0, "%s: %s\nexit code %d\n%s%s", path, line, result.exit_code,
                  result.out.bytes, result.err.bytes);
    shell_result_free(&result);
    count++;
  }
  text_free(&text);
  return count;
}

static void give_examples(const char *folder) {
  ShellResult result;
  shell_run(&result, folder, "mkdir examples build && cp $EXAMPLES/*.onnx $EXAMPLES/*.npz examples");
  ck_assert_int_eq(result.exit_code, 0);
  shell_result_free(&result);
}

START_TEST(console_blocks_are_recognized) {
  char *folder = shell_folder("docs_rules");
  give_examples(folder);
  ck_assert(has_inputs(folder, "edgec quantize examples/digits.onnx --data=examples/digits.npz -o new.edge"));
  ck_assert(has_inputs(folder, "edgec help quantize"));
  ck_assert_str_eq(command_of("$ build/edgec help"), "edgec help");
  ck_assert_ptr_null(command_of("edgec help"));
  ck_assert(!has_inputs(folder, "edgec quantize model.onnx"));
  ck_assert(!has_inputs(folder, "edgec run examples/digits.onnx --data image=mine.npy -o out.npy"));
  free(folder);
}
END_TEST

START_TEST(documented_commands_work) {
  char *folder = shell_folder("docs");
  struct dirent **entries;
  int count = scandir("docs", &entries, NULL, alphasort);
  give_examples(folder);
  if (file_exists("README.md")) ck_assert_int_ge(run_document("README.md", folder), 1);
  for (int i = 0; i < count; i++) {
    char path[512];
    snprintf(path, sizeof path, "docs/%s", entries[i]->d_name);
    if (text_ends_with(path, ".md")) run_document(path, folder);
    free(entries[i]);
  }
  ck_assert_int_ge(count, 0);
  free(entries);
  free(folder);
}
END_TEST

/* The page is the command's output below a heading. */
START_TEST(the_operators_page_is_true) {
  Text page = read_whole("docs/operators.md");
  char *folder = shell_folder("operators_page");
  ShellResult result;
  shell_run(&result, folder, "edgec ops --markdown");
  ck_assert_int_eq(result.exit_code, 0);
  ck_assert_msg(text_ends_with(page.bytes, result.out.bytes),
                "docs/operators.md is old: make operators-page");
  shell_result_free(&result);
  text_free(&page);
  free(folder);
}
END_TEST

static void setup(void) {
  shell_setup();
}

Suite *suite_docs(void) {
  Suite *suite = suite_create("docs");
  TCase *tests = tcase_create("console blocks");
  tcase_set_timeout(tests, 300);
  tcase_add_unchecked_fixture(tests, setup, NULL);
  tcase_add_test(tests, console_blocks_are_recognized);
  tcase_add_test(tests, documented_commands_work);
  tcase_add_test(tests, the_operators_page_is_true);
  suite_add_tcase(suite, tests);
  return suite;
}
