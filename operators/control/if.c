/* if.c - If: one of two bodies. */
#include "operators/control/control.h"

typedef struct IfParams {
  Graph *then_branch, *else_branch;
} IfParams;

static Status if_infer(Infer *infer) {
  const IfParams *params = infer->params;
  const InferValue *cond = &infer->in[0];
  TRY(control_check_body(infer, "then_branch", params->then_branch, 0, infer->output_count));
  TRY(control_check_body(infer, "else_branch", params->else_branch, 0, infer->output_count));
  if (cond->has_shape && shape_is_known(&cond->shape) && shape_elements(&cond->shape) != 1)
    return infer_fail(infer, "the condition has %lld elements instead of 1",
                      (long long)shape_elements(&cond->shape));
  for (int i = 0; i < infer->output_count; i++) {
    InferValue yes, no;
    control_describe(params->then_branch->outputs[i], &yes);
    control_describe(params->else_branch->outputs[i], &no);
    control_either(&yes, &no, &infer->out[i]);
  }
  return OK;
}

static Status if_run(Run *run) {
  const IfParams *params = run->params;
  const Graph *branch = tensor_get_integer(run->in[0], 0) != 0 ? params->then_branch : params->else_branch;
  const Tensor **outputs = control_new(run, branch->output_count, sizeof *outputs);
  if (outputs == NULL) return run->err->status;
  TRY(run_body(run, branch, NULL, outputs));
  for (int i = 0; i < run->output_count; i++) TRY(control_deliver(run, i, outputs[i]));
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(IfParams, then_branch, FIELD_GRAPH, .required = true),
    ATTRIBUTE(IfParams, else_branch, FIELD_GRAPH, .required = true),
    {0},
};

const Op op_If = {
    .name = "If",
    .brief = "The outputs of one body or another, as a condition says.",
    .versions = {{1, if_infer, if_run, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(IfParams),
    .inputs = {{"cond", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_BOOL), "[]"}},
    .outputs = {{"outputs", PORT_VARIADIC, ELEMENTS_VALUE, "[...]"}},
    .grad_reason = "no gradient goes into bodies",
    .role = ROLE_FLOAT,
    .role_reason = "which body runs is known only with the data",
    .samples = {{"bool[]{true}", "then_branch=(|a=Not(x0)|a) else_branch=(|a=Identity(x0)|a)"},
                {"bool[1]{false}",
                 "then_branch=(|a=Not(x0);b=Shape(a)|a,b) else_branch=(|a=Shape(x0)|x0,a) outputs=2"}},
};
