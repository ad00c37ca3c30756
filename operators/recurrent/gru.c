/* gru.c - GRU: gates z, r and the candidate h, in that order. */
#include "operators/recurrent/recurrent.h"

enum { GATE_Z, GATE_R, GATE_H };
#define KEPT_RESET 3 /* kept besides the gates: the state behind the reset, or its product in front of it */

static double *open_gate(Recurrence *r, int64_t b, int which) {
  double *gate = r->gates + which * r->hidden;
  recurrence_sum(r, b, which, 1, gate);
  recurrence_activate(r, b, which * r->hidden, &r->functions[0], gate, r->hidden);
  return gate;
}

/* The reset gate acts on the state, or on its product with the weights. */
static void reset_row(Recurrence *r, int64_t b) {
  const double *by = open_gate(r, b, GATE_R), *h = r->h + b * r->hidden;
  double *masked = r->masked + b * r->hidden;
  for (int64_t i = 0; i < r->hidden; i++) {
    masked[i] = r->params->linear_before_reset ? by[i] : by[i] * h[i];
    recurrence_keep(r, b, KEPT_RESET * r->hidden + i, masked[i]);
  }
}

static void reset(Recurrence *r) {
  for (int64_t b = 0; b < r->batch; b++)
    if (r->active[b])
      reset_row(r, b);
    else
      for (int64_t i = 0; i < r->hidden; i++) r->masked[b * r->hidden + i] = 0;
}

static double *candidates(Recurrence *r, int64_t b) {
  int64_t first = GATE_H * r->hidden, row = b * r->width + first;
  double *to = r->gates + first;
  for (int64_t i = 0; i < r->hidden; i++) {
    double back = r->from_state[row + i] + (r->recurrent_bias != NULL ? r->recurrent_bias[first + i] : 0);
    if (r->params->linear_before_reset) {
      recurrence_keep(r, b, KEPT_RESET * r->hidden + i, back);
      back *= r->masked[b * r->hidden + i];
    }
    to[i] = r->from_input[row + i] + back;
  }
  recurrence_activate(r, b, first, &r->functions[1], to, r->hidden);
  return to;
}

static void step(Recurrence *r) {
  bool before = r->params->linear_before_reset;
  recurrence_project(r, r->h, GATE_Z, before ? 3 : 2);
  reset(r);
  if (!before) recurrence_project(r, r->masked, GATE_H, 1);
  for (int64_t b = 0; b < r->batch; b++) {
    double *h = r->h + b * r->hidden;
    if (!r->active[b]) continue;
    const double *keep = open_gate(r, b, GATE_Z), *candidate = candidates(r, b);
    for (int64_t i = 0; i < r->hidden; i++) h[i] = (1 - keep[i]) * candidate[i] + keep[i] * h[i];
  }
}

/* ---- the way back ---- */

/* What is of element i of batch row b on the way back. */
typedef struct Place {
  int64_t state, gates, kept; /* where it is in [batch, hidden], [batch, width] and what is kept */
} Place;

static Place place_of(const Recurrence *r, int64_t b, int64_t i) {
  return (Place){b * r->hidden + i, b * r->width + i, b * r->kind->kept * r->hidden + i};
}

/* Through h' = (1 - z) c + z h. */
static void mix_back(StepBack *s, Place at) {
  int64_t hidden = s->r->hidden, z = GATE_Z * hidden, c = GATE_H * hidden;
  float keep = s->value[at.kept + z], dh = s->dh[at.state];
  float d_keep = dh * (s->h[at.state] - s->value[at.kept + c]);
  s->d_input[at.gates + z] = s->d_state[at.gates + z] = d_keep * s->slope[at.kept + z];
  s->d_input[at.gates + c] = s->d_state[at.gates + c] = dh * (1 - keep) * s->slope[at.kept + c];
  s->dh[at.state] = dh * keep;
}

/* Through the reset gate, of whose result the gradient is given, and on to what it acts on: returns that
   gradient. */
static float reset_back(StepBack *s, Place at, float d_masked, float acts_on) {
  int64_t r = GATE_R * s->r->hidden;
  s->d_input[at.gates + r] = s->d_state[at.gates + r] = d_masked * acts_on * s->slope[at.kept + r];
  return d_masked * s->value[at.kept + r];
}

static void back_before_reset(StepBack *s) {
  const Recurrence *r = s->r;
  for (int64_t b = 0; b < r->batch; b++)
    for (int64_t i = 0; r->active[b] && i < r->hidden; i++) {
      Place at = place_of(r, b, i);
      float *d_product = &s->d_state[at.gates + GATE_H * r->hidden];
      mix_back(s, at);
      *d_product = reset_back(s, at, *d_product, s->value[at.kept + KEPT_RESET * r->hidden]);
    }
  recurrence_project_back(s, s->h, r->hidden, GATE_Z, 3, s->dh);
}

static void back_after_reset(StepBack *s) {
  const Recurrence *r = s->r;
  for (int64_t b = 0; b < r->batch; b++)
    for (int64_t i = 0; i < r->hidden; i++) {
      s->scratch[b * r->hidden + i] = 0;
      if (r->active[b]) mix_back(s, place_of(r, b, i));
    }
  recurrence_project_back(s, s->value + KEPT_RESET * r->hidden, r->kind->kept * r->hidden, GATE_H, 1,
                          s->scratch);
  for (int64_t b = 0; b < r->batch; b++)
    for (int64_t i = 0; r->active[b] && i < r->hidden; i++) {
      Place at = place_of(r, b, i);
      s->dh[at.state] += reset_back(s, at, s->scratch[at.state], s->h[at.state]);
    }
  recurrence_project_back(s, s->h, r->hidden, GATE_Z, 2, s->dh);
}

static void back(StepBack *s) {
  if (s->r->params->linear_before_reset)
    back_before_reset(s);
  else
    back_after_reset(s);
}

static const RecurrentKind kind = {
    .gates = 3, .functions = 2, .defaults = {"Sigmoid", "Tanh"}, .kept = 4, .step = step, .back = back};

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

static const AttributeRow attributes[] = {
    RECURRENT_ATTRIBUTES, ATTRIBUTE(RecurrentParams, linear_before_reset, FIELD_BOOL), {0}};

const Op op_GRU = {
    .name = "GRU",
    .brief = "Gated recurrent layer.",
    .versions = {{1, infer, run_plain, run_fast, run_grad}},
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
                {"f32[2,4,3], f32[1,6,3]!, f32[1,6,2]!", "layout=1 direction=\"reverse\" clip=0.5 outputs=2"},
                {"f32[3,3,2], f32[2,6,2]!, f32[2,6,2]!, f32[2,12]!, i32{3,0,2}, f32[2,3,2]",
                 "direction=\"bidirectional\" linear_before_reset=1 clip=2.5 outputs=2 "
                 "activations=[\"HardSigmoid\",\"Softsign\",\"Sigmoid\",\"ScaledTanh\"]"}},
};
