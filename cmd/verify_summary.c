/* What a user sees of `edgec verify`. */
#include "cmd/comparison_report.h"
#include "cmd/summary_line.h"
#include "cmd/table.h"
#include "cmd/verify_job.h"

#define WEAKEST 3 /* layers that are named */

static void model_lines(const VerifyJob *job, Text *text) {
  char size[TEXT_NUMBER_ROOM], ratio[SUMMARY_COUNT_ROOM];
  int64_t before = runnable_bytes(&job->reference), after = runnable_bytes(&job->candidate);
  Text words = {0};
  runnable_words(&job->reference, &words);
  summary_line(text, "reference", summary_file(job->reference.path), "%s, %s",
               text_bytes(size, (double)before), words.bytes);
  words.length = 0;
  runnable_words(&job->candidate, &words);
  summary_line(text, "candidate", summary_file(job->candidate.path), "%s, %s; %s%s",
               text_bytes(size, (double)after), summary_ratio(ratio, before, after), words.bytes,
               job->candidate.is_edge ? "; self-test passed" : "");
  text->failed |= words.failed;
  text_free(&words);
}

static void synthetic_lines(const VerifyJob *job, Text *text) {
  if (!job->inputs.is_synthetic) return;
  summary_line(text, "", "NO DATA",
               "was given: the samples are made up (seed %llu). What is measured on them says nothing about "
               "real inputs. Give --data.",
               (unsigned long long)job->inputs.seed);
}

static void accuracy_lines(const VerifyJob *job, Text *text) {
  const Comparison *before = &job->comparisons[0], *after = &job->comparisons[1];
  char samples[SUMMARY_COUNT_ROOM], wrong[TEXT_NUMBER_ROOM], right[TEXT_NUMBER_ROOM];
  Text words = {0};
  comparison_line(before, after, &words);
  summary_line(text, "verify", summary_samples(samples, after->samples), "%s", words.bytes);
  text_free(&words);
  if (!after->has_labels) return;
  summary_line(text, "", "", "top-5 %.2f%% -> %.2f%%; newly wrong %s, newly right %s",
               comparison_top5(before), comparison_top5(after), text_count(wrong, after->newly_wrong),
               text_count(right, after->newly_right));
}

static void output_line(const VerifyJob *job, Text *text) {
  const Comparison *after = &job->comparisons[1];
  summary_line(text, "outputs", "", "cosine %.6f, largest error %.4g", after->cosine, after->largest_error);
}

static void layer_line(const VerifyJob *job, Text *text) {
  if (job->layers.count == 0) return;
  char samples[SUMMARY_COUNT_ROOM];
  Text words = {0}, sqnr = {0};
  for (int i = 0; i < job->layers.count && i < WEAKEST; i++) {
    sqnr.length = 0;
    comparison_sqnr(job->layers.layers[i].sqnr, &sqnr);
    text_add(&words, "%s%s (%s)", i > 0 ? ", " : "", job->layers.layers[i].name, sqnr.bytes);
  }
  summary_line(text, "layers", summary_samples(samples, job->layer_samples), "weakest of %d: %s",
               job->layers.count, words.bytes);
  text_free(&words);
  text_free(&sqnr);
}

static void layer_table(const VerifyJob *job, Text *text) {
  static const TableColumn columns[] = {{"layer", TABLE_LEFT}, {"SQNR dB", TABLE_RIGHT}};
  Table table;
  table_begin(&table, columns, 2);
  for (int i = 0; i < job->layers.count; i++) {
    table_cell(&table, "%s", job->layers.layers[i].name);
    table_cell(&table, "%.1f", job->layers.layers[i].sqnr);
  }
  text_add(text, "\n");
  table_print(&table, text);
  text->failed |= table.failed;
  table_free(&table);
}

void verify_summary(const VerifyJob *job, Text *text) {
  model_lines(job, text);
  accuracy_lines(job, text);
  synthetic_lines(job, text);
  output_line(job, text);
  layer_line(job, text);
  for (int i = 0; i < job->gates.count; i++)
    summary_line(text, "gate", job->gates.gates[i].held ? "held" : "MISSED", "%s", job->gates.gates[i].text);
  if (options_flag(job->options, "layers")) layer_table(job, text);
}
