/* What a user sees of `edgec quantize`. */
#include "cmd/comparison_report.h"
#include "cmd/quantize_job.h"
#include "cmd/summary_line.h"
#include "quantize/float_scheme.h"

#include <stdio.h>
#include <string.h>

#define WEAKEST 3 /* layers that are named */

static bool is_float_scheme(const QuantizeJob *job) {
  return float_scheme_is(job->settings.activations);
}

/* True for a node whose weights are what the scheme is about: of a linear operator in integers, or in codes
   among floats. */
static bool is_listed(const QuantizeJob *job, int n) {
  const Node *node = job->model.graph->nodes[n];
  if (is_float_scheme(job)) return node->form != FORM_AS_TENSORS;
  return op_role(node, NULL) == ROLE_LINEAR && job->accounting.float_reasons[n] == NULL;
}

/* "9 Conv, 1 Gemm": listed nodes by type, in the order of their first node. */
static void list_linear(const QuantizeJob *job, Text *text) {
  const Graph *graph = job->model.graph;
  bool first = true;
  for (int n = 0; n < graph->node_count; n++) {
    const Node *node = graph->nodes[n];
    int count = 0;
    bool seen = false;
    if (!is_listed(job, n)) continue;
    for (int m = 0; m < graph->node_count; m++) {
      if (strcmp(graph->nodes[m]->type, node->type) != 0 || !is_listed(job, m)) continue;
      seen |= m < n;
      count++;
    }
    if (seen) continue;
    text_add(text, "%s%d %s", first ? "" : ", ", count, node->type);
    first = false;
  }
  if (first) text_add(text, "no linear operator");
}

/* Nodes of node n's operator that stay in float for the same reason; 0 where an earlier one stands for them.
 */
static int count_alike(const QuantizeJob *job, int n) {
  const Graph *graph = job->model.graph;
  const char *const *reasons = job->accounting.float_reasons;
  int count = 0;
  for (int m = 0; m < graph->node_count; m++) {
    if (reasons[m] == NULL || strcmp(reasons[m], reasons[n]) != 0) continue;
    if (strcmp(graph->nodes[m]->type, graph->nodes[n]->type) != 0) continue;
    if (m < n) return 0;
    count++;
  }
  return count;
}

/* Where everything is in float, only what the user has chosen needs a word. */
static bool is_by_scheme(const QuantizeJob *job, int n) {
  const char *chosen = job->model.graph->nodes[n]->float_reason;
  return is_float_scheme(job) && (chosen == NULL || chosen == float_scheme_reason(job->settings.activations));
}

/* What stays in float, by operator and reason; with --verbose by node. */
static void float_lines(const QuantizeJob *job, Text *text) {
  const Graph *graph = job->model.graph;
  bool verbose = options_flag(job->options, "verbose");
  for (int n = 0; n < graph->node_count; n++) {
    const char *reason = job->accounting.float_reasons[n];
    if (is_by_scheme(job, n)) continue;
    int count = reason == NULL ? 0 : count_alike(job, n);
    char what[SUMMARY_NAME_ROOM];
    snprintf(what, sizeof what, "%d %s", count, graph->nodes[n]->type);
    if (verbose && reason != NULL)
      summary_line(text, "", graph->nodes[n]->type, "%s: %s", graph->nodes[n]->name, reason);
    else if (count > 0)
      summary_line(text, "", what, "%s", reason);
  }
}

static void model_line(const QuantizeJob *job, Text *text) {
  char parameters[TEXT_NUMBER_ROOM], macs[SUMMARY_COUNT_ROOM];
  const Model *model = &job->model;
  summary_line(text, "model", summary_file(model->path), "opset %lld, %d node%s, %s parameters, %s",
               (long long)graph_opset(model->graph, ""), model->node_count, model->node_count == 1 ? "" : "s",
               text_count(parameters, model->parameters), summary_macs(macs, model->macs));
}

