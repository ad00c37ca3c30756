/* mel_weight_matrix.c - MelWeightMatrix: triangles over the bins of a spectrum, evenly spaced in pitch. */
#include "operators/shape/content.h"

#include <math.h>
#include <string.h>

typedef struct MelParams {
  int64_t output_datatype;
} MelParams;

enum { IN_BANDS, IN_LENGTH, IN_RATE, IN_LOWER, IN_UPPER };

static Status infer(Infer *infer) {
  int64_t type = ((const MelParams *)infer->params)->output_datatype, numbers[2] = {DIM_UNKNOWN, DIM_UNKNOWN};
  if (type < 1 || type > 31 || !element_in((ElementType)type, ELEMENTS_NUMERIC))
    return infer_fail(infer, "output_datatype %lld is no numeric type", (long long)type);
  for (int i = 0; i < 5; i++) {
    const InferValue *in = &infer->in[i];
    if (in->has_shape && shape_is_known(&in->shape) && shape_elements(&in->shape) != 1)
      return infer_fail(infer, "input %d must have one element", i);
    if (i < 2 && in->constant != NULL && (numbers[i] = tensor_get_integer(in->constant, 0)) < 0)
      return infer_fail(infer, "input %d is below 0", i);
  }
  Dim bins = numbers[IN_LENGTH] != DIM_UNKNOWN ? numbers[IN_LENGTH] / 2 + 1 : DIM_UNKNOWN;
  return infer_set_sized(infer, 0, (ElementType)type, &SHAPE(bins, numbers[IN_BANDS]));
}

static double to_mel(double hertz) {
  return 2595 * log10(1 + hertz / 700);
}

static double to_hertz(double mel) {
  return 700 * (pow(10, mel / 2595) - 1);
}

typedef struct Mel {
  double low, step;      /* of the edges of bands, in mel */
  double bins_per_hertz; /* of the spectrum */
  int64_t bins;
} Mel;

static Status edge(Run *run, const Mel *mel, int64_t i, int64_t *bin) {
  double place = floor(to_hertz(mel->low + (double)i * mel->step) * mel->bins_per_hertz);
  if (!(place >= 0 && place < (double)mel->bins))
    return run_fail(run, "a band ends at bin %g, which is not within 0..%lld", place,
                    (long long)mel->bins - 1);
  *bin = (int64_t)place;
  return OK;
}

static void triangle(Tensor *out, int64_t band, int64_t bands, int64_t low, int64_t center, int64_t high) {
  if (low == center) tensor_set(out, center * bands + band, 1);
  for (int64_t i = low; low < center && i <= center; i++)
    tensor_set(out, i * bands + band, (double)(i - low) / (double)(center - low));
  for (int64_t i = center; i < high; i++)
    tensor_set(out, i * bands + band, (double)(high - i) / (double)(high - center));
}

static Status run_mel(Run *run) {
  Tensor *out = run->out[0];
  int64_t bands = out->shape.dims[1];
  double low = to_mel(tensor_get(run->in[IN_LOWER], 0)), high = to_mel(tensor_get(run->in[IN_UPPER], 0));
  Mel mel = {.low = low,
             .step = (high - low) / (double)(bands + 2),
             .bins_per_hertz = (tensor_get(run->in[IN_LENGTH], 0) + 1) / tensor_get(run->in[IN_RATE], 0),
             .bins = out->shape.dims[0]};
  memset(out->data, 0, tensor_bytes(out));
  for (int64_t band = 0; band < bands; band++) {
    int64_t at[3] = {0};
    for (int i = 0; i < 3; i++) TRY(edge(run, &mel, band + i, &at[i]));
    triangle(out, band, bands, at[0], at[1], at[2]);
  }
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(MelParams, output_datatype, FIELD_INT, .otherwise = ELEMENT_FLOAT32), {0}};

#define INDEX_TYPES (ELEMENT_BIT(ELEMENT_INT32) | ELEMENT_BIT(ELEMENT_INT64))

const Op op_MelWeightMatrix = {
    .name = "MelWeightMatrix",
    .brief = "The matrix that sums a spectrum into bands that are evenly spaced in pitch.",
    .versions = {{17, infer, run_mel, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(MelParams),
    .inputs = {{"num_mel_bins", PORT_REQUIRED, INDEX_TYPES, "[]"},
               {"dft_length", PORT_REQUIRED, INDEX_TYPES, "[]"},
               {"sample_rate", PORT_REQUIRED, INDEX_TYPES, "[]"},
               {"lower_edge_hertz", PORT_REQUIRED, ELEMENTS_FLOAT, "[]"},
               {"upper_edge_hertz", PORT_REQUIRED, ELEMENTS_FLOAT, "[]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_NUMERIC, "[bins, bands]"}},
    .grad_reason = "not differentiable: a table of weights that settings alone decide",
    .role = ROLE_FLOAT,
    .role_reason = "it is a constant, or its size comes with the data",
    .samples = {{"i32[]{4}!, i32[]{16}!, i32[]{8000}!, f32[]{0}!, f32[]{4000}!", ""}},
};
