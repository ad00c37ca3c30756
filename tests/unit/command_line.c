/* edgec as a user runs it: output, messages and exit codes of what every command shares. The program is that
   of the environment variable EDGEC, else build/edgec. */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

Suite *suite_command_line(void);

typedef struct Outcome {
  int code;
  char out[16384], err[4096];
} Outcome;

static void slurp(const char *path, char *text, size_t room) {
  FILE *file = fopen(path, "rb");
  size_t length = file == NULL ? 0 : fread(text, 1, room - 1, file);
  text[length] = '\0';
  if (file != NULL) fclose(file);
  remove(path);
}

/* Runs `edgec words` by the shell; `words` may redirect. */
static Outcome run(const char *words) {
  static Outcome outcome;
  char folder[] = "/tmp/edgec-test.XXXXXX", command[1024], out[64], err[64];
  const char *program = getenv("EDGEC");
  if (mkdtemp(folder) == NULL) abort();
  snprintf(out, sizeof out, "%s/out", folder);
  snprintf(err, sizeof err, "%s/err", folder);
  snprintf(command, sizeof command, "{ %s %s ; } >%s 2>%s", program != NULL ? program : "build/edgec", words,
           out, err);
  int status = system(command);
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  slurp(out, outcome.out, sizeof outcome.out);
  slurp(err, outcome.err, sizeof outcome.err);
  remove(folder);
  return outcome;
}

static const struct {
  const char *words;
  int code;
  const char *out, *err; /* how they begin; "": nothing at all */
} rows[] = {
    {"version", 0, "edgec 0.", ""},
    {"--version", 0, "edgec 0.", ""},
    {"version --json", 0, "{\n  \"edgec\": \"0.", ""},
    {"help", 0, "edgec makes trained ONNX models small", ""},
    {"--help", 0, "edgec makes trained ONNX models small", ""},
    {"help version", 0, "edgec version prints the version.\n\nUsage: edgec version [--json]\n", ""},
    {"version --help", 0, "edgec version prints the version.", ""},
    {"version -h", 0, "edgec version prints the version.", ""},
    {"", 2, "", "edgec makes trained ONNX models small"},
    {"versoin", 2, "", "edgec: there is no command 'versoin'; did you mean 'version'?\n"},
    {"help versoin", 2, "", "edgec: there is no command 'versoin'; did you mean 'version'?\n"},
    {"version --jsno", 2, "", "edgec: version: unknown option '--jsno'; did you mean '--json'?\n"},
    {"version extra", 2, "",
     "edgec: version: 'extra' is one argument too many; usage: edgec version [--json]\n"},
    {"version >/dev/full", 5, "", "edgec: cannot write the results: No space left on device\n"},
    {"help >&-", 5, "", "edgec: cannot write the results: "},
};

static void expect_begin(const char *text, const char *wanted) {
  bool good = wanted[0] == '\0' ? text[0] == '\0' : strncmp(text, wanted, strlen(wanted)) == 0;
  ck_assert_msg(good, "'%s' does not begin with '%s'", text, wanted);
}

START_TEST(says_and_exits) {
  Outcome outcome = run(rows[_i].words);
  ck_assert_msg(outcome.code == rows[_i].code, "exit code %d\n%s", outcome.code, outcome.err);
  expect_begin(outcome.out, rows[_i].out);
  expect_begin(outcome.err, rows[_i].err);
}
END_TEST

Suite *suite_command_line(void) {
  Suite *suite = suite_create("command_line");
  TCase *tests = tcase_create("command line");
  tcase_add_loop_test(tests, says_and_exits, 0, (int)(sizeof rows / sizeof rows[0]));
  suite_add_tcase(suite, tests);
  return suite;
}
