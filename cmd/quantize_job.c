#include "cmd/quantize_job.h"

#include "cmd/calib_io.h"
#include "cmd/common.h"
#include "cmd/fine_tune.h"
#include "cmd/method_rows.h"
#include "cmd/mixed_rows.h"
#include "cmd/node_choices.h"
#include "cmd/overwrite.h"
#include "cmd/progress.h"
#include "cmd/quantized_output.h"
#include "cmd/recovery_rows.h"
#include "cmd/scheme_rows.h"
#include "cmd/summary_line.h"
#include "cmd/synthetic.h"
#include "cmd/version.h"
#include "quantize/float_scheme.h"

#include <string.h>

#define VERIFY_SAMPLES 1000
#define LAYER_SAMPLES 32 /* of the per-layer comparison */
#define LEAST_TO_SPLIT 8 /* with fewer samples calibration and verification share them */

/* ---- what is to be done ---- */

static QuantizeOptions settings_of(const Options *options) {
  QuantizeOptions settings = quantize_defaults();
  method_take(options, &settings);
  scheme_take(options, &settings);
  return settings;
}

static Status choose_output(QuantizeJob *job, Error *err) {
  job->output = options_string(job->options, "output");
  TRY(qdq_output_choose(job, err));
  job->settings.sums_8bit |=
      job->is_qdq; /* an operand without codes would leave its product in float there */
  if (job->is_qdq) return OK;
  Arena *arena = (Arena *)(uintptr_t)&job->options->arena;
  if (job->output == NULL) job->output = model_default_output(arena, job->model.path, err);
  if (job->output == NULL) return err->status;
  return overwrite_check(job->output, OUTPUT_EDGE, options_flag(job->options, "force"), err);
}

static Status fit_labels(const QuantizeJob *job, Inputs *inputs, Error *err) {
  const Graph *graph = job->reference.graph;
  const Value *scores = graph->output_count > 0 ? graph->outputs[0] : NULL;
  return inputs_fit_labels(inputs, scores != NULL && scores->has_shape ? &scores->shape : NULL, err);
}

/* What is quantized, from the inferred model on. */
static Status prepare_model(QuantizeJob *job, Model *model, Error *err) {
  TRY(qdq_read(model->graph, &job->qdq_taken, err));
  TRY(model_clean(model, err));
  TRY(node_choices_apply(job->options, model->graph, err));
  float_scheme_mark(model->graph, job->settings.activations);
  return OK;
}

/* The same model as the job's once more. */
static Status open_again(QuantizeJob *job, Model *model, Error *err) {
  TRY(model_open(model, job->reference.path, err));
  for (int i = 0; i < job->inputs.count; i++)
    TRY(graph_bind_input(model->graph, model->graph->inputs[i], &job->inputs.forms[i].shape, err));
  TRY(model_infer(model, err));
  return prepare_model(job, model, err);
}

static Status open_models(QuantizeJob *job, Error *err) {
  const char *path = job->options->arguments[0];
  TRY(model_open(&job->model, path, err));
  TRY(choose_output(job, err));
  TRY(model_open_again(&job->reference, &job->model, err));
  TRY(inputs_begin(&job->inputs, job->options, "data", err));
  job->inputs.seed = (uint64_t)options_int(job->options, "seed");
  job->has_verify_data = options_was_given(job->options, "verify-data");
  job->inputs.without_labels = job->has_verify_data;
  TRY(inputs_bind_graph(&job->inputs, job->reference.graph, err));
  for (int i = 0; i < job->inputs.count; i++)
    TRY(graph_bind_input(job->model.graph, job->model.graph->inputs[i], &job->inputs.forms[i].shape, err));
  TRY(model_infer(&job->model, err));
  TRY(model_infer(&job->reference, err));
  TRY(fit_labels(job, &job->inputs, err));
  synthetic_fit(&job->inputs, job->model.graph);
  return prepare_model(job, &job->model, err);
}

static Status open_verify_data(QuantizeJob *job, Error *err) {
  if (!job->has_verify_data) return OK;
  TRY(inputs_begin(&job->verify_inputs, job->options, "verify-data", err));
  TRY(inputs_bind_graph(&job->verify_inputs, job->reference.graph, err));
  return fit_labels(job, &job->verify_inputs, err);
}

