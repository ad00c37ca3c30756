#include "tests/support/both_kernels.h"

#include <check.h>
#include <math.h>

static void demand(Status status, const OpSample *sample, const Error *err) {
  ck_assert_msg(status == OK, "%s; %s: %s", sample->inputs, sample->attributes, err->text);
}

void both_open(BothKernels *both, const Op *op, const OpSample *sample) {
  Error err = {0};
  demand(sample_build(op, sample, 0, &both->sample, &err), sample, &err);
  demand(op_bind_graph(both->sample.graph, &err), sample, &err);
  demand(op_infer_graph(both->sample.graph, &err), sample, &err);
  for (int i = 0; i < 2; i++) {
    demand(interpreter_new(&both->interpreters[i], both->sample.graph, &err), sample, &err);
    if (i == 0) interpreter_use_plain(both->interpreters[i]);
    demand(runner_new(&both->runners[i], both->interpreters[i], &err), sample, &err);
  }
}

void both_run(BothKernels *both, bool plain_only) {
  const Tensor *inputs[SAMPLE_MAX_INPUTS];
  int count = 0;
  Error err = {0};
  for (int i = 0; i < both->sample.input_count; i++) {
    const Value *value = both->sample.node->inputs[i];
    if (value != NULL && value->constant == NULL) inputs[count++] = both->sample.inputs[i];
  }
  for (int i = 0; i < (plain_only ? 1 : 2); i++)
    ck_assert_msg(runner_run(both->runners[i], inputs, NULL, &err) == OK, "%s", err.text);
  both->plain = runner_output(both->runners[0], 0);
  if (!plain_only) both->fast = runner_output(both->runners[1], 0);
}

void both_make_absolute(BothKernels *both) {
  for (int i = 0; i < both->sample.input_count; i++) {
    const Tensor *tensor = both->sample.inputs[i];
    if (tensor == NULL || tensor->type != ELEMENT_FLOAT32) continue;
    float *x = tensor->data;
    for (int64_t j = 0; j < tensor_elements(tensor); j++) x[j] = fabsf(x[j]);
  }
}

void both_close(BothKernels *both) {
  for (int i = 0; i < 2; i++) {
    runner_free(both->runners[i]);
    interpreter_free(both->interpreters[i]);
  }
  graph_free(both->sample.graph);
}
