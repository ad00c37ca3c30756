/*
 * train_quant.h - `--quant`: the student is planned and calibrated as `edgec quantize` does it, trained in
 * the form that rounds as its integers will, and written as a quantized model.
 */
#ifndef CMD_TRAIN_QUANT_H
#define CMD_TRAIN_QUANT_H

#include "cmd/inputs.h"
#include "cmd/model.h"
#include "cmd/quantized_output.h"
#include "quantize/fake_form.h"

/* --quant and --group */
extern const OptionRow train_quant_rows[];

typedef struct TrainQuant {
  const Options *options;
  QuantizeOptions settings;
  QuantizedForm form; /* of the output */
  Calibration *calibration;
  FakeForm student, twin; /* of the quantized model */
  int64_t calibration_samples;

} TrainQuant;

/* BAD_USAGE where options do not go with one another. */
Status train_quant_check(const Options *options, Error *err);
bool train_quant_is_on(const Options *options);
/* "int8" or "w4a8" */
const char *train_quant_name(const Options *options);

/* `model` is as it was read. */
Status train_quant_begin(TrainQuant *quant, const Options *options, const Model *model, const char *output,
                         Error *err);
/* Its inputs are bound to the shapes of one sample; it is cleaned, calibrated and given its specs. */
Status train_quant_open(TrainQuant *quant, Model *model, Inputs *inputs, Pool *pool, Error *err);
/* What was trained becomes the model's, which is written. */
Status train_quant_write(TrainQuant *quant, Model *model, const char *output, size_t *bytes, Error *err);
void train_quant_free(TrainQuant *quant);

#endif