static Status open_calib(QuantizeJob *job, Error *err) {
  const char *path = options_string(job->options, "calib");
  if (path == NULL) return OK;
  TRY(calib_open(&job->calib, path, err));
  TRY(calib_check_model(&job->calib, job->model.path, job->model.file_crc, job->model.file_bytes, err));
  return calib_check_whole(&job->calib, err);
}

static int64_t least(int64_t a, int64_t b) {
  return a < b ? a : b;
}

#define RECOVERY_SHARE 4 /* of samples that are not told apart by --verify-data: one of so many */

/* Nothing calibrates here; of the same data, the samples verify that calibration has not seen, and the others
   serve recovery. Of other data, recovery takes some. */
static Status split_for_calib(QuantizeJob *job, Error *err) {
  int64_t most = options_int(job->options, "verify-samples");
  bool is_same = false;
  job->calibration_samples = job->calib.source.total;
  int64_t all = job->inputs.samples, wanted = least(options_int(job->options, "samples"), all);
  if (recovery_take(job->options).effort == EFFORT_NONE) wanted = 0;
  if (job->has_verify_data) {
    job->verify_samples = least(most, job->verify_inputs.samples);
    job->recovery_samples = wanted;
    return OK;
  }
  if (!job->inputs.is_synthetic) TRY(calib_is_of_data(&job->calib, &job->inputs, &is_same, err));
  job->verified_on_calibration = is_same && job->calibration_samples >= job->inputs.samples;
  job->recovery_samples = least(wanted, is_same ? job->calibration_samples : all / RECOVERY_SHARE);
  job->verify_from = !is_same                       ? job->recovery_samples
                     : job->verified_on_calibration ? 0
                                                    : job->calibration_samples;
  job->verify_samples = least(most, all - job->verify_from);
  return OK;
}

/* The first samples calibrate, the next verify; all do where nothing is calibrated. */
static void split_samples(QuantizeJob *job) {
  int64_t all = job->inputs.samples;
  int64_t wanted = float_scheme_is(job->settings.activations) ? 0 : options_int(job->options, "samples");
  int64_t most = options_int(job->options, "verify-samples");
  job->calibration_samples = least(wanted, all);
  if (job->has_verify_data) {
    job->verify_samples = least(most, job->verify_inputs.samples);
    return;
  }
  job->verified_on_calibration = wanted > 0 && all < LEAST_TO_SPLIT;
  if (all <= wanted && !job->verified_on_calibration) job->calibration_samples = all - all / 4;
  job->verify_from = job->verified_on_calibration ? 0 : job->calibration_samples;
  job->verify_samples = least(most, all - job->verify_from);
}

/* ---- doing it ---- */

static Status get_calibration(QuantizeJob *job, Error *err) {
  Progress progress;
  if (float_scheme_is(job->settings.activations)) return OK;
  if (job->calib.count > 0)
    return calibration_from_file(&job->calibration, &job->calib, job->model.graph, err);
  double start = progress_clock();
  progress_begin(&progress, "calibrate", options_flag(job->options, "quiet"));
  Status status =
      calibrate(&job->calibration, job->model.graph, &job->inputs.reader, 0, job->calibration_samples,
                &job->settings, job->pool, progress_update, &progress, err);
  progress_end(&progress);
  job->calibrate_seconds = progress_clock() - start;
  return status == OK ? OK : fail_within(err, "%s", job->model.path);
}

static Status quantize(QuantizeJob *job, Error *err) {
  if (job->mixed.mixed != NULL) TRY(mixed_apply(job->mixed.mixed, job->model.graph, err));
  Status status = quantize_graph(job->model.graph, job->calibration, &job->settings, &job->report, err);
  return status == OK ? OK : fail_within(err, "%s", job->model.path);
}

