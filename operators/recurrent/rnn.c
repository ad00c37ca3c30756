/* rnn.c - RNN: the simple recurrent layer. */
#include "operators/recurrent/recurrent.h"

static void step(Recurrence *r) {
  recurrence_project(r, r->h, 0, 1);
  for (int64_t b = 0; b < r->batch; b++) {
    double *h = r->h + b * r->hidden;
    if (!r->active[b]) continue;
    recurrence_sum(r, b, 0, 1, h);
    recurrence_activate(r, b, 0, &r->functions[0], h, r->hidden);
  }
}

static void back(StepBack *s) {
  const Recurrence *r = s->r;
  for (int64_t b = 0; b < r->batch; b++)
    for (int64_t at = b * r->hidden; r->active[b] && at < (b + 1) * r->hidden; at++) {
      s->d_input[at] = s->dh[at] * s->slope[at];
      s->dh[at] = 0;
    }
  recurrence_project_back(s, s->h, r->hidden, 0, 1, s->dh);
}

static const RecurrentKind kind = {
    .gates = 1, .functions = 1, .defaults = {"Tanh"}, .kept = 1, .step = step, .back = back};

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

static Status run_grad(Grad *grad) {
  return recurrence_grad(grad, &kind);
}

static const AttributeRow attributes[] = {RECURRENT_ATTRIBUTES, {0}};

const Op op_RNN = {
    .name = "RNN",
    .brief = "Simple recurrent layer.",
    .versions = {{1, infer, run_plain, run_fast, run_grad}},
    .attributes = attributes,
    .params_bytes = sizeof(RecurrentParams),
    .check = check,
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[steps, batch, input]"},
               {"W", PORT_REQUIRED, ELEMENTS_FLOAT, "[directions, hidden, input]"},
               {"R", PORT_REQUIRED, ELEMENTS_FLOAT, "[directions, hidden, hidden]"},
               {"B", PORT_OPTIONAL, ELEMENTS_FLOAT, "[directions, 2 hidden]"},
               {"sequence_lens", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT32), "[batch]"},
               {"initial_h", PORT_OPTIONAL, ELEMENTS_FLOAT, "[directions, batch, hidden]"}},
    .outputs = {{"Y", PORT_OPTIONAL, ELEMENTS_FLOAT, "[steps, directions, batch, hidden]"},
                {"Y_h", PORT_OPTIONAL, ELEMENTS_FLOAT, "[directions, batch, hidden]"}},
    .role = ROLE_RECURRENT,
    .cost = recurrent_cost,
    .samples =
        {{"f32[3,2,4], f32[1,3,4]!, f32[1,3,3]!, f32[1,6]!", "hidden_size=3 outputs=2"},
         {"f32[4,2,3], f32[2,2,3]!, f32[2,2,2]!, f32[2,4]!, i32{1,4}, f32[2,2,2]",
          "direction=\"bidirectional\" activations=[\"Relu\",\"Affine\"] activation_alpha=[0.5] outputs=2"},
         {"f32[2,4,3], f32[1,2,3]!, f32[1,2,2]!", "layout=1 direction=\"reverse\" outputs=2"},
         {"f32[3,2,2], f32[2,2,2]!, f32[2,2,2]!, f32[2,4]!",
          "direction=\"bidirectional\" activations=[\"LeakyRelu\",\"ThresholdedRelu\"] "
          "activation_alpha=[0.3,0.2] outputs=2"},
         {"f32[2,3,2], f32[2,2,2]!, f32[2,2,2]!, f32[2,4]!, i32{2,1}, f32[2,2,2]",
          "direction=\"bidirectional\" activations=[\"Elu\",\"Softplus\"] activation_alpha=[0.7] layout=1 "
          "clip=1.5 outputs=2"}},
};
