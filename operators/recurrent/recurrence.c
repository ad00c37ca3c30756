/* shared by the family: the walk through a sequence, in doubles or by way of the BLAS. */
#include "operators/recurrent/recurrence.h"

#include "operators/product.h"
#include "operators/reals.h"

#include <string.h>

/* ---- activations ---- */

static double within_clip(const Recurrence *r, double x) {
  double clip = (double)r->params->clip;
  if (clip == 0) return x;
  return x > clip ? clip : x < -clip ? -clip : x;
}

void recurrence_narrow(float *to, const double *from, int64_t count) {
  for (int64_t i = 0; i < count; i++) to[i] = (float)from[i];
}

/* y = f(x), y not being x. */
static void apply(Recurrence *r, const Activation *function, const double *x, double *y, int64_t count) {
  if (r->fast && function->fast != NULL) {
    recurrence_narrow(r->row_fast, x, count);
    function->fast(r->row_fast, count);
    for (int64_t i = 0; i < count; i++) y[i] = (double)r->row_fast[i];
    return;
  }
  for (int64_t i = 0; i < count; i++) y[i] = activate(function, x[i]);
}

void recurrence_activate(Recurrence *r, int64_t b, int64_t at, const Activation *function, double *x,
                         int64_t count) {
  double *y = r->row;
  int64_t kept = b * r->kind->kept * r->hidden + at;
  bool clips = r->params->clip != 0;
  for (int64_t i = 0; clips && i < count; i++) {
    r->is_clipped[i] = within_clip(r, x[i]) != x[i];
    x[i] = within_clip(r, x[i]);
  }
  apply(r, function, x, y, count);
  for (int64_t i = 0; r->value != NULL && i < count; i++) {
    r->value[kept + i] = (float)y[i];
    r->slope[kept + i] = clips && r->is_clipped[i] ? 0.0f : (float)activation_slope(function, x[i], y[i]);
  }
  for (int64_t i = 0; i < count; i++) x[i] = y[i];
}

void recurrence_keep(Recurrence *r, int64_t b, int64_t at, double value) {
  if (r->value != NULL) r->value[b * r->kind->kept * r->hidden + at] = (float)value;
}

void recurrence_sum(const Recurrence *r, int64_t b, int gate, int gates, double *to) {
  int64_t first = gate * r->hidden, row = b * r->width + first;
  for (int64_t i = 0; i < gates * r->hidden; i++) to[i] = r->from_input[row + i] + r->from_state[row + i];
  if (r->recurrent_bias == NULL) return;
  for (int64_t i = 0; i < gates * r->hidden; i++) to[i] += r->recurrent_bias[first + i];
}

/* ---- products ---- */

static double dot(const double *a, const double *b, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; i++) sum += a[i] * b[i];
  return sum;
}

static void project_fast(Recurrence *r, const double *state, int64_t from, int64_t width) {
  recurrence_narrow(r->state_fast, state, r->batch * r->hidden);
  product_f32(r->batch, width, r->hidden, 1, (Matrix){r->state_fast, r->hidden, false},
              (Matrix){r->r_fast + from * r->hidden, r->hidden, true}, 0, r->product, width);
  for (int64_t b = 0; b < r->batch; b++)
    for (int64_t i = 0; i < width; i++)
      r->from_state[b * r->width + from + i] = (double)r->product[b * width + i];
}

void recurrence_project(Recurrence *r, const double *state, int gate, int gates) {
  int64_t from = gate * r->hidden, width = gates * r->hidden;
  if (r->fast) {
    project_fast(r, state, from, width);
    return;
  }
  for (int64_t b = 0; b < r->batch; b++)
    for (int64_t i = from; i < from + width; i++)
      r->from_state[b * r->width + i] =
          r->active[b] ? dot(state + b * r->hidden, r->r + i * r->hidden, r->hidden) : 0;
}

int64_t recurrence_input_row(const Recurrence *r, int64_t step, int64_t b) {
  return r->params->layout ? b * r->steps + step : step * r->batch + b;
}