/* On the samples that calibrated, or, with a .calib file, on those set aside; its ranges stay. */
static Status recover(QuantizeJob *job, Error *err) {
  if (float_scheme_is(job->settings.activations) && job->recovery_samples == 0) return OK;
  RecoveryOptions options = mixed_recovery(job->options);
  if (job->inputs.is_synthetic) options.without[RECOVERY_ADAROUND] = true; /* it learns what is made up */
  options.keep_ranges = job->calib.count > 0;
  FineTune tuning = {.options = job->options,
                     .reference = &job->reference,
                     .inputs = &job->inputs,
                     .samples = job->has_verify_data ? job->inputs.samples : job->recovery_samples,
                     .pool = job->pool,
                     .is_narrow = job->settings.weight_bits < 8};
  options.trainer = fine_tune_trainer(&tuning);
  Progress progress;
  double start = progress_clock();
  progress_begin(&progress, "recover", options_flag(job->options, "quiet"));
  options.progress = progress_update;
  options.progress_context = &progress;
  Status status =
      quantize_recover(job->model.graph, &job->calibration, &job->inputs.reader, 0, job->recovery_samples,
                       &job->settings, &options, job->pool, &job->recovery, err);
  progress_end(&progress);
  job->recover_seconds = progress_clock() - start;
  return status == OK ? OK : fail_within(err, "%s", job->model.path);
}

/* Where the file comes from: nothing that differs between machines or days. */
static Status metadata_of(const QuantizeJob *job, Text *text, Error *err) {
  text_add(text, "edgec=%s\n", EDGEC_VERSION);
  text_add(text, "source=%s\nsource_bytes=%lld\nsource_crc32=%08x\n", summary_file(job->model.path),
           (long long)job->model.file_bytes, job->model.file_crc);
  scheme_metadata(job->options, text);
  bool is_float = float_scheme_is(job->settings.activations);
  text_add(text, "calibration=%s\n", is_float ? "none" : calibration_method_name(job->settings.method));
  text_add(text, "samples=%lld%s\n", (long long)job->calibration_samples,
           job->inputs.is_synthetic && job->calib.count == 0 ? " synthetic" : "");
  node_choices_metadata(job->options, text);
  mixed_metadata(&job->mixed, text);
  return text_status(text, err);
}

static Status write_file(QuantizeJob *job, OutputFile *out, Error *err) {
  Text metadata = {0};
  QuantizedForm form = {.is_qdq = job->is_qdq,
                        .is_qoperator = job->is_qoperator,
                        .declared = job->declared,
                        .edge =
                            options_flag(job->options, "uncompressed") ? EDGE_FILE_RAW : EDGE_FILE_COMPACT};
  form.weights = (QdqWeights)options_choice(job->options, "qdq-weights");
  TRY(job->is_qdq ? qdq_output_check(job, err) : OK);
  Status status = metadata_of(job, &metadata, err);
  form.metadata = metadata.bytes;
  if (status == OK) status = quantized_output_write(job->model.graph, &form, out, &job->file_bytes, err);
  text_free(&metadata);
  return status == OK ? OK : fail_within(err, "%s", job->model.path);
}

/* The file as it lies on disk, under its temporary name still. */
static Status read_back(QuantizeJob *job, const OutputFile *out, Error *err) {
  MappedFile mapped;
  if (job->is_qdq) return qdq_output_read(job, out, err);
  TRY(file_map(out->temporary, &mapped, err));
  Status status = edge_file_read(&job->file, job->output, &mapped, err);
  if (status == OK)
    status = accounting_make(&job->accounting, job->model.graph, &job->file, mapped.bytes, mapped.size,
                             &job->model.graph->arena, err);
  file_unmap(&mapped);
  return status;
}

static Status compare(QuantizeJob *job, Subject **subjects, Error *err) {
  Progress progress;
  Inputs *inputs = job->has_verify_data ? &job->verify_inputs : &job->inputs;
  int workers = pool_workers(job->pool);
  double start = progress_clock();
  TRY(subject_of_graph(&subjects[0], job->reference.path, job->reference.graph, workers, err));
  if (job->is_qdq)
    TRY(subject_of_graph(&subjects[1], job->output, job->qdq.graph, workers, err));
  else
    TRY(subject_of_edge(&subjects[1], job->output, &job->file.model, &job->file.memory, workers, err));
  progress_begin(&progress, "verify", options_flag(job->options, "quiet"));
  Status status =
      verify_compare(subjects, 2, &inputs->reader, job->verify_from, job->verify_samples, inputs->labels,
                     job->pool, job->comparisons, progress_update, &progress, err);
  progress_end(&progress);
  if (status == OK && !job->is_qdq)
    status = verify_layers(job->reference.graph, &job->file.model, &job->file.memory, &inputs->reader,
                           job->verify_from, least(LAYER_SAMPLES, job->verify_samples), &job->layers, err);
  job->verify_seconds = progress_clock() - start;
  return status;
}

