/* lstm.c - LSTM: gates i, o, f and the candidate c, in that order. */
#include "operators/recurrent/recurrent.h"

enum { GATE_I, GATE_O, GATE_F, GATE_C };

static double gate(const Recurrence *r, int64_t b, int which, int64_t i, double cell) {
  int64_t at = which * r->hidden + i, row = b * r->width;
  double sum = r->from_input[row + at] + r->from_state[row + at];
  if (r->recurrent_bias != NULL) sum += r->recurrent_bias[at];
  if (r->peepholes != NULL && which != GATE_C) sum += r->peepholes[at] * cell;
  return recurrence_clip(r, sum);
}

static void step(Recurrence *r) {
  const Activation *f = &r->functions[0], *g = &r->functions[1], *h = &r->functions[2];
  recurrence_project(r, r->h, 0, 4);
  for (int64_t b = 0; b < r->batch; b++)
    for (int64_t i = 0; r->active[b] && i < r->hidden; i++) {
      double *cell = &r->c[b * r->hidden + i];
      double in = activate(f, gate(r, b, GATE_I, i, *cell));
      double keep = r->params->input_forget ? 1 - in : activate(f, gate(r, b, GATE_F, i, *cell));
      *cell = keep * *cell + in * activate(g, gate(r, b, GATE_C, i, *cell));
      double out = activate(f, gate(r, b, GATE_O, i, *cell));
      r->h[b * r->hidden + i] = out * activate(h, recurrence_clip(r, *cell));
    }
}

static const RecurrentKind kind = {4, 3, {"Sigmoid", "Tanh", "Tanh"}, true, step};

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
    RECURRENT_ATTRIBUTES, ATTRIBUTE(RecurrentParams, input_forget, FIELD_BOOL), {0}};

const Op op_LSTM = {
    .name = "LSTM",
    .brief = "Long short-term memory layer.",
    .versions = {{1, infer, run_plain, run_fast}},
    .attributes = attributes,
    .params_bytes = sizeof(RecurrentParams),
    .check = check,
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[steps, batch, input]"},
               {"W", PORT_REQUIRED, ELEMENTS_FLOAT, "[directions, 4 hidden, input]"},
               {"R", PORT_REQUIRED, ELEMENTS_FLOAT, "[directions, 4 hidden, hidden]"},
               {"B", PORT_OPTIONAL, ELEMENTS_FLOAT, "[directions, 8 hidden]"},
               {"sequence_lens", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT32), "[batch]"},
               {"initial_h", PORT_OPTIONAL, ELEMENTS_FLOAT, "[directions, batch, hidden]"},
               {"initial_c", PORT_OPTIONAL, ELEMENTS_FLOAT, "[directions, batch, hidden]"},
               {"P", PORT_OPTIONAL, ELEMENTS_FLOAT, "[directions, 3 hidden]"}},
    .outputs = {{"Y", PORT_OPTIONAL, ELEMENTS_FLOAT, "[steps, directions, batch, hidden]"},
                {"Y_h", PORT_OPTIONAL, ELEMENTS_FLOAT, "[directions, batch, hidden]"},
                {"Y_c", PORT_OPTIONAL, ELEMENTS_FLOAT, "[directions, batch, hidden]"}},
    .role = ROLE_RECURRENT,
    .cost = recurrent_cost,
    .samples =
        {{"f32[3,2,4], f32[1,12,4]!, f32[1,12,3]!, f32[1,24]!", "hidden_size=3 outputs=3"},
         {"f32[4,2,3], f32[2,8,3]!, f32[2,8,2]!, f32[2,16]!, i32{4,2}, f32[2,2,2], f32[2,2,2], f32[2,6]!",
          "direction=\"bidirectional\" outputs=3"},
         {"f32[2,4,3], f32[1,8,3]!, f32[1,8,2]!", "layout=1 direction=\"reverse\" clip=0.5 outputs=3"},
         {"f32[3,1,2], f32[1,4,2]!, f32[1,4,1]!",
          "activations=[\"HardSigmoid\",\"Softsign\",\"ScaledTanh\"] activation_alpha=[0.3,0.5] "
          "activation_beta=[0.4,2.0] input_forget=1"}},
};
