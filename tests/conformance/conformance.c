/*
 * conformance.c - runs the ONNX project's tests and counts what passes.
 *
 *     conformance [--plain] [--passes] [--known LIST] FOLDER
 *
 * FOLDER holds <suite>/<test>/ and INDEX.tsv; without that file all tests that have a model count as of
 * tier 1. Every test runs in a process of its own, so that one that crashes or hangs is just one that fails.
 * Prints each failing test with its reason and ends with the counts by tier.
 *
 * With --known only scoreable tests run, and those that LIST names must fail and all others pass: what
 * differs is printed, and the exit code is 1. A line of LIST is <suite>/<test>, a tab, and why it fails.
 */
#include "tests/conformance/conformance.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIERS 3
#define SECONDS_A_TEST 60
#define REASON_ROOM 1024
#define PATH_ROOM 1024

/* A line of INDEX.tsv. */
typedef struct Entry {
  char *suite, *name, *scoreable;
  int tier;
} Entry;

typedef struct Count {
  int passed, all;
} Count;

typedef struct Counts {
  Count tiers[TIERS + 1]; /* by number */
  Count smoke;            /* whole models with constant weights */
  Count load;             /* models without comparable results */
  int surprises;          /* tests that pass though listed, or fail though not */
} Counts;

/* What is run, and what is expected of it. */
typedef struct Suite {
  const char *root;
  RunMode mode;
  Text known; /* the list of --known, with a line break before each line */
  bool is_checked;
} Suite;

/* ---- one test in a process of its own ---- */

static int run_child(const char *folder, const Entry *entry, RunMode mode, int out) {
  Error err = {0};
  alarm(SECONDS_A_TEST);
  Status status;
  if (strcmp(entry->scoreable, "no") == 0) {
    Graph *graph = NULL;
    status = load_model(folder, &graph, &err);
    graph_free(graph);
  } else {
    status = run_case(folder, mode, &err);
  }
  if (status != OK && write(out, err.text, strnlen(err.text, REASON_ROOM - 1)) < 0) return EXIT_FAILURE;
  return status == OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool explain(int wait_status, char *reason) {
  if (WIFEXITED(wait_status)) return WEXITSTATUS(wait_status) == EXIT_SUCCESS;
  int number = WTERMSIG(wait_status);
  if (number == SIGALRM)
    snprintf(reason, REASON_ROOM, "ran longer than %d seconds", SECONDS_A_TEST);
  else
    snprintf(reason, REASON_ROOM, "crashed: %s", strsignal(number));
  return false;
}

/* True if the test passes; otherwise `reason` says why not. */
static bool run_apart(const char *folder, const Entry *entry, RunMode mode, char *reason) {
  int ends[2];
  snprintf(reason, REASON_ROOM, "no reason given");
  fflush(stdout);
  if (pipe(ends) != 0) return false;
  pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    _exit(run_child(folder, entry, mode, ends[1]));
  }
  close(ends[1]);
  ssize_t length = child > 0 ? read(ends[0], reason, REASON_ROOM - 1) : -1;
  if (length > 0) reason[length] = '\0';
  close(ends[0]);
  int wait_status = 0;
  if (child < 0 || waitpid(child, &wait_status, 0) != child) return false;
  return explain(wait_status, reason);
}

/* ---- the index ---- */

/* Cuts the field that `*line` begins with; NULL where there is none. */
static char *next_field(char **line) {
  return *line == NULL ? NULL : strsep(line, "\t\n");
}

static bool read_entry(char *line, Entry *entry) {
  entry->suite = next_field(&line);
  entry->name = next_field(&line);
  const char *tier = next_field(&line);
  entry->scoreable = next_field(&line);
  if (entry->scoreable == NULL) return false;
  entry->tier = atoi(tier);
  return entry->tier >= 1 && entry->tier <= TIERS; /* not so in the heading */
}

static Count *count_of(Counts *counts, const Entry *entry) {
  if (strcmp(entry->scoreable, "yes") == 0) return &counts->tiers[entry->tier];
  return strcmp(entry->scoreable, "smoke") == 0 ? &counts->smoke : &counts->load;
}

static bool is_listed(const Suite *suite, const Entry *entry) {
  char line[PATH_ROOM];
  snprintf(line, sizeof line, "\n%s/%s\t", entry->suite, entry->name);
  return suite->known.bytes != NULL && strstr(suite->known.bytes, line) != NULL;
}

/* Says whether the result is worth a line: a failure, or what is not as the list has it. */
static bool is_surprise(const Suite *suite, const Entry *entry, bool passed) {
  return suite->is_checked ? passed == is_listed(suite, entry) : !passed;
}