static void no_data_line(const QuantizeJob *job, Text *text) {
  summary_line(
      text, "", "NO DATA",
      "was given: %s made up (seed %llu). What is measured below says nothing about real inputs. Give "
      "--data.",
      job->calib.count > 0 || is_float_scheme(job) ? "the samples that verify are" : "these samples are",
      (unsigned long long)job->inputs.seed);
}

static void calibrate_lines(const QuantizeJob *job, Text *text) {
  char samples[SUMMARY_COUNT_ROOM], seconds[TEXT_NUMBER_ROOM];
  const char *method = calibration_method_name(job->settings.method);
  summary_samples(samples, job->calibration_samples);
  if (is_float_scheme(job))
    summary_line(text, "calibrate", "nothing", "%s",
                 job->settings.activations == ACTIVATIONS_DYNAMIC ? "ranges are taken while the model runs"
                                                                  : "activations stay in float32");
  else if (job->calib.count > 0)
    summary_line(text, "calibrate", samples, "%s, as %s has seen them", method,
                 summary_file(job->calib.path));
  else
    summary_line(text, "calibrate", samples, "%s, %s", method, text_seconds(seconds, job->calibrate_seconds));
  if (job->inputs.is_synthetic) no_data_line(job, text);
}

static void dead_weight_line(const QuantizeReport *report, Text *text) {
  char weights[TEXT_NUMBER_ROOM], channels[64] = "";
  if (report->dead_weights == 0) return;
  if (report->dead_channels > 0)
    snprintf(channels, sizeof channels, " (%d whole channels)", report->dead_channels);
  summary_line(text, "", "", "%s weight%s cannot change any output code and %s stored as zero%s",
               text_count(weights, report->dead_weights), report->dead_weights == 1 ? "" : "s",
               report->dead_weights == 1 ? "is" : "are", channels);
}

/* Where not all weights have the bits of the scheme. */
static void bits_line(const QuantizeJob *job, Text *text) {
  const Graph *graph = job->model.graph;
  int other = 0, all = 0, bits = job->settings.weight_bits;
  for (int n = 0; n < graph->node_count; n++) {
    if (graph->nodes[n]->weight_bits == 0 || !is_listed(job, n)) continue;
    all++;
    other += graph->nodes[n]->weight_bits != bits;
  }
  if (other > 0)
    summary_line(text, "", "", "weights of %d of these %d in %d bits instead of %d", other, all,
                 bits == 8 ? 4 : 8, bits);
}

/* Behind the list of linear operators. */
static void scheme_words(const QuantizeJob *job, Text *words) {
  bool is_dynamic = job->settings.activations == ACTIVATIONS_DYNAMIC;
  if (is_float_scheme(job)) {
    text_add(words, is_dynamic ? " in integers, inputs rounded while running; all else in float32"
                               : ": weights in codes; all else in float32");
    return;
  }
  text_add(words, " in integers");
  if (job->accounting.float_nodes == 0)
    text_add(words, "; nothing kept in float");
  else
    text_add(words, "; %d node%s kept in float:", job->accounting.float_nodes,
             job->accounting.float_nodes == 1 ? "" : "s");
}

static void quantize_lines(const QuantizeJob *job, Text *text) {
  Text words = {0};
  list_linear(job, &words);
  scheme_words(job, &words);
  const char *bits = options_string(job->options, "bits");
  bool is_plain = strcmp(bits, "w8a8") == 0 && !is_float_scheme(job);
  const char *scheme = is_plain ? "int8" : bits;
  summary_line(text, "quantize", scheme, "%s", words.failed ? "?" : words.bytes);
  text_free(&words);
  float_lines(job, text);
  if (job->mixed.mixed == NULL) bits_line(job, text);
  if (job->qdq_taken.parameters > 0)
    summary_line(text, "", "", "%d scale%s that came with the model %s kept", job->qdq_taken.parameters,
                 job->qdq_taken.parameters == 1 ? "" : "s", job->qdq_taken.parameters == 1 ? "is" : "are");
  if (job->qdq_taken.rounded > 0)
    summary_line(text, "", "", "%d of the weights %s codes that edgec does not have and %s rounded anew",
                 job->qdq_taken.rounded, job->qdq_taken.rounded == 1 ? "has" : "have",
                 job->qdq_taken.rounded == 1 ? "is" : "are");
  if (job->qdq_taken.widened > 0)
    summary_line(text, "", "", "%d of the weights %s 4-bit codes beyond -7..7 and %s 8 bits",
                 job->qdq_taken.widened, job->qdq_taken.widened == 1 ? "has" : "have",
                 job->qdq_taken.widened == 1 ? "takes" : "take");
  dead_weight_line(&job->report, text);
}

