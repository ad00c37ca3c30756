/*
 * fake_form.h - a graph in float that rounds wherever the integers of a quantized graph will, with what is to
 * be learned of it as constants: quantization-aware training is ordinary training of this form.
 *
 *     TRY(quantize_graph(graph, calibration, &settings, &report, &err));  // what is quantized how: decided
 * here FakeForm form; TRY(fake_form_make(&form, graph, &settings, &err));
 *     ... constants of form.graph are trained ...
 *     TRY(fake_form_take(&form, graph, &settings, &err));                            // weights and scales
 * are the graph's fake_form_free(&form);
 *
 * FakeQuantize (operators/quant/fake_quantize.h) stands behind every value that has codes of its own and in
 * front of every reader of weights in codes. Values that are only moved have the codes of what they are moved
 * from, and are not rounded again. Biases stay float: 32 bits are fine enough. So do outputs of the graph in
 * 16 bits that nothing else reads, whose Softmax the loss looks behind.
 *
 * Zero points and whole factors of groups stay as they are, and so do scales that came with the model, those
 * of a Softmax and those of 16 bits. All other scales are learned, one for each group of values that share
 * one, one for each output channel of weights.
 */
#ifndef QUANTIZE_FAKE_FORM_H
#define QUANTIZE_FAKE_FORM_H

#include "quantize/quantize.h"

typedef struct FakeForm {
  Graph *graph;   /* bound and inferred, its batch axis open; shares texts and tensors with the other */
  Value **ratios; /* by index of the other graph's values: of its scales; NULL: they stay */
} FakeForm;

/* `quantized` must have its specs by these settings. UNSUPPORTED where there is control flow. */
Status fake_form_make(FakeForm *form, Graph *quantized, const QuantizeOptions *settings, Error *err);
/* Constants and scales of the form become those of the graph that it was made from, as new tensors and specs.
 */
Status fake_form_take(const FakeForm *form, Graph *quantized, const QuantizeOptions *settings, Error *err);
void fake_form_free(FakeForm *form); /* accepts a zeroed one */

#endif