static void run_entry(const Suite *suite, const Entry *entry, Counts *counts) {
  char folder[PATH_ROOM], reason[REASON_ROOM];
  if (suite->is_checked && strcmp(entry->scoreable, "yes") != 0) return;
  snprintf(folder, sizeof folder, "%s/%s/%s", suite->root, entry->suite, entry->name);
  Count *count = count_of(counts, entry);
  bool passed = run_apart(folder, entry, suite->mode, reason);
  count->all++;
  count->passed += passed;
  if (!is_surprise(suite, entry, passed)) return;
  counts->surprises++;
  printf("%s %s/%s (tier %d): %s\n", passed ? "PASS" : "FAIL", entry->suite, entry->name, entry->tier,
         passed ? "it is in the list of those that fail; take it out" : reason);
}

static void run_index(const Suite *suite, FILE *index, Counts *counts) {
  char *line = NULL;
  size_t room = 0;
  while (getline(&line, &room, index) > 0) {
    Entry entry;
    if (read_entry(line, &entry)) run_entry(suite, &entry, counts);
  }
  free(line);
}

/* ---- a folder without an index ---- */

static int is_shown(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

static void run_folder(const Suite *suite, char *name, Counts *counts) {
  char path[PATH_ROOM];
  struct dirent **tests;
  snprintf(path, sizeof path, "%s/%s", suite->root, name);
  int count = scandir(path, &tests, is_shown, alphasort);
  for (int i = 0; i < count; i++) {
    char scoreable[] = "yes", model[PATH_ROOM + 300];
    Entry entry = {name, tests[i]->d_name, scoreable, 1};
    snprintf(model, sizeof model, "%s/%s/model.onnx", path, entry.name);
    if (access(model, R_OK) == 0) run_entry(suite, &entry, counts);
    free(tests[i]);
  }
  if (count >= 0) free(tests);
}

static void run_folders(const Suite *suite, Counts *counts) {
  struct dirent **suites;
  int count = scandir(suite->root, &suites, is_shown, alphasort);
  for (int i = 0; i < count; i++) {
    run_folder(suite, suites[i]->d_name, counts);
    free(suites[i]);
  }
  if (count >= 0) free(suites);
}

/* ---- the whole ---- */

static int print_counts(const Suite *suite, const Counts *counts) {
  int all = 0;
  for (int t = 1; t <= TIERS; t++) all += counts->tiers[t].all;
  if (all == 0) {
    fprintf(stderr, "conformance: there is no test in %s\n", suite->root);
    return EXIT_FAILURE;
  }
  if (!suite->is_checked)
    printf("whole models: %d of %d, models that only load: %d of %d\n", counts->smoke.passed,
           counts->smoke.all, counts->load.passed, counts->load.all);
  for (int t = 1; t <= TIERS; t++)
    printf("tier %d: %d of %d%s", t, counts->tiers[t].passed, counts->tiers[t].all, t < TIERS ? ", " : "\n");
  return suite->is_checked && counts->surprises > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run_all(const Suite *suite) {
  char path[PATH_ROOM];
  Counts counts = {0};
  snprintf(path, sizeof path, "%s/INDEX.tsv", suite->root);
  FILE *index = fopen(path, "r");
  if (index != NULL) {
    run_index(suite, index, &counts);
    fclose(index);
  } else {
    run_folders(suite, &counts);
  }
  return print_counts(suite, &counts);
}

static bool read_known(Suite *suite, const char *path) {
  FILE *list = fopen(path, "r");
  char *line = NULL;
  size_t room = 0;
  suite->is_checked = true;
  if (list == NULL) return false;
  text_add(&suite->known, "\n");
  while (getline(&line, &room, list) > 0) text_add(&suite->known, "%s", line);
  free(line);
  fclose(list);
  return !suite->known.failed;
}

/* False where an argument is wrong. */
static bool read_arguments(Suite *suite, int argc, char **argv) {
  int at = 1;
  for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
    if (strcmp(argv[at], "--plain") == 0)
      suite->mode.plain = true;
    else if (strcmp(argv[at], "--passes") == 0)
      suite->mode.passes = true;
    else if (strcmp(argv[at], "--known") != 0 || ++at == argc || !read_known(suite, argv[at]))
      return false;
  }
  suite->root = at < argc ? argv[at] : NULL;
  return at + 1 == argc;
}

int main(int argc, char **argv) {
  Suite suite = {0};
  int code = EXIT_FAILURE;
  if (read_arguments(&suite, argc, argv))
    code = run_all(&suite);
  else
    fprintf(stderr, "usage: conformance [--plain] [--passes] [--known LIST] FOLDER\n");
  text_free(&suite.known);
  return code;
}
