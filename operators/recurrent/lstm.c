/* lstm.c - LSTM: gates i, o, f and the candidate c, in that order. */
#include "operators/recurrent/recurrent.h"

enum { GATE_I, GATE_O, GATE_F, GATE_C };
#define KEPT_CELL 4 /* kept besides the gates: the activation of the cell */

/* From its sums, the gate; the peephole looks at `cell`. */
static double *open_gate(Recurrence *r, int64_t b, int which, const double *cell) {
  int64_t first = which * r->hidden;
  double *gate = r->gates + first;
  for (int64_t i = 0; r->peepholes != NULL && which != GATE_C && i < r->hidden; i++)
    gate[i] += r->peepholes[first + i] * cell[i];
  recurrence_activate(r, b, first, &r->functions[which == GATE_C], gate, r->hidden);
  return gate;
}

static void step_row(Recurrence *r, int64_t b) {
  bool tied = r->params->input_forget;
  double *h = r->h + b * r->hidden, *cell = r->c + b * r->hidden, *shown = r->gates + KEPT_CELL * r->hidden;
  recurrence_sum(r, b, 0, 4, r->gates);
  const double *in = open_gate(r, b, GATE_I, cell), *keep = tied ? NULL : open_gate(r, b, GATE_F, cell);
  const double *candidate = open_gate(r, b, GATE_C, cell);
  for (int64_t i = 0; i < r->hidden; i++)
    shown[i] = cell[i] = (tied ? 1 - in[i] : keep[i]) * cell[i] + in[i] * candidate[i];
  const double *out = open_gate(r, b, GATE_O, cell);
  recurrence_activate(r, b, KEPT_CELL * r->hidden, &r->functions[2], shown, r->hidden);
  for (int64_t i = 0; i < r->hidden; i++) h[i] = out[i] * shown[i];
}

static void step(Recurrence *r) {
  recurrence_project(r, r->h, 0, 4);
  for (int64_t b = 0; b < r->batch; b++)
    if (r->active[b]) step_row(r, b);
}

/* ---- the way back ---- */

/* Of one element: its gates, what they are the derivatives of, and where their gradients go. */
typedef struct Element {
  const float *value, *slope; /* the first of those kept; the others are `hidden` apart */
  float *d_gates;
  int64_t hidden, i;
} Element;

static float value_of(const Element *e, int which) {
  return e->value[which * e->hidden];
}

/* A gate's sum takes the gradient of its activation; returns what goes on to the cell by the peephole. */
static float gate_back(const StepBack *s, const Element *e, int which, float d_value, float cell) {
  int64_t at = which * e->hidden;
  float d_sum = d_value * e->slope[at];
  e->d_gates[at] = d_sum;
  if (s->r->peepholes == NULL || which == GATE_C) return 0;
  s->d_peepholes[at + e->i] += (double)d_sum * (double)cell;
  return d_sum * (float)s->r->peepholes[at + e->i];
}

/* Through h = out * f(cell') and cell' = keep * cell + in * candidate. */
static void element_back(StepBack *s, const Element *e, int64_t at) {
  bool tied = s->r->params->input_forget;
  float in = value_of(e, GATE_I), keep = tied ? 1 - in : value_of(e, GATE_F);
  float d_cell = s->dc[at] + s->dh[at] * value_of(e, GATE_O) * e->slope[KEPT_CELL * e->hidden];
  d_cell += gate_back(s, e, GATE_O, s->dh[at] * value_of(e, KEPT_CELL), s->next_c[at]);
  float d_keep = d_cell * s->c[at], d_in = d_cell * value_of(e, GATE_C), before = d_cell * keep;
  gate_back(s, e, GATE_C, d_cell * in, 0);
  before += gate_back(s, e, GATE_I, tied ? d_in - d_keep : d_in, s->c[at]);
  if (!tied) before += gate_back(s, e, GATE_F, d_keep, s->c[at]);
  s->dc[at] = before;
  s->dh[at] = 0;
}

static void back(StepBack *s) {
  const Recurrence *r = s->r;
  for (int64_t b = 0; b < r->batch; b++)
    for (int64_t i = 0; r->active[b] && i < r->hidden; i++) {
      int64_t kept = b * r->kind->kept * r->hidden + i;
      Element e = {s->value + kept, s->slope + kept, s->d_input + b * r->width + i, r->hidden, i};
      element_back(s, &e, b * r->hidden + i);
    }
  recurrence_project_back(s, s->h, r->hidden, 0, 4, s->dh);
}

static const RecurrentKind kind = {.gates = 4,
                                   .functions = 3,
                                   .defaults = {"Sigmoid", "Tanh", "Tanh"},
                                   .has_cell = true,
                                   .kept = 5,
                                   .step = step,
                                   .back = back};

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
    RECURRENT_ATTRIBUTES, ATTRIBUTE(RecurrentParams, input_forget, FIELD_BOOL), {0}};

const Op op_LSTM = {
    .name = "LSTM",
    .brief = "Long short-term memory layer.",
    .versions = {{1, infer, run_plain, run_fast, run_grad}},
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
          "activation_beta=[0.4,2.0] input_forget=1"},
         {"f32[2,3,2], f32[2,8,2]!, f32[2,8,2]!, -, i32{3,1}, f32[2,2,2], f32[2,2,2], f32[2,6]!",
          "direction=\"bidirectional\" layout=1 clip=1.5 outputs=3 "
          "activations=[\"Sigmoid\",\"Elu\",\"Softplus\",\"Affine\",\"LeakyRelu\",\"Tanh\"] "
          "activation_alpha=[0.8,0.3,0.2] activation_beta=[0.5]"},
         {"f32[2,1,2], f32[1,8,2]!, f32[1,8,2]!, f32[1,16]!, -, -, -, f32[1,6]!",
          "input_forget=1 outputs=3"}},
};
