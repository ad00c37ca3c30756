/* The report of `edgec quantize` as JSON: docs/report.md describes it. */
#include "cmd/comparison_report.h"
#include "cmd/quantize_job.h"
#include "cmd/version.h"
#include "quantize/float_scheme.h"

#include <string.h>

static void model_json(const QuantizeJob *job, Json *json) {
  const Model *model = &job->model;
  json_object_begin(json, "model");
  json_string(json, "path", model->path);
  json_int(json, "bytes", model->file_bytes);
  json_int(json, "opset", graph_opset(model->graph, ""));
  json_int(json, "nodes", model->node_count);
  json_int(json, "parameters", model->parameters);
  json_int(json, "macs", model->macs);
  json_object_begin(json, "passes");
  for (int i = 0; i < PASS_COUNT; i++)
    json_int(json, model->passes.counts[i].name, model->passes.counts[i].rewrites);
  json_object_end(json);
  json_object_end(json);
}

static const char *kind_text(const QuantSpec *spec) {
  static const char *const texts[] = {[QUANT_FLOAT] = "float",
                                      [QUANT_INTEGER] = "integer",
                                      [QUANT_INTERNAL] = "internal",
                                      [QUANT_INDEX] = "index"};
  return texts[spec->kind];
}

/* What rounding and clipping cost the tensor, from what calibration saw. */
static void damage_json(const QuantizeJob *job, const Value *value, Json *json) {
  TensorDamage damage;
  if (!calibration_damage(job->calibration, value, &damage)) return;
  json_double(json, "clipped", damage.clipped);
  json_double(json, "sqnr", damage.sqnr);
}

/* How it came out in the written file, where that was looked at. */
static void layer_json(const LayerErrors *layers, const Value *value, Json *json) {
  for (int l = 0; l < layers->count; l++)
    if (strcmp(layers->layers[l].name, value->name) == 0)
      json_double(json, "verified_sqnr_db", layers->layers[l].sqnr);
}

static void tensor_json(const QuantizeJob *job, const Value *value, Json *json) {
  const QuantSpec *spec = value->spec;
  json_object_begin(json, NULL);
  json_string(json, "name", value->name);
  json_string(json, "kind", kind_text(spec));
  if (spec->bits > 0) json_int(json, "bits", spec->bits);
  if (spec->scale_count == 1) {
    json_float(json, "scale", spec->scales[0]);
    json_int(json, "zero_point", spec->zero_point);
  }
  if (spec->scale_count > 1) {
    json_int(json, "channels", spec->scale_count);
    json_int(json, "axis", spec->axis);
  }
  if (spec->group_size > 0) json_int(json, "group", spec->group_size);
  if (spec->low < spec->high) {
    json_double(json, "low", spec->low);
    json_double(json, "high", spec->high);
  }
  damage_json(job, value, json);
  if (accounting_bytes(value) > 0) json_int(json, "bytes", accounting_bytes(value));
  layer_json(&job->layers, value, json);
  if (spec->reason != NULL) json_string(json, "reason", spec->reason);
  json_object_end(json);
}

static void tensors_json(const QuantizeJob *job, Json *json) {
  const Graph *graph = job->model.graph;
  json_array_begin(json, "tensors");
  for (int v = 0; v < graph->value_count; v++)
    if (graph->values[v]->spec != NULL) tensor_json(job, graph->values[v], json);
  json_array_end(json);
}

static void quantize_part_json(const QuantizeJob *job, Json *json) {
  json_object_begin(json, "quantize");
  bool is_float = float_scheme_is(job->settings.activations);
  json_string(json, "calibration", is_float ? "none" : calibration_method_name(job->settings.method));
  json_int(json, "samples", job->calibration_samples);
  json_bool(json, "synthetic", job->inputs.is_synthetic && job->calib.count == 0);
  if (job->calib.count > 0) json_string(json, "calib", job->calib.path);
  json_int(json, "integer_nodes", job->report.integer_nodes);
  json_int(json, "float_nodes", job->accounting.float_nodes);
  json_int(json, "kept_scales", job->qdq_taken.parameters);
  json_int(json, "rounded_anew", job->qdq_taken.rounded);
  json_int(json, "given_8_bits", job->qdq_taken.widened);
  json_int(json, "index_nodes", job->report.index_nodes);
  json_int(json, "dead_weights", job->report.dead_weights);
  json_int(json, "dead_channels", job->report.dead_channels);
  json_int(json, "constant_tensors", job->report.constant_tensors);
  tensors_json(job, json);
  json_object_end(json);
}

static void recovery_json(const QuantizeJob *job, Json *json) {
  const RecoveryReport *report = &job->recovery;
  json_object_begin(json, "recovery");
  if (report->skipped != NULL) json_string(json, "skipped", report->skipped);
  json_int(json, "fit_samples", report->fit_samples);
  json_int(json, "held_samples", report->held_samples);
  json_array_begin(json, "steps");
  for (int i = 0; i < report->step_count; i++) {
    json_object_begin(json, NULL);
    json_string(json, "method", report->steps[i].method);
    json_double(json, "sqnr_before", report->steps[i].before);
    json_double(json, "sqnr_after", report->steps[i].after);
    json_bool(json, "kept", report->steps[i].is_kept);
    json_object_end(json);
  }
  json_array_end(json);
  json_object_end(json);
}

static void verify_json(const QuantizeJob *job, Json *json) {
  json_object_begin(json, "verify");
  json_bool(json, "on_calibration_samples", job->verified_on_calibration);
  json_object_begin(json, "float");
  comparison_json(&job->comparisons[0], json);
  json_object_end(json);
  json_object_begin(json, job->is_qoperator ? "qoperator" : job->is_qdq ? "qdq" : "edge");
  comparison_json(&job->comparisons[1], json);
  json_object_end(json);
  layer_errors_json(&job->layers, json);
  json_object_end(json);
}

static void output_json(const QuantizeJob *job, Json *json) {
  json_object_begin(json, "output");
  json_string(json, "path", job->output);
  json_int(json, "bytes", (int64_t)job->file_bytes);
  json_string(json, "format", job->is_qoperator ? "qoperator" : job->is_qdq ? "qdq" : "edge");
  if (!job->is_qdq) {
    json_int(json, "arena_bytes", (int64_t)edge_arena_bytes(&job->file.model));
    json_bool(json, "integer_only", edge_is_integer_only(&job->file.model));
    accounting_json(&job->accounting, job->model.graph, json);
  }
  json_object_end(json);
}

void quantize_json(const QuantizeJob *job, Text *text) {
  Json json;
  json_begin(&json, text);
  json_object_begin(&json, NULL);
  json_string(&json, "edgec", EDGEC_VERSION);
  options_to_json(job->options, &json, "options");
  model_json(job, &json);
  quantize_part_json(job, &json);
  mixed_json(&job->mixed, &json);
  recovery_json(job, &json);
  verify_json(job, &json);
  output_json(job, &json);
  gates_json(&job->gates, &json);
  json_object_end(&json);
  json_end(&json);
}
