/*
 * recurrent.h - what LSTM, GRU and RNN share: attributes, inference, and the walk through a sequence. A cell
 * is one function that makes the next state of all batch rows from their gates.
 *
 *     static Status step(Recurrence *r) { ... r->from_input, recurrence_project(), r->h ... }
 *     static Status run(Run *run) { return recurrence_run(run, &kind, false); }
 */
#ifndef OPERATORS_RECURRENT_RECURRENT_H
#define OPERATORS_RECURRENT_RECURRENT_H

#include "operators/op.h"
#include "operators/recurrent/activation.h"

#define RECURRENT_MAX_FUNCTIONS 3 /* of a cell in one direction */

typedef struct RecurrentParams {
  Strings activations;
  Floats activation_alpha, activation_beta;
  float clip; /* 0: none */
  int direction;
  int64_t hidden_size; /* 0: as the weights say */
  bool input_forget, linear_before_reset, layout;
  bool output_sequence; /* before opset 7; the outputs that are named say it too */
  Activation functions[2 * RECURRENT_MAX_FUNCTIONS]; /* decoded */
} RecurrentParams;

extern const char *const recurrent_directions[];
#define RECURRENT_REVERSE 1
#define RECURRENT_BOTH 2

#define RECURRENT_ATTRIBUTES                                                                                 \
  ATTRIBUTE(RecurrentParams, activations, FIELD_STRINGS),                                                    \
      ATTRIBUTE(RecurrentParams, activation_alpha, FIELD_FLOATS),                                            \
      ATTRIBUTE(RecurrentParams, activation_beta, FIELD_FLOATS),                                             \
      ATTRIBUTE(RecurrentParams, clip, FIELD_FLOAT),                                                         \
      ATTRIBUTE(RecurrentParams, direction, FIELD_CHOICE, .choices = recurrent_directions),                  \
      ATTRIBUTE(RecurrentParams, hidden_size, FIELD_INT, .least = 0, .most = INT32_MAX),                     \
      ATTRIBUTE(RecurrentParams, layout, FIELD_BOOL),                                                        \
      ATTRIBUTE(RecurrentParams, output_sequence, FIELD_BOOL)

/* A direction of a call in progress. Rows of matrices are batch elements; everything is in double but what
   goes through the BLAS. */
typedef struct Recurrence {
  Run *run;
  const RecurrentParams *params;
  const struct RecurrentKind *kind;
  const Activation *functions; /* of this direction */
  bool fast;
  int direction;
  int64_t steps, batch, input, hidden, width; /* width: of all gates, kind->gates * hidden */
  double *h, *c;                              /* state, [batch, hidden]; c of LSTM only */
  double *from_input;                         /* [batch, width]: X W^T + Wb, of this step */
  double *from_state;                         /* [batch, width]: what recurrence_project() made */
  const double *recurrent_bias;               /* [width], or NULL */
  const double *peepholes;                    /* [3 hidden], or NULL */
  double *masked;                             /* [batch, hidden], for the cell */
  bool *active;                               /* [batch]: the row's sequence has this step */
  /* weights of this direction: W [width, input], R [width, hidden], and X [..., input] */
  const double *w, *r, *x, *input_bias;
  const float *w_fast, *r_fast;
  float *projected, *state_fast, *product; /* X W^T of all steps; h and its product as floats */
} Recurrence;

typedef struct RecurrentKind {
  int gates, functions;
  const char *defaults[RECURRENT_MAX_FUNCTIONS];
  bool has_cell;                  /* LSTM: c, peepholes */
  void (*step)(Recurrence *step); /* h (and c) of the active rows become the next ones */
} RecurrentKind;

/* from_state[:, gate...] = state R[gate...]^T for `gates` gates; `state` [batch, hidden]. */
void recurrence_project(Recurrence *r, const double *state, int gate, int gates);
/* The argument of an activation, within the clip. */
double recurrence_clip(const Recurrence *r, double x);

Status recurrent_check(const Node *node, RecurrentParams *params, const RecurrentKind *kind, Error *err);
Status recurrent_infer(Infer *infer, const RecurrentKind *kind);
Status recurrence_run(Run *run, const RecurrentKind *kind, bool fast);
OpCost recurrent_cost(const Node *node);

#endif