static void project_input(Recurrence *r, int64_t step, int64_t b) {
  double *to = r->from_input + b * r->width;
  int64_t row = recurrence_input_row(r, step, b);
  for (int64_t i = 0; i < r->width; i++) {
    double sum = r->fast ? (double)r->projected[row * r->width + i]
                         : dot(r->x + row * r->input, r->w + i * r->input, r->input);
    to[i] = sum + (r->input_bias != NULL ? r->input_bias[i] : 0);
  }
}

/* ---- state and outputs ---- */

int recurrence_directions(const Recurrence *r) {
  return r->params->direction == RECURRENT_BOTH ? 2 : 1;
}

int64_t recurrence_state_row(const Recurrence *r, int64_t b) {
  int64_t row = r->params->layout ? b * recurrence_directions(r) + r->direction : r->direction * r->batch + b;
  return row * r->hidden;
}

int64_t recurrence_output_row(const Recurrence *r, int64_t step, int64_t b) {
  int64_t directions = recurrence_directions(r);
  int64_t row = r->params->layout ? (b * r->steps + step) * directions + r->direction
                                  : (step * directions + r->direction) * r->batch + b;
  return row * r->hidden;
}

static void load_state(const Recurrence *r, int input, double *state) {
  const Tensor *initial = run_input(r->run, input);
  for (int64_t b = 0; b < r->batch; b++)
    for (int64_t i = 0; i < r->hidden; i++)
      state[b * r->hidden + i] = initial != NULL ? tensor_get(initial, recurrence_state_row(r, b) + i) : 0;
}

static void store_state(const Recurrence *r, int output, const double *state) {
  Tensor *last = run_output(r->run, output);
  for (int64_t b = 0; last != NULL && b < r->batch; b++)
    for (int64_t i = 0; i < r->hidden; i++)
      tensor_set(last, recurrence_state_row(r, b) + i, state[b * r->hidden + i]);
}

/* ---- the walk ---- */

int64_t recurrence_length(const Recurrence *r, int64_t b) {
  const Tensor *lengths = run_input(r->run, 4);
  return lengths != NULL ? tensor_get_integer(lengths, b) : r->steps;
}

static bool goes_back(const Recurrence *r) {
  return r->params->direction == RECURRENT_REVERSE || r->direction == 1;
}

int64_t recurrence_place(const Recurrence *r, int64_t n, int64_t b) {
  return goes_back(r) ? recurrence_length(r, b) - 1 - n : n;
}

void recurrence_step(Recurrence *r, int64_t n) {
  Tensor *y = run_output(r->run, 0);
  for (int64_t b = 0; b < r->batch; b++) {
    r->active[b] = n < recurrence_length(r, b);
    if (r->active[b]) project_input(r, recurrence_place(r, n, b), b);
  }
  r->kind->step(r);
  for (int64_t b = 0; y != NULL && b < r->batch; b++) {
    int64_t at =
        recurrence_output_row(r, r->active[b] ? recurrence_place(r, n, b) : n, b); /* behind its end: zeros */
    for (int64_t i = 0; i < r->hidden; i++) tensor_set(y, at + i, r->active[b] ? r->h[b * r->hidden + i] : 0);
  }
}

/* X W^T of all steps at once. */
static void project_all(Recurrence *r) {
  product_f32(r->steps * r->batch, r->width, r->input, 1, (Matrix){r->run->in[0]->data, r->input, false},
              (Matrix){r->w_fast, r->input, true}, 0, r->projected, r->width);
}

void recurrence_begin(Recurrence *r) {
  load_state(r, 5, r->h);
  if (r->kind->has_cell) load_state(r, 6, r->c);
  if (r->fast) project_all(r);
}

static void walk(Recurrence *r) {
  recurrence_begin(r);
  for (int64_t n = 0; n < r->steps; n++) recurrence_step(r, n);
  store_state(r, 1, r->h);
  if (r->kind->has_cell) store_state(r, 2, r->c);
}

/* ---- memory ---- */