static Status verify(QuantizeJob *job, Error *err) {
  Subject *subjects[2] = {0};
  Status status = compare(job, subjects, err);
  subject_free(subjects[0]);
  subject_free(subjects[1]);
  if (status != OK) return status;
  Measured measured = {.reference = &job->comparisons[0],
                       .candidate = &job->comparisons[1],
                       .bytes = (int64_t)job->file_bytes,
                       .is_synthetic = job->inputs.is_synthetic && !job->has_verify_data};
  accounting_weights(job->model.graph, &measured.weight_bytes, &measured.weight_bytes_in8);
  gates_check(job->options, &measured, &job->gates);
  accounting_gate(job->options, &job->accounting, job->model.graph, &job->gates);
  return OK;
}

/* Written, read back and run; its name comes with quantize_job_commit(). */
static Status write_and_verify(QuantizeJob *job, Error *err) {
  Status status = output_open(&job->out, job->output, err);
  if (status == OK) status = write_file(job, &job->out, err);
  if (status == OK) status = read_back(job, &job->out, err);
  return status == OK ? verify(job, err) : status;
}

static Status make(QuantizeJob *job, Error *err) {
  TRY(quantize(job, err));
  TRY(recover(job, err));
  return write_and_verify(job, err);
}

/* ---- --bits mixed ---- */

/* Back to where the model is calibrated. */
static Status begin_again(QuantizeJob *job, Error *err) {
  output_abandon(&job->out);
  layer_errors_free(&job->layers);
  edge_file_close(&job->file);
  model_close(&job->qdq);
  if (job->mixed.first.graph == NULL)
    job->mixed.first = job->model;
  else
    model_close(&job->model);
  calibration_free(job->calibration);
  job->calibration = NULL;
  TRY(open_again(job, &job->model, err));
  return get_calibration(job, err);
}

static Status search(QuantizeJob *job, Error *err) {
  Text metadata = {0};
  Status status = metadata_of(job, &metadata, err);
  job->mixed.metadata = metadata.bytes;
  if (status == OK) status = open_again(job, &job->mixed.model, err);
  if (status == OK)
    status = mixed_job_search(&job->mixed, job->options, &job->settings, job->calibration, &job->inputs,
                              job->calibration_samples, job->pool, err);
  job->mixed.metadata = NULL;
  text_free(&metadata);
  return status;
}

static Status make_mixed(QuantizeJob *job, Error *err) {
  Status status = search(job, err);
  if (status != OK) return fail_within(err, "%s", job->model.path);
  for (bool again = true; again;) {
    TRY(make(job, err));
    TRY(mixed_job_again(&job->mixed, (int64_t)job->file_bytes, &job->gates, &again, err));
    if (!again) return OK;
    TRY(mixed_measure_chosen(job->mixed.mixed, err));
    TRY(begin_again(job, err));
  }
  return OK;
}

Status quantize_job_run(QuantizeJob *job, const Options *options, Error *err) {
  *job = (QuantizeJob){.options = options, .settings = settings_of(options)};
  TRY(open_models(job, err));
  TRY(open_verify_data(job, err));
  TRY(open_calib(job, err));
  if (job->calib.count > 0)
    TRY(split_for_calib(job, err));
  else
    split_samples(job);
  if (job->calib.count == 0) job->recovery_samples = job->calibration_samples;
  job->pool = pool_new(common_threads(options), err);
  if (job->pool == NULL) return err->status;
  job->settings.pool = job->pool;
  TRY(get_calibration(job, err));
  if (scheme_is_mixed(options)) return make_mixed(job, err);
  return make(job, err);
}

Status quantize_job_commit(QuantizeJob *job, Error *err) {
  return output_commit(&job->out, err);
}

void quantize_job_free(QuantizeJob *job) {
  output_abandon(&job->out);
  calib_free(&job->calib);
  mixed_job_free(&job->mixed);
  calibration_free(job->calibration);
  layer_errors_free(&job->layers);
  edge_file_close(&job->file);
  model_close(&job->qdq);
  inputs_close(&job->inputs);
  inputs_close(&job->verify_inputs);
  model_close(&job->model);
  model_close(&job->reference);
  pool_free(job->pool);
}
