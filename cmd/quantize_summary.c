/* What a user sees of `edgec quantize`. */
#include "cmd/comparison_report.h"
#include "cmd/quantize_job.h"
#include "cmd/summary_line.h"

#include <stdio.h>
#include <string.h>

#define WEAKEST 3 /* layers that are named */

/* "9 Conv, 1 Gemm": the nodes of linear operators, by type, in the order of their first node. */
static void list_linear(const Graph *graph, Text *text) {
  bool first = true;
  for (int n = 0; n < graph->node_count; n++) {
    const Node *node = graph->nodes[n];
    int count = 0;
    bool seen = false;
    if (op_role(node, NULL) != ROLE_LINEAR) continue;
    for (int m = 0; m < graph->node_count; m++) {
      if (strcmp(graph->nodes[m]->type, node->type) != 0) continue;
      seen |= m < n;
      count++;
    }
    if (seen) continue;
    text_add(text, "%s%d %s", first ? "" : ", ", count, node->type);
    first = false;
  }
  text_add(text, first ? "no linear operator" : " in integers");
}

static const char *reason_of(const Value *value) {
  return value->spec != NULL && value->spec->kind == QUANT_FLOAT ? value->spec->reason : NULL;
}

/* Nodes that stay in float, each with its reason. */
static void list_float(const QuantizeJob *job, Text *text) {
  const Graph *graph = job->model.graph;
  if (job->report.float_nodes == 0) {
    text_add(text, "; nothing kept in float");
    return;
  }
  text_add(text, "; %d kept in float:", job->report.float_nodes);
  for (int n = 0; n < graph->node_count; n++) {
    const char *reason = NULL;
    OpRole role = op_role(graph->nodes[n], &reason);
    if (graph->nodes[n]->outputs[0] == NULL) continue;
    if (role != ROLE_FLOAT) reason = reason_of(graph->nodes[n]->outputs[0]);
    if (role != ROLE_FLOAT && (reason == NULL || role == ROLE_INDEX)) continue;
    text_add(text, "\n                               %s (%s): %s", graph->nodes[n]->name,
             graph->nodes[n]->type, reason == NULL ? "has no integer form" : reason);
  }
}

static void model_line(const QuantizeJob *job, Text *text) {
  char parameters[TEXT_NUMBER_ROOM], macs[SUMMARY_COUNT_ROOM];
  const Model *model = &job->model;
  text_add(text, "model      %-15s opset %lld, %d node%s, %s parameters, %s\n", summary_file(model->path),
           (long long)graph_opset(model->graph, ""), model->node_count, model->node_count == 1 ? "" : "s",
           text_count(parameters, model->parameters), summary_macs(macs, model->macs));
}

static void calibrate_line(const QuantizeJob *job, Text *text) {
  char samples[TEXT_NUMBER_ROOM], seconds[TEXT_NUMBER_ROOM], words[TEXT_NUMBER_ROOM + 16];
  snprintf(words, sizeof words, "%s samples", text_count(samples, job->calibration_samples));
  text_add(text, "calibrate  %-15s %s, %s\n", words, calibration_method_name(job->settings.method),
           text_seconds(seconds, job->calibrate_seconds));
  if (job->inputs.is_synthetic)
    text_add(
        text,
        "           NO DATA was given: these samples are made up (seed %llu). What is measured below says\n"
        "           nothing about real inputs. Give --data.\n",
        (unsigned long long)job->inputs.seed);
}

static void quantize_line(const QuantizeJob *job, Text *text) {
  text_add(text, "quantize   int8            ");
  list_linear(job->model.graph, text);
  list_float(job, text);
  text_add(text, "\n");
  if (job->report.dead_weights > 0) {
    char weights[TEXT_NUMBER_ROOM];
    text_add(text,
             "                           %s weights cannot change any output code and are stored as zero",
             text_count(weights, job->report.dead_weights));
    if (job->report.dead_channels > 0) text_add(text, " (%d whole channels)", job->report.dead_channels);
    text_add(text, "\n");
  }
}

static void recover_lines(const QuantizeJob *job, Text *text) {
  const RecoveryReport *report = &job->recovery;
  for (int i = 0; i < report->step_count; i++) {
    const RecoveryStep *step = &report->steps[i];
    text_add(text, "recover    %-15s output SQNR %.1f -> %.1f dB, %s\n", step->method, step->before,
             step->after, step->is_kept ? "kept" : "not kept");
  }
}

static void verify_lines(const QuantizeJob *job, Text *text) {
  char samples[TEXT_NUMBER_ROOM], words[TEXT_NUMBER_ROOM + 16];
  snprintf(words, sizeof words, "%s samples", text_count(samples, job->verify_samples));
  text_add(text, "verify     %-15s ", words);
  comparison_line(&job->comparisons[0], &job->comparisons[1], text);
  text_add(text, "\n");
  for (int i = 0; i < job->layers.count && i < WEAKEST; i++)
    text_add(text, "%s%s (%.1f dB)", i == 0 ? "                           weakest layers: " : ", ",
             job->layers.layers[i].name, job->layers.layers[i].sqnr);
  if (job->layers.count > 0) text_add(text, "\n");
  if (job->verified_on_calibration && !job->inputs.is_synthetic)
    text_add(
        text,
        "                           on the calibration samples themselves: there are too few to set some "
        "aside\n");
}

static void write_line(const QuantizeJob *job, Text *text) {
  char size[TEXT_NUMBER_ROOM], arena[TEXT_NUMBER_ROOM], ratio[SUMMARY_COUNT_ROOM];
  text_add(text, "write      %-15s %s, %s; arena %s%s\n", summary_file(job->output),
           text_bytes(size, (double)job->file_bytes),
           summary_ratio(ratio, job->model.file_bytes, (int64_t)job->file_bytes),
           text_bytes(arena, (double)edge_arena_bytes(&job->file.model)),
           edge_is_integer_only(&job->file.model) ? "; integer-only" : "");
}

void quantize_summary(const QuantizeJob *job, Text *text) {
  model_line(job, text);
  calibrate_line(job, text);
  quantize_line(job, text);
  recover_lines(job, text);
  verify_lines(job, text);
  write_line(job, text);
  for (int i = 0; i < job->gates.count; i++)
    text_add(text, "gate       %-15s %s\n", job->gates.gates[i].held ? "held" : "MISSED",
             job->gates.gates[i].text);
}
