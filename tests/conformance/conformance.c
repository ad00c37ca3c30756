/*
 * conformance.c - runs the ONNX project's tests and counts what passes.
 *
 *     conformance [--plain] FOLDER
 *
 * FOLDER holds INDEX.tsv and <suite>/<test>/. Every test runs in a process of its own, so that one that
 * crashes or hangs is just one that fails. Prints each failing test with its reason and ends with the counts
 * by tier.
 */
#include "tests/conformance/conformance.h"

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
} Counts;

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

static void run_entry(const char *root, const Entry *entry, RunMode mode, Counts *counts) {
  char folder[PATH_ROOM], reason[REASON_ROOM];
  snprintf(folder, sizeof folder, "%s/%s/%s", root, entry->suite, entry->name);
  Count *count = count_of(counts, entry);
  bool passed = run_apart(folder, entry, mode, reason);
  count->all++;
  count->passed += passed;
  if (!passed) printf("FAIL %s/%s (tier %d): %s\n", entry->suite, entry->name, entry->tier, reason);
}

static int run_index(const char *root, RunMode mode) {
  char path[PATH_ROOM];
  snprintf(path, sizeof path, "%s/INDEX.tsv", root);
  FILE *index = fopen(path, "r");
  if (index == NULL) {
    fprintf(stderr, "conformance: cannot read %s\n", path);
    return EXIT_FAILURE;
  }
  Counts counts = {0};
  char *line = NULL;
  size_t room = 0;
  while (getline(&line, &room, index) > 0) {
    Entry entry;
    if (read_entry(line, &entry)) run_entry(root, &entry, mode, &counts);
  }
  free(line);
  fclose(index);
  printf("whole models: %d of %d, models that only load: %d of %d\n", counts.smoke.passed, counts.smoke.all,
         counts.load.passed, counts.load.all);
  for (int t = 1; t <= TIERS; t++)
    printf("tier %d: %d of %d%s", t, counts.tiers[t].passed, counts.tiers[t].all, t < TIERS ? ", " : "\n");
  return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
  RunMode mode = {0};
  int at = 1;
  for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
    mode.plain = mode.plain || strcmp(argv[at], "--plain") == 0;
    mode.passes = mode.passes || strcmp(argv[at], "--passes") == 0;
  }
  if (at + 1 != argc) {
    fprintf(stderr, "usage: conformance [--plain] [--passes] FOLDER\n");
    return EXIT_FAILURE;
  }
  return run_index(argv[at], mode);
}
