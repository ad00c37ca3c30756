/* shared by the family: the way back through a sequence (backpropagation through time). The walk is made
   again, keeping what the cells need, and then gone back step by step. */
#include "operators/gradient.h"
#include "operators/product.h"
#include "operators/reals.h"
#include "operators/recurrent/recurrence.h"

#include <string.h>

typedef struct SequenceGrad {
  Grad *grad;
  Run again; /* the forward run without outputs */
  Recurrence r;
  int64_t kept;         /* numbers of a step that a cell keeps, all rows */
  float *value, *slope; /* [steps, kept] */
  float *h, *c;         /* [steps + 1, batch, hidden]: before each step and at the end */
  float *d_input;       /* [steps, batch, width] */
  float *x, *dx;        /* [steps, batch, input], in the order of the steps */
  double *bias;         /* [2, width]: sums for W's and R's */
  StepBack step;
} SequenceGrad;

/* ---- memory ---- */

static Status reserve_kept(SequenceGrad *s) {
  Recurrence *r = &s->r;
  Run *run = &s->again;
  int64_t rows = r->batch * r->hidden, inputs = r->steps * r->batch * r->input;
  s->kept = rows * r->kind->kept;
  s->value = floats_new(run, r->steps * s->kept);
  s->slope = floats_new(run, r->steps * s->kept);
  s->h = floats_new(run, (r->steps + 1) * rows);
  s->c = floats_new(run, (r->steps + 1) * rows);
  s->d_input = floats_new(run, r->steps * r->batch * r->width);
  s->x = floats_new(run, inputs);
  s->dx = floats_new(run, inputs);
  s->bias = reals_new(run, 2 * r->width);
  return s->value && s->slope && s->h && s->c && s->d_input && s->x && s->dx && s->bias ? OK
                                                                                        : run->err->status;
}

static Status reserve_step(SequenceGrad *s) {
  const Recurrence *r = &s->r;
  Run *run = &s->again;
  int64_t rows = r->batch * r->hidden;
  StepBack *step = &s->step;
  step->r = r;
  step->dh = floats_new(run, rows);
  step->dc = floats_new(run, rows);
  step->scratch = floats_new(run, rows);
  step->d_peepholes = reals_new(run, 3 * r->hidden);
  step->d_r = floats_new(run, r->width * r->hidden);
  if (r->params->linear_before_reset) step->d_state = floats_new(run, r->batch * r->width);
  bool complete = step->dh && step->dc && step->scratch && step->d_peepholes && step->d_r &&
                  (step->d_state || !r->params->linear_before_reset);
  return complete ? OK : run->err->status;
}

/* ---- forward again ---- */

static void keep_states(SequenceGrad *s, int64_t n) {
  int64_t rows = s->r.batch * s->r.hidden;
  recurrence_narrow(s->h + n * rows, s->r.h, rows);
  if (s->r.kind->has_cell) recurrence_narrow(s->c + n * rows, s->r.c, rows);
}

static void walk_again(SequenceGrad *s) {
  Recurrence *r = &s->r;
  recurrence_begin(r);
  for (int64_t n = 0; n < r->steps; n++) {
    keep_states(s, n);
    r->value = s->value + n * s->kept;
    r->slope = s->slope + n * s->kept;
    memset(r->value, 0, (size_t)s->kept * sizeof *r->value); /* rows that are not active enter products */
    recurrence_step(r, n);
  }
  keep_states(s, r->steps);
}

/* ---- back through the steps ---- */

void recurrence_project_back(const StepBack *s, const float *state, int64_t stride, int gate, int gates,
                             float *d_from) {
  const Recurrence *r = s->r;
  int64_t first = gate * r->hidden, width = gates * r->hidden;
  const float *d = s->d_state + first;
  const float *weights = (const float *)r->run->in[2]->data + (r->direction * r->width + first) * r->hidden;
  product_f32(r->batch, r->hidden, width, 1, (Matrix){d, r->width, false},
              (Matrix){weights, r->hidden, false}, 1, d_from, r->hidden);
  product_f32(width, r->hidden, r->batch, 1, (Matrix){d, r->width, true}, (Matrix){state, stride, false}, 1,
              s->d_r + first * r->hidden, r->hidden);
}

/* The gradient of a state, output `i`, as it is behind the last step: rows of it as the cells have them. */
static void load_last(const SequenceGrad *s, int i, float *to) {
  const float *from = grad_of_output(s->grad, i);
  const Recurrence *r = &s->r;
  for (int64_t b = 0; b < r->batch; b++)
    for (int64_t j = 0; j < r->hidden; j++)
      to[b * r->hidden + j] = from == NULL ? 0 : from[recurrence_state_row(r, b) + j];
}

static void store_first(const SequenceGrad *s, int i, const float *from) {
  float *to = grad_of_input(s->grad, i);
  const Recurrence *r = &s->r;
  for (int64_t b = 0; to != NULL && b < r->batch; b++)
    memcpy(to + recurrence_state_row(r, b), from + b * r->hidden, (size_t)r->hidden * sizeof *to);
}

/* Rows that have step n, and what Y adds to the gradient of their state behind it. */
static void enter_step(SequenceGrad *s, int64_t n) {
  const float *dy = grad_of_output(s->grad, 0);
  Recurrence *r = &s->r;
  for (int64_t b = 0; b < r->batch; b++) {
    r->active[b] = n < recurrence_length(r, b);
    if (dy == NULL || !r->active[b]) continue;
    const float *from = dy + recurrence_output_row(r, recurrence_place(r, n, b), b);
    for (int64_t i = 0; i < r->hidden; i++) s->step.dh[b * r->hidden + i] += from[i];
  }
}

