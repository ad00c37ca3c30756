/*
 * recurrent.h - what LSTM, GRU and RNN share: attributes, inference, and the walk through a sequence. A cell
 * is one function that makes the next state of all batch rows from their gates, and one that goes back.
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
  double *gates;                              /* [width + hidden]: of one row, for the cell */
  bool *active;                               /* [batch]: the row's sequence has this step */
  float *value, *slope; /* [batch, kind->kept * hidden]: kept of this step for the way back, or NULL */
  /* weights of this direction: W [width, input], R [width, hidden], and X [..., input] */
  const double *w, *r, *x, *input_bias;
  const float *w_fast, *r_fast;
  float *projected, *state_fast, *product; /* X W^T of all steps; h and its product as floats */
  double *row;                             /* [width], as the following: for recurrence_activate() */
  float *row_fast;
  bool *is_clipped;
} Recurrence;

/* A step on the way back. Gradients are of the loss; rows of matrices are batch elements, of which only the
   active ones are read and written. */
typedef struct StepBack {
  const Recurrence *r;
  const float *value, *slope;  /* as kept by recurrence_activate() and recurrence_keep() */
  const float *h, *c, *next_c; /* [batch, hidden]: the states before the step, and the cell behind it */
  float *dh, *dc;      /* [batch, hidden]: of the states behind the step, to be made those before it */
  float *d_input;      /* [batch, width]: of the products with the inputs; zeros at first */
  float *d_state;      /* [batch, width]: of those with the states. The same memory unless the cell has
                          linear_before_reset */
  float *scratch;      /* [batch, hidden], for the cell */
  double *d_peepholes; /* [3 hidden]: to be added to */
  float *d_r;          /* [width, hidden]: of R, which recurrence_project_back() adds to */
} StepBack;

typedef struct RecurrentKind {
  int gates, functions;
  const char *defaults[RECURRENT_MAX_FUNCTIONS];
  bool has_cell;                  /* LSTM: c, peepholes */
  int kept;                       /* numbers a hidden element that a step keeps for the way back */
  void (*step)(Recurrence *step); /* h (and c) of the active rows become the next ones */
  void (*back)(StepBack *step);
} RecurrentKind;

/* from_state[:, gate...] = state R[gate...]^T for `gates` gates; `state` [batch, hidden]. */
void recurrence_project(Recurrence *r, const double *state, int gate, int gates);
/* What goes into the activations of `gates` gates of batch row b, but for peepholes: `to` [gates * hidden].
 */
void recurrence_sum(const Recurrence *r, int64_t b, int gate, int gates, double *to);
/* `count` (up to width) sums become their activations, within the clip; they are kept as numbers `at` and
   following (of kept * hidden) of batch row b. */
void recurrence_activate(Recurrence *r, int64_t b, int64_t at, const Activation *function, double *x,
                         int64_t count);
/* Keeps a value that is no activation. */
void recurrence_keep(Recurrence *r, int64_t b, int64_t at, double value);

/* The way back of recurrence_project(): adds d_state[:, gate...] R[gate...] to `d_from` [batch, hidden], the
   gradient of the state, whose rows are `stride` apart; and what R gets to d_r. */
void recurrence_project_back(const StepBack *s, const float *state, int64_t stride, int gate, int gates,
                             float *d_from);

Status recurrent_check(const Node *node, RecurrentParams *params, const RecurrentKind *kind, Error *err);
Status recurrent_infer(Infer *infer, const RecurrentKind *kind);
Status recurrence_run(Run *run, const RecurrentKind *kind, bool fast);
Status recurrence_grad(Grad *grad, const RecurrentKind *kind);
OpCost recurrent_cost(const Node *node);

#endif
