#include "interpreter/execute.h"

Status execute_infer(const Node *node, const Tensor *const *in, InferValue *values, Error *err) {
  for (int i = 0; i < node->input_count; i++) {
    if (in[i] != NULL)
      infer_value_of(in[i], &values[i]);
    else
      values[i].present = values[i].has_shape = values[i].has_elements = false, values[i].constant = NULL;
  }
  return op_infer_node(node, values, values + node->input_count, err);
}

/* The outputs whose shape inference knows get their memory; the others get it from the kernel. */
static Status prepare_outputs(const Node *node, Tensor *const *out, const InferValue *inferred,
                              RunMemory *memory, Error *err) {
  for (int i = 0; i < node->output_count; i++) {
    if (out[i] == NULL) continue;
    *out[i] = (Tensor){.type = inferred[i].type};
    if (inferred[i].has_shape && shape_is_known(&inferred[i].shape))
      TRY(memory->set_shape(memory->context, i, &inferred[i].shape, err));
  }
  return OK;
}

Status execute_node(const Node *node, const Tensor *const *in, Tensor *const *out, InferValue *values,
                    RunMemory *memory, bool plain, Error *err) {
  TRY(execute_infer(node, in, values, err));
  TRY(prepare_outputs(node, out, values + node->input_count, memory, err));
  Run run = {.node = node,
             .params = node->params,
             .input_count = node->input_count,
             .output_count = node->output_count,
             .in = in,
             .out = out,
             .memory = memory,
             .err = err};
  RunFunction kernel = !plain && node->version->fast != NULL ? node->version->fast : node->version->run;
  return kernel(&run);
}