static void weakest_line(const LayerErrors *layers, Text *text) {
  Text words = {0};
  for (int i = 0; i < layers->count && i < WEAKEST; i++) {
    text_add(&words, "%s%s (", i == 0 ? "weakest layers: " : ", ", layers->layers[i].name);
    comparison_sqnr(layers->layers[i].sqnr, &words);
    text_add(&words, ")");
  }
  if (words.length > 0) summary_line(text, "", "", "%s", words.bytes);
  text->failed |= words.failed;
  text_free(&words);
}

static void recover_lines(const QuantizeJob *job, Text *text) {
  const RecoveryReport *report = &job->recovery;
  if (report->skipped != NULL) summary_line(text, "recover", "skipped", "%s", report->skipped);
  for (int i = 0; i < report->step_count; i++) {
    const RecoveryStep *step = &report->steps[i];
    Text words = {0};
    text_add(&words, "output SQNR ");
    comparison_sqnr(step->before, &words);
    text_add(&words, " -> ");
    comparison_sqnr(step->after, &words);
    text_add(&words, ", %s", step->is_kept ? "kept" : "not kept");
    summary_line(text, "recover", step->method, "%s", words.failed ? "?" : words.bytes);
    text_free(&words);
  }
}

static void verify_lines(const QuantizeJob *job, Text *text) {
  char samples[SUMMARY_COUNT_ROOM];
  Text words = {0};
  comparison_line(&job->comparisons[0], &job->comparisons[1], &words);
  summary_line(text, "verify", summary_samples(samples, job->verify_samples), "%s",
               words.failed ? "?" : words.bytes);
  text_free(&words);
  weakest_line(&job->layers, text);
  if (job->verified_on_calibration && !job->inputs.is_synthetic)
    summary_line(text, "", "", "on the calibration samples themselves: there are too few to set some aside");
}

static void write_line(const QuantizeJob *job, Text *text) {
  char size[TEXT_NUMBER_ROOM], arena[TEXT_NUMBER_ROOM], ratio[SUMMARY_COUNT_ROOM];
  text_bytes(size, (double)job->file_bytes);
  summary_ratio(ratio, job->model.file_bytes, (int64_t)job->file_bytes);
  if (job->is_qdq)
    summary_line(text, "write", summary_file(job->output), "%s, %s; ONNX with %s", size, ratio,
                 job->is_qoperator ? "quantized operators" : "QuantizeLinear and DequantizeLinear");
  else
    summary_line(text, "write", summary_file(job->output), "%s, %s; arena %s%s", size, ratio,
                 text_bytes(arena, (double)edge_arena_bytes(&job->file.model)),
                 edge_is_integer_only(&job->file.model) ? "; integer-only" : "");
}

void quantize_summary(const QuantizeJob *job, Text *text) {
  model_line(job, text);
  if (options_flag(job->options, "verbose")) model_pass_line(&job->model, text);
  calibrate_lines(job, text);
  mixed_lines(&job->mixed, text);
  quantize_lines(job, text);
  recover_lines(job, text);
  verify_lines(job, text);
  write_line(job, text);
  for (int i = 0; i < job->gates.count; i++)
    summary_line(text, "gate", job->gates.gates[i].held ? "held" : "MISSED", "%s", job->gates.gates[i].text);
  mixed_table(&job->mixed, text);
}