static Status reserve(Recurrence *r) {
  Run *run = r->run;
  int64_t rows = r->batch * r->hidden, gates = r->batch * r->width;
  r->h = reals_new(run, rows);
  r->c = reals_new(run, rows);
  r->masked = reals_new(run, rows);
  r->from_input = reals_new(run, gates);
  r->from_state = reals_new(run, gates);
  r->active = run_scratch(run, (size_t)r->batch);
  r->gates = reals_new(run, r->width + r->hidden);
  r->row = reals_new(run, r->width);
  r->is_clipped = run_scratch(run, (size_t)r->width);
  bool complete = r->h && r->c && r->masked && r->from_input && r->from_state && r->active && r->gates &&
                  r->row && r->is_clipped;
  if (!complete) return run->err->status;
  if (!r->fast) return OK;
  r->projected = floats_new(run, r->steps * gates);
  r->state_fast = floats_new(run, rows);
  r->product = floats_new(run, gates);
  r->row_fast = floats_new(run, r->width);
  return r->projected && r->state_fast && r->product && r->row_fast ? OK : run->err->status;
}

static Status load_weights(const Recurrence *r, RecurrenceWeights *weights) {
  const Tensor *bias = run_input(r->run, 3), *peepholes = r->kind->has_cell ? run_input(r->run, 7) : NULL;
  *weights = (RecurrenceWeights){0};
  if (bias != NULL && (weights->bias = reals_of(r->run, bias)) == NULL) return r->run->err->status;
  if (peepholes != NULL && (weights->peepholes = reals_of(r->run, peepholes)) == NULL)
    return r->run->err->status;
  if (r->fast) return OK;
  weights->x = reals_of(r->run, r->run->in[0]);
  weights->w = reals_of(r->run, r->run->in[1]);
  weights->r = reals_of(r->run, r->run->in[2]);
  return weights->x && weights->w && weights->r ? OK : r->run->err->status;
}

void recurrence_choose(Recurrence *r, const RecurrenceWeights *weights, int direction) {
  int64_t w = direction * r->width * r->input, back = direction * r->width * r->hidden;
  r->direction = direction;
  r->functions = r->params->functions + direction * r->kind->functions;
  r->input_bias = weights->bias != NULL ? weights->bias + direction * 2 * r->width : NULL;
  r->recurrent_bias = r->input_bias != NULL ? r->input_bias + r->width : NULL;
  r->peepholes = weights->peepholes != NULL ? weights->peepholes + direction * 3 * r->hidden : NULL;
  if (r->fast) {
    r->w_fast = (const float *)r->run->in[1]->data + w;
    r->r_fast = (const float *)r->run->in[2]->data + back;
  } else {
    r->x = weights->x;
    r->w = weights->w + w;
    r->r = weights->r + back;
  }
}

static Status check_lengths(const Recurrence *r) {
  for (int64_t b = 0; b < r->batch; b++)
    if (recurrence_length(r, b) < 0 || recurrence_length(r, b) > r->steps)
      return run_fail(r->run, "sequence length %lld of batch element %lld is not within 0..%lld",
                      (long long)recurrence_length(r, b), (long long)b, (long long)r->steps);
  return OK;
}

Status recurrence_open(Recurrence *r, RecurrenceWeights *weights, Run *run, const RecurrentKind *kind,
                       bool fast) {
  const RecurrentParams *params = run->params;
  const Shape *x = &run->in[0]->shape;
  *r = (Recurrence){.run = run, .params = params, .kind = kind};
  r->steps = x->dims[params->layout ? 1 : 0];
  r->batch = x->dims[params->layout ? 0 : 1];
  r->input = x->dims[2];
  r->hidden = run->in[2]->shape.dims[2];
  r->width = kind->gates * r->hidden;
  r->fast = fast && run->in[0]->type == ELEMENT_FLOAT32 && product_fits(r->steps * r->batch) &&
            product_fits(r->width) && product_fits(r->input);
  TRY(check_lengths(r));
  TRY(reserve(r));
  return load_weights(r, weights);
}

Status recurrence_run(Run *run, const RecurrentKind *kind, bool fast) {
  Recurrence r;
  RecurrenceWeights weights;
  TRY(recurrence_open(&r, &weights, run, kind, fast));
  for (int d = 0; d < recurrence_directions(&r); d++) {
    recurrence_choose(&r, &weights, d);
    walk(&r);
  }
  return OK;
}
