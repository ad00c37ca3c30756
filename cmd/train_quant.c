#include "cmd/train_quant.h"

#include "cmd/common.h"
#include "cmd/progress.h"
#include "cmd/summary_line.h"
#include "cmd/version.h"

#define CALIBRATION_SAMPLES 256

/* What --quant can be, and the scheme that it is. */
#define QUANT_SCHEMES(X)                                                                                     \
  X("none", 0)                                                                                               \
  X("int8", 8)                                                                                               \
  X("w4a8", 4)

static const char *const schemes[] = {
#define X(name, bits) name,
    QUANT_SCHEMES(X)
#undef X
        NULL};
static const int weight_bits[] = {
#define X(name, bits) bits,
    QUANT_SCHEMES(X)
#undef X
};

const OptionRow train_quant_rows[] = {
    {.name = "quant",
     .type = OPTION_CHOICE,
     .choices = schemes,
     .metavar = "SCHEME",
     .fallback = "none",
     .group = "Quantization",
     .help = "trains the model as its integers will compute: int8, or w4a8 for weights of 4 bits; what is "
             "written is a quantized model, an .edge file or, where the output's name ends in .onnx, a QDQ "
             "model"},
    {0}};

bool train_quant_is_on(const Options *options) {
  return weight_bits[options_choice(options, "quant")] > 0;
}

const char *train_quant_name(const Options *options) {
  return schemes[options_choice(options, "quant")];
}

Status train_quant_check(const Options *options, Error *err) {
  if (!train_quant_is_on(options)) return OK;
  TRY(options_refuse(options, "dropout", "with --quant", err));
  return options_refuse(options, "input-dropout", "with --quant", err);
}

/* ---- before the training ---- */

static Status calibrate_model(TrainQuant *quant, const Model *model, Inputs *inputs, Pool *pool, Error *err) {
  Progress progress;
  quant->calibration_samples = inputs->samples < CALIBRATION_SAMPLES ? inputs->samples : CALIBRATION_SAMPLES;
  progress_begin(&progress, "calibrate", options_flag(quant->options, "quiet"));
  Status status = calibrate(&quant->calibration, model->graph, &inputs->reader, 0, quant->calibration_samples,
                            &quant->settings, pool, progress_update, &progress, err);
  progress_end(&progress);
  return status;
}

static Status recover(TrainQuant *quant, const Model *model, Inputs *inputs, Pool *pool, Error *err) {
  RecoveryOptions options = {.effort = quant->settings.weight_bits < 8 ? EFFORT_HIGH : EFFORT_NORMAL};
  RecoveryReport report;
  return quantize_recover(model->graph, &quant->calibration, &inputs->reader, 0, quant->calibration_samples,
                          &quant->settings, &options, pool, &report, err);
}

static Status quantize_model(TrainQuant *quant, const Model *model, Inputs *inputs, Pool *pool, Error *err) {
  QuantizeReport report;
  TRY(calibrate_model(quant, model, inputs, pool, err));
  TRY(quantize_graph(model->graph, quant->calibration, &quant->settings, &report, err));
  TRY(recover(quant, model, inputs, pool, err));
  TRY(fake_form_make(&quant->student, model->graph, &quant->settings, err));
  return fake_form_make(&quant->twin, model->graph, &quant->settings, err);
}

Status train_quant_begin(TrainQuant *quant, const Options *options, const Model *model, const char *output,
                         Error *err) {
  *quant = (TrainQuant){.options = options, .settings = quantize_defaults()};
  quant->form.is_qdq = text_ends_with(output, ".onnx");
  quant->settings.weight_bits = weight_bits[options_choice(options, "quant")];
  quant->settings.sums_8bit = quant->form.is_qdq; /* as `edgec quantize` does it */
  return declared_shapes_note(&quant->form.declared, model->graph, &model->graph->arena, err);
}

Status train_quant_open(TrainQuant *quant, Model *model, Inputs *inputs, Pool *pool, Error *err) {
  quant->settings.pool = pool;
  TRY(model_infer(model, err));
  TRY(model_clean(model, err));
  return quantize_model(quant, model, inputs, pool, err) == OK ? OK : fail_within(err, "%s", model->path);
}

/* ---- after it ---- */

static void add_metadata(const TrainQuant *quant, const Model *model, Text *text) {
  text_add(text, "edgec=%s\n", EDGEC_VERSION);
  text_add(text, "source=%s\nsource_bytes=%lld\nsource_crc32=%08x\n", summary_file(model->path),
           (long long)model->file_bytes, model->file_crc);
  text_add(text, "bits=%s\ncalibration=learned\n", quant->settings.weight_bits == 4 ? "w4a8" : "w8a8");
}

Status train_quant_write(TrainQuant *quant, Model *model, const char *output, size_t *bytes, Error *err) {
  OutputFile out = {0};
  Text metadata = {0};
  TRY(fake_form_take(&quant->student, model->graph, &quant->settings, err));
  add_metadata(quant, model, &metadata);
  quant->form.metadata = metadata.bytes;
  Status status = text_status(&metadata, err);
  if (status == OK) status = output_open(&out, output, err);
  if (status == OK) status = quantized_output_write(model->graph, &quant->form, &out, bytes, err);
  if (status == OK) status = output_commit(&out, err);
  output_abandon(&out);
  text_free(&metadata);
  quant->form.metadata = NULL;
  return status == OK ? OK : fail_within(err, "%s", model->path);
}

void train_quant_free(TrainQuant *quant) {
  fake_form_free(&quant->twin);
  fake_form_free(&quant->student);
  calibration_free(quant->calibration);
}
