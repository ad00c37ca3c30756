/* trainable_models.h - small models of sequences, and samples that they can learn. */
#ifndef TESTS_SUPPORT_TRAINABLE_MODELS_H
#define TESTS_SUPPORT_TRAINABLE_MODELS_H

/* Writes lstm.onnx, gru.onnx and transformer.onnx, and pulses.npy with pulse_labels.npy, into `folder`. What
   comes first is the class, so that the order of the steps has to be learnt. */
void make_trainable_models(const char *folder);

#endif
