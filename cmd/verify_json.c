/* The result of `edgec verify` as JSON. */
#include "cmd/comparison_report.h"
#include "cmd/verify_job.h"
#include "cmd/version.h"

static void model_json(const Runnable *model, const Comparison *comparison, const char *key, Json *json) {
  json_object_begin(json, key);
  runnable_json(model, json);
  comparison_json(comparison, json);
  json_object_end(json);
}

void verify_json(const VerifyJob *job, Text *text) {
  Json json;
  json_begin(&json, text);
  json_object_begin(&json, NULL);
  json_string(&json, "edgec", EDGEC_VERSION);
  options_to_json(job->options, &json, "options");
  json_bool(&json, "synthetic", job->inputs.is_synthetic);
  model_json(&job->reference, &job->comparisons[0], "reference", &json);
  model_json(&job->candidate, &job->comparisons[1], "candidate", &json);
  layer_errors_json(&job->layers, &json);
  gates_json(&job->gates, &json);
  json_object_end(&json);
  json_end(&json);
}
