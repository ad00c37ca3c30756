#include "cmd/comparison_report.h"

#include <math.h>

void comparison_sqnr(double sqnr, Text *text) {
  if (isinf(sqnr))
    text_add(text, "exact");
  else
    text_add(text, "%.1f dB", sqnr);
}

void comparison_line(const Comparison *reference, const Comparison *candidate, Text *text) {
  if (candidate->has_labels) {
    double before = comparison_top1(reference), after = comparison_top1(candidate);
    text_add(text, "top-1 %.2f%% -> %.2f%% (%+.2f \xc2\xb1%.2f), ", before, after, after - before,
             comparison_drop_margin(candidate));
  }
  if (candidate->is_classifier) text_add(text, "agreement %.2f%%, ", comparison_agreement(candidate));
  text_add(text, "SQNR ");
  comparison_sqnr(candidate->sqnr, text);
}

void comparison_json(const Comparison *comparison, Json *json) {
  json_int(json, "samples", comparison->samples);
  if (comparison->has_labels) {
    json_double(json, "top1", comparison_top1(comparison));
    json_double(json, "top5", comparison_top5(comparison));
    json_int(json, "newly_wrong", comparison->newly_wrong);
    json_int(json, "newly_right", comparison->newly_right);
    json_double(json, "drop_margin", comparison_drop_margin(comparison));
  }
  if (comparison->is_classifier) json_double(json, "agreement", comparison_agreement(comparison));
  json_double(json, "sqnr_db", comparison->sqnr);
  json_double(json, "cosine", comparison->cosine);
  json_double(json, "largest_error", comparison->largest_error);
}

void layer_errors_json(const LayerErrors *layers, Json *json) {
  json_array_begin(json, "layers");
  for (int i = 0; i < layers->count; i++) {
    json_object_begin(json, NULL);
    json_string(json, "name", layers->layers[i].name);
    json_double(json, "sqnr_db", layers->layers[i].sqnr);
    json_object_end(json);
  }
  json_array_end(json);
}
