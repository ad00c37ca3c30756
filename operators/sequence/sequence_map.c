#include "operators/control/control.h"
#include "operators/reals.h"
#include "operators/sequence/sequence.h"

typedef struct SequenceMapParams {
  Graph *body;
} SequenceMapParams;

static Status infer_map(Infer *infer) {
  const Graph *body = ((const SequenceMapParams *)infer->params)->body;
  TRY(control_check_body(infer, "body", body, infer->input_count, infer->output_count));
  for (int i = 0; i < infer->output_count; i++) infer->out[i].type = ELEMENT_SEQUENCE;
  return OK;
}

/* Item `at` of each sequence among the inputs; other inputs are the same for all items. */
static void take_items(Run *run, int64_t at, Tensor *items, const Tensor **inputs) {
  for (int i = 0; i < run->input_count; i++) {
    bool is_sequence = run->in[i]->type == ELEMENT_SEQUENCE;
    if (is_sequence) items[i] = sequence_item(run->in[i], at);
    inputs[i] = is_sequence ? &items[i] : run->in[i];
  }
}

static Status check_counts(Run *run, int64_t count) {
  for (int i = 1; i < run->input_count; i++)
    if (run->in[i]->type == ELEMENT_SEQUENCE && sequence_count(run->in[i]) != count)
      return run_fail(run, "its sequences differ in length: %lld and %lld", (long long)count,
                      (long long)sequence_count(run->in[i]));
  return OK;
}

/* results[i] gets the items of output i. */
static Status map_items(Run *run, const Graph *body, int64_t count, const Tensor ***results) {
  Tensor *items = control_new(run, run->input_count, sizeof *items);
  const Tensor **inputs = control_new(run, run->input_count, sizeof *inputs);
  const Tensor **outputs = control_new(run, body->output_count, sizeof *outputs);
  if (items == NULL || inputs == NULL || outputs == NULL) return run->err->status;
  for (int64_t at = 0; at < count; at++) {
    Kept *kept = control_new(run, run->output_count, sizeof *kept);
    if (kept == NULL) return run->err->status;
    take_items(run, at, items, inputs);
    TRY(run_body(run, body, inputs, outputs));
    for (int i = 0; i < run->output_count; i++) {
      TRY(control_keep(run, &kept[i], outputs[i]));
      results[i][at] = &kept[i].tensor;
    }
  }
  return OK;
}

static Status run_map(Run *run) {
  const Graph *body = ((const SequenceMapParams *)run->params)->body;
  int64_t count = sequence_count(run->in[0]);
  const Tensor ***results = control_new(run, run->output_count, sizeof *results);
  if (results == NULL) return run->err->status;
  TRY(check_counts(run, count));
  for (int i = 0; i < run->output_count; i++) {
    results[i] = run_scratch(run, ((size_t)count + 1) * sizeof **results);
    if (results[i] == NULL) return run->err->status;
  }
  TRY(map_items(run, body, count, results));
  for (int i = 0; i < run->output_count; i++)
    TRY(sequence_deliver(run, i, ELEMENT_SEQUENCE, results[i], count));
  return OK;
}

static const AttributeRow attributes[] = {ATTRIBUTE(SequenceMapParams, body, FIELD_GRAPH, .required = true),
                                          {0}};

const Op op_SequenceMap = {
    .name = "SequenceMap",
    .brief = "What a body makes of each item of a sequence.",
    .versions = {{17, infer_map, run_map, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(SequenceMapParams),
    .inputs = {{"input_sequence", PORT_REQUIRED, SEQUENCES, "[...]"},
               {"additional_inputs", PORT_VARIADIC_OR_NONE, ELEMENTS_ANY | SEQUENCES, "[...]"}},
    .outputs = {{"out_sequence", PORT_VARIADIC, SEQUENCES, "[...]"}},
    .grad_reason = "no gradient goes through sequences",
    .role = ROLE_FLOAT,
    .role_reason = NO_SEQUENCES,
    .samples = {{"seq(f32[2];f32[2])", "body=(x:f32[2]|y=Add(x,x)|y)"},
                {"seq(f32[2];f32[2]), f32[2], seq(f32[2];f32[2])",
                 "body=(x:f32[2],a:f32[2],b:f32[2]|y=Add(x,a);z=Mul(y,b)|z,y) outputs=2"},
                {"seq()", "body=(x:f32[2]|y=Add(x,x)|y)"}}};