static void add_rows(double *sum, const float *rows, int64_t count, int64_t width) {
  for (int64_t b = 0; b < count; b++)
    for (int64_t i = 0; i < width; i++) sum[i] += (double)rows[b * width + i];
}

static void step_back(SequenceGrad *s, int64_t n) {
  const Recurrence *r = &s->r;
  StepBack *step = &s->step;
  int64_t rows = r->batch * r->hidden, gates = r->batch * r->width;
  step->value = s->value + n * s->kept;
  step->slope = s->slope + n * s->kept;
  step->h = s->h + n * rows;
  step->c = s->c + n * rows;
  step->next_c = step->c + rows;
  step->d_input = s->d_input + n * gates;
  memset(step->d_input, 0, (size_t)gates * sizeof *step->d_input);
  if (r->params->linear_before_reset)
    memset(step->d_state, 0, (size_t)gates * sizeof *step->d_state);
  else
    step->d_state = step->d_input;
  enter_step(s, n);
  r->kind->back(step);
  add_rows(s->bias, step->d_input, r->batch, r->width);
  add_rows(s->bias + r->width, step->d_state, r->batch, r->width);
}

/* ---- what lies outside of the steps ---- */

/* X in the order of the steps; rows that do not have one are zeros. */
static void gather_x(SequenceGrad *s) {
  const Recurrence *r = &s->r;
  size_t bytes = (size_t)r->input * sizeof(float);
  const float *x = s->again.in[0]->data;
  for (int64_t n = 0; n < r->steps; n++)
    for (int64_t b = 0; b < r->batch; b++) {
      float *to = s->x + (n * r->batch + b) * r->input;
      if (n < recurrence_length(r, b))
        memcpy(to, x + recurrence_input_row(r, recurrence_place(r, n, b), b) * r->input, bytes);
      else
        memset(to, 0, bytes);
    }
}

/* Both directions add to the gradient of X. */
static void scatter_dx(const SequenceGrad *s, float *dx) {
  const Recurrence *r = &s->r;
  for (int64_t b = 0; b < r->batch; b++)
    for (int64_t n = 0; n < recurrence_length(r, b); n++) {
      const float *from = s->dx + (n * r->batch + b) * r->input;
      float *to = dx + recurrence_input_row(r, recurrence_place(r, n, b), b) * r->input;
      for (int64_t i = 0; i < r->input; i++) to[i] += from[i];
    }
}

/* Gradients of X and W, with products of all steps at once. */
static void inputs_back(SequenceGrad *s) {
  const Recurrence *r = &s->r;
  float *dx = grad_of_input(s->grad, 0), *dw = grad_of_input(s->grad, 1);
  int64_t rows = r->steps * r->batch, first = r->direction * r->width * r->input;
  Matrix weights = {(const float *)s->again.in[1]->data + first, r->input, false};
  if (dw != NULL) {
    gather_x(s);
    product_f32(r->width, r->input, rows, 1, (Matrix){s->d_input, r->width, true},
                (Matrix){s->x, r->input, false}, 1, dw + first, r->input);
  }
  if (dx == NULL) return;
  product_f32(rows, r->input, r->width, 1, (Matrix){s->d_input, r->width, false}, weights, 0, s->dx,
              r->input);
  scatter_dx(s, dx);
}

static void store_sums(const SequenceGrad *s) {
  const Recurrence *r = &s->r;
  float *dr = grad_of_input(s->grad, 2), *bias = grad_of_input(s->grad, 3), *p = grad_of_input(s->grad, 7);
  int64_t weights = r->width * r->hidden;
  if (dr != NULL) memcpy(dr + r->direction * weights, s->step.d_r, (size_t)weights * sizeof *dr);
  if (bias != NULL) recurrence_narrow(bias + r->direction * 2 * r->width, s->bias, 2 * r->width);
  if (p != NULL) recurrence_narrow(p + r->direction * 3 * r->hidden, s->step.d_peepholes, 3 * r->hidden);
}

static void direction_back(SequenceGrad *s) {
  const Recurrence *r = &s->r;
  memset(s->step.d_r, 0, (size_t)(r->width * r->hidden) * sizeof *s->step.d_r);
  for (int64_t i = 0; i < 3 * r->hidden; i++) s->step.d_peepholes[i] = 0;
  for (int64_t i = 0; i < 2 * r->width; i++) s->bias[i] = 0;
  walk_again(s);
  load_last(s, 1, s->step.dh);
  load_last(s, 2, s->step.dc);
  for (int64_t n = r->steps - 1; n >= 0; n--) step_back(s, n);
  store_first(s, 5, s->step.dh);
  store_first(s, 6, s->step.dc);
  inputs_back(s);
  store_sums(s);
}

Status recurrence_grad(Grad *grad, const RecurrentKind *kind) {
  SequenceGrad s = {.grad = grad, .again = grad->run};
  RecurrenceWeights weights;
  s.again.output_count = 0;
  TRY(grad_zero(grad));
  TRY(recurrence_open(&s.r, &weights, &s.again, kind, true));
  TRY(reserve_kept(&s));
  TRY(reserve_step(&s));
  for (int d = 0; d < recurrence_directions(&s.r); d++) {
    recurrence_choose(&s.r, &weights, d);
    direction_back(&s);
  }
  return OK;
}
