/* gru.c - GRU: gates z, r and the candidate h, in that order. */
#include "operators/recurrent/recurrent.h"

enum { GATE_Z, GATE_R, GATE_H };

static double bias(const Recurrence *r, int64_t at) {
  return r->recurrent_bias != NULL ? r->recurrent_bias[at] : 0;
}

static double gate(const Recurrence *r, int64_t b, int which, int64_t i) {
  int64_t at = which * r->hidden + i, row = b * r->width;
  double sum = r->from_input[row + at] + r->from_state[row + at] + bias(r, at);
  return activate(&r->functions[0], recurrence_clip(r, sum));
}

/* The reset gate acts on the state, or on its product with the weights. */
static void reset(Recurrence *r) {
  for (int64_t b = 0; b < r->batch; b++)
    for (int64_t i = 0; i < r->hidden; i++) {
      double by = r->active[b] ? gate(r, b, GATE_R, i) : 0;
      r->masked[b * r->hidden + i] = r->params->linear_before_reset ? by : by * r->h[b * r->hidden + i];
    }
}

static double candidate(const Recurrence *r, int64_t b, int64_t i) {
  int64_t at = GATE_H * r->hidden + i, row = b * r->width;
  double back = r->from_state[row + at] + bias(r, at);
  if (r->params->linear_before_reset) back *= r->masked[b * r->hidden + i];
  return activate(&r->functions[1], recurrence_clip(r, r->from_input[row + at] + back));
}

static void step(Recurrence *r) {
  bool before = r->params->linear_before_reset;
  recurrence_project(r, r->h, GATE_Z, before ? 3 : 2);
  reset(r);
  if (!before) recurrence_project(r, r->masked, GATE_H, 1);
  for (int64_t b = 0; b < r->batch; b++)
    for (int64_t i = 0; r->active[b] && i < r->hidden; i++) {
      double keep = gate(r, b, GATE_Z, i), *h = &r->h[b * r->hidden + i];
      *h = (1 - keep) * candidate(r, b, i) + keep * *h;
    }
}

static const RecurrentKind kind = {3, 2, {"Sigmoid", "Tanh"}, false, step};

static Status check(const Node *node, void *params, Error *err) {
  return recurrent_check(node, params, &kind, err);
}

static Status infer(Infer *infer) {
  return recurrent_infer(infer, &kind);
}

static Status run_plain(Run *run) {
  return recurrence_run(run, &kind, false);
}

static Status run_fast(Run *run) {
  return recurrence_run(run, &kind, true);
}

static const AttributeRow attributes[] = {
    RECURRENT_ATTRIBUTES, ATTRIBUTE(RecurrentParams, linear_before_reset, FIELD_BOOL), {0}};

const Op op_GRU = {
    .name = "GRU",
    .brief = "Gated recurrent layer.",
    .versions = {{1, infer, run_plain, run_fast}},
    .attributes = attributes,
    .params_bytes = sizeof(RecurrentParams),
    .check = check,
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[steps, batch, input]"},
               {"W", PORT_REQUIRED, ELEMENTS_FLOAT, "[directions, 3 hidden, input]"},
               {"R", PORT_REQUIRED, ELEMENTS_FLOAT, "[directions, 3 hidden, hidden]"},
               {"B", PORT_OPTIONAL, ELEMENTS_FLOAT, "[directions, 6 hidden]"},
               {"sequence_lens", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT32), "[batch]"},
               {"initial_h", PORT_OPTIONAL, ELEMENTS_FLOAT, "[directions, batch, hidden]"}},
    .outputs = {{"Y", PORT_OPTIONAL, ELEMENTS_FLOAT, "[steps, directions, batch, hidden]"},
                {"Y_h", PORT_OPTIONAL, ELEMENTS_FLOAT, "[directions, batch, hidden]"}},
    .role = ROLE_RECURRENT,
    .cost = recurrent_cost,
    .samples = {{"f32[3,2,4], f32[1,9,4]!, f32[1,9,3]!, f32[1,18]!", "hidden_size=3 outputs=2"},
                {"f32[3,2,4], f32[1,9,4]!, f32[1,9,3]!, f32[1,18]!", "linear_before_reset=1 outputs=2"},
                {"f32[4,2,3], f32[2,6,3]!, f32[2,6,2]!, f32[2,12]!, i32{3,4}, f32[2,2,2]",
                 "direction=\"bidirectional\" outputs=2"},
                {"f32[2,4,3], f32[1,6,3]!, f32[1,6,2]!",
                 "layout=1 direction=\"reverse\" clip=0.5 outputs=2"}},
};
