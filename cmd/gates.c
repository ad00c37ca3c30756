#include "cmd/gates.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const OptionRow gates_rows[] = {
    {.name = "max-drop",
     .type = OPTION_PERCENT,
     .metavar = "POINTS",
     .minimum = -100,
     .maximum = 100,
     .group = "Gates (missed: exit code 1)",
     .help = "largest drop of top-1 against the float model, in points; needs labels",
     .example = "edgec quantize model.onnx --data x.npz --max-drop 0.5"},
    {.name = "min-agreement",
     .type = OPTION_PERCENT,
     .metavar = "PERCENT",
     .minimum = 0,
     .maximum = 100,
     .group = "Gates (missed: exit code 1)",
     .help = "least share of samples with the float model's own top-1"},
    {.name = "min-sqnr",
     .type = OPTION_DOUBLE,
     .metavar = "DB",
     .minimum = -1000,
     .maximum = 1000,
     .group = "Gates (missed: exit code 1)",
     .help = "least signal-to-quantization-noise ratio of the outputs"},
    {.name = "max-size",
     .type = OPTION_SIZE,
     .metavar = "BYTES",
     .minimum = 0,
     .maximum = 9e18,
     .share_allowed = true,
     .group = "Gates (missed: exit code 1)",
     .help =
         "largest file, such as 60K; or with a percent sign, the most that the weights may take of what they "
         "take in 8 bits: 60%",
     .example = "edgec quantize model.onnx --data x.npz --bits mixed --max-size 60%"},
    {0}};

static GateResult *add(GateResults *results, const char *option, bool held) {
  GateResult *gate = &results->gates[results->count++];
  gate->option = option;
  gate->held = held;
  results->held &= held;
  return gate;
}

/* An accuracy gate cannot hold on samples that were made up, nor without what it measures. */
static bool refuse(GateResults *results, const char *option, bool refused, const char *why) {
  if (!refused) return false;
  GateResult *gate = add(results, option, false);
  snprintf(gate->text, sizeof gate->text, "--%s cannot be judged: %s", option, why);
  return true;
}

static bool refuse_synthetic(GateResults *results, const char *option, const Measured *measured) {
  return refuse(results, option, measured->is_synthetic, "no data was given");
}

static void check_drop(const Options *options, const Measured *measured, GateResults *results) {
  const char *option = "max-drop";
  double limit = options_double(options, option);
  if (refuse_synthetic(results, option, measured)) return;
  if (refuse(results, option, !measured->candidate->has_labels, "there are no labels")) return;
  double drop = comparison_top1(measured->reference) - comparison_top1(measured->candidate);
  GateResult *gate = add(results, option, drop <= limit + 1e-9);
  snprintf(gate->text, sizeof gate->text, "top-1 drop %.2f points, limit %.2f", drop, limit);
}

static void check_agreement(const Options *options, const Measured *measured, GateResults *results) {
  const char *option = "min-agreement";
  double limit = options_double(options, option), agreement = comparison_agreement(measured->candidate);
  if (refuse_synthetic(results, option, measured)) return;
  if (refuse(results, option, !measured->candidate->is_classifier, "the output is not one vector of scores"))
    return;
  GateResult *gate = add(results, option, agreement >= limit - 1e-9);
  snprintf(gate->text, sizeof gate->text, "agreement %.2f%%, limit %.2f%%", agreement, limit);
}

static void check_sqnr(const Options *options, const Measured *measured, GateResults *results) {
  const char *option = "min-sqnr";
  double limit = options_double(options, option), sqnr = measured->candidate->sqnr;
  if (refuse_synthetic(results, option, measured)) return;
  GateResult *gate = add(results, option, sqnr >= limit);
  snprintf(gate->text, sizeof gate->text, "SQNR %.1f dB, limit %.1f dB", sqnr, limit);
}

static void check_share(const Options *options, const Measured *measured, GateResults *results) {
  char bytes[TEXT_NUMBER_ROOM], all[TEXT_NUMBER_ROOM];
  double limit = options_share(options, "max-size");
  if (refuse(results, "max-size", measured->weight_bytes_in8 == 0,
             "a share is one of the 8-bit weights, and here are none"))
    return;
  double share = 100.0 * (double)measured->weight_bytes / (double)measured->weight_bytes_in8;
  GateResult *gate = add(results, "max-size", share <= limit);
  snprintf(gate->text, sizeof gate->text, "weights %s bytes, %.1f%% of the %s in 8 bits, limit %g%%",
           text_count(bytes, measured->weight_bytes), share, text_count(all, measured->weight_bytes_in8),
           limit);
}

static void check_size(const Options *options, const Measured *measured, GateResults *results) {
  char size[TEXT_NUMBER_ROOM], most[TEXT_NUMBER_ROOM];
  int64_t limit = options_int(options, "max-size");
  if (options_share(options, "max-size") > 0) {
    check_share(options, measured, results);
    return;
  }
  GateResult *gate = add(results, "max-size", measured->bytes <= limit);
  snprintf(gate->text, sizeof gate->text, "size %s bytes, limit %s", text_count(size, measured->bytes),
           text_count(most, limit));
}

void gates_check(const Options *options, const Measured *measured, GateResults *results) {
  *results = (GateResults){.held = true};
  if (options_was_given(options, "max-drop")) check_drop(options, measured, results);
  if (options_was_given(options, "min-agreement")) check_agreement(options, measured, results);
  if (options_was_given(options, "min-sqnr")) check_sqnr(options, measured, results);
  if (options_was_given(options, "max-size")) check_size(options, measured, results);
}

GateResult *gates_missed(GateResults *results, const char *option) {
  for (int i = 0; i < results->count; i++)
    if (!results->gates[i].held && strcmp(results->gates[i].option, option) == 0) return &results->gates[i];
  return NULL;
}

void gates_add(GateResults *results, const char *option, bool held, const char *text) {
  GateResult *gate = add(results, option, held);
  if (snprintf(gate->text, sizeof gate->text, "%s", text) >= (int)sizeof gate->text)
    memcpy(gate->text + sizeof gate->text - 4, "...", 4);
}

Status gates_status(const GateResults *results, const char *what, Error *err) {
  if (results->held) return OK;
  Text missed = {0};
  for (int i = 0; i < results->count; i++)
    if (!results->gates[i].held)
      text_add(&missed, "%s%s", missed.length > 0 ? "; " : "", results->gates[i].text);
  Status status = fail(err, GATE_MISSED, "%s: gate missed: %s", what, missed.failed ? "?" : missed.bytes);
  text_free(&missed);
  return status;
}

void gates_json(const GateResults *results, Json *json) {
  json_array_begin(json, "gates");
  for (int i = 0; i < results->count; i++) {
    json_object_begin(json, NULL);
    json_string(json, "option", results->gates[i].option);
    json_bool(json, "held", results->gates[i].held);
    json_string(json, "text", results->gates[i].text);
    json_object_end(json);
  }
  json_array_end(json);
}
