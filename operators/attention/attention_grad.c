/* shared by the family: the way back of Attention. Probabilities are computed again, a head at a time. */
#include "operators/attention/attention.h"

#include "operators/gradient.h"
#include "operators/product.h"
#include "operators/reals.h"

#include <math.h>
#include <string.h>

typedef struct AttentionGrad {
  Grad *grad;
  Run again; /* the forward run without outputs */
  AttentionCase c;
  float *keys, *values;         /* of a head: [total, width], [total, value_width] */
  float *d_keys, *d_values;     /* their gradients, added up over the heads of Q that share them */
  float *probability, *d_score; /* [rows, total] */
  double *d;                    /* a row's */
} AttentionGrad;

/* ---- rows of scores ---- */

/* Adds what output 3 says, where it shows the scores as they are at `mode`. */
static void add_shown(const AttentionGrad *g, int mode, int64_t b, int64_t h, int64_t row) {
  const AttentionCase *c = &g->c;
  const float *shown = grad_of_output(g->grad, OUT_SCORES);
  if (shown == NULL || c->params->qk_matmul_output_mode != mode) return;
  shown += ((b * c->heads + h) * c->rows + row) * c->total;
  for (int64_t j = 0; j < c->total; j++) g->d[j] += (double)shown[j];
}

static void add_mask(const AttentionGrad *g, int64_t b, int64_t h, int64_t row) {
  const AttentionCase *c = &g->c;
  float *mask = grad_of_input(g->grad, IN_MASK);
  for (int64_t j = 0; mask != NULL && j < c->total && j < c->mask_keys; j++)
    mask[attention_mask_at(c, b, h, row, j)] += (float)g->d[j];
}

/* g->d, the gradient of a row's probabilities (c.scores), becomes that of its scaled products. */
static void row_back(AttentionGrad *g, int64_t b, int64_t h, int64_t row) {
  const AttentionCase *c = &g->c;
  double cap = (double)c->params->softcap, along = 0;
  add_shown(g, SCORES_SOFTMAX, b, h, row);
  for (int64_t j = 0; j < c->total; j++) along += g->d[j] * c->scores[j];
  for (int64_t j = 0; j < c->total; j++) g->d[j] = c->scores[j] * (g->d[j] - along);
  add_shown(g, SCORES_BIASED, b, h, row);
  for (int64_t j = 0; j < c->total; j++)
    if (c->bias[j] == -INFINITY) g->d[j] = 0; /* minus infinity stays what it is */
  add_mask(g, b, h, row);
  add_shown(g, SCORES_CAPPED, b, h, row);
  for (int64_t j = 0; cap != 0 && j < c->total; j++) {
    double y = c->capped[j] / cap;
    g->d[j] *= 1 - y * y;
  }
  add_shown(g, SCORES_RAW, b, h, row);
}

/* ---- heads ---- */

/* Probabilities, and the gradients of the scaled products; before, d_score has those of the former. */
static void scores_back(AttentionGrad *g, int64_t b, int64_t h) {
  AttentionCase *c = &g->c;
  for (int64_t row = 0; row < c->rows; row++) {
    float *p = g->probability + row * c->total, *d = g->d_score + row * c->total;
    for (int64_t j = 0; j < c->total; j++) c->scores[j] = (double)p[j];
    attention_finish_row(c, b, h, row);
    for (int64_t j = 0; j < c->total; j++) g->d[j] = (double)d[j];
    row_back(g, b, h, row);
    for (int64_t j = 0; j < c->total; j++) {
      p[j] = (float)c->scores[j];
      d[j] = (float)g->d[j];
    }
  }
}

static void head_back(AttentionGrad *g, int64_t b, int64_t h) {
  AttentionCase *c = &g->c;
  int64_t rows = c->rows, total = c->total, width = c->width, value_width = c->value_width;
  int64_t at = attention_row_at(&c->q, b, h, 0);
  float scale = (float)c->scale, *dq = grad_of_input(g->grad, IN_Q);
  const float *dy = grad_of_output(g->grad, OUT_Y);
  Matrix q = {(const float *)c->q.tensor->data + at, c->q.row_step, false}, k = {g->keys, width, true};
  Matrix d_score = {g->d_score, total, false}, y = {NULL, c->y.row_step, false};
  product_f32(rows, total, width, scale, q, k, 0, g->probability, total);
  if (dy == NULL) {
    memset(g->d_score, 0, (size_t)(rows * total) * sizeof(float));
  } else {
    y.data = dy + attention_row_at(&c->y, b, h, 0);
    product_f32(rows, total, value_width, 1, y, (Matrix){g->values, value_width, true}, 0, g->d_score, total);
  }
  scores_back(g, b, h);
  k.transposed = false;
  if (dq != NULL) product_f32(rows, width, total, scale, d_score, k, 0, dq + at, c->q.row_step);
  d_score.transposed = true;
  product_f32(total, width, rows, scale, d_score, q, 1, g->d_keys, width);
  if (dy != NULL)
    product_f32(total, value_width, rows, 1, (Matrix){g->probability, total, true}, y, 1, g->d_values,
                value_width);
}

/* ---- keys and values ---- */

/* The gradient of what attention_load_head() gathered goes to the past, input `past_input`, and to the
   present. */
static void store_head(const AttentionGrad *g, int past_input, int input, int64_t width, int64_t b, int64_t h,
                       const float *from) {
  const AttentionCase *c = &g->c;
  const HeadPlaces *past = input == IN_K ? &c->past_key : &c->past_value,
                   *now = input == IN_K ? &c->k : &c->v;
  float *d_past = grad_of_input(g->grad, past_input), *d_now = grad_of_input(g->grad, input);
  for (int64_t j = 0; j < c->total; j++) {
    bool is_past = j < c->past;
    float *to = is_past ? d_past : d_now;
    if (to == NULL) continue;
    to += is_past ? attention_row_at(past, b, h, j) : attention_row_at(now, b, h, j - c->past);
    memcpy(to, from + j * width, (size_t)width * sizeof *to);
  }
}

/* Begins with what the present output, `output`, says. */
static void open_head(const AttentionGrad *g, int output, int64_t width, int64_t b, int64_t h, float *to) {
  const AttentionCase *c = &g->c;
  const float *from = grad_of_output(g->grad, output);
  size_t bytes = (size_t)(c->total * width) * sizeof *to;
  if (from != NULL)
    memcpy(to, from + (b * c->kv_heads + h) * c->total * width, bytes);
  else
    memset(to, 0, bytes);
}

static void group_back(AttentionGrad *g, int64_t b, int64_t kv) {
  AttentionCase *c = &g->c;
  int64_t group = c->heads / c->kv_heads;
  attention_load_head(c, &c->past_key, &c->k, c->width, b, kv, attention_load_float, g->keys);
  attention_load_head(c, &c->past_value, &c->v, c->value_width, b, kv, attention_load_float, g->values);
  open_head(g, OUT_PRESENT_KEY, c->width, b, kv, g->d_keys);
  open_head(g, OUT_PRESENT_VALUE, c->value_width, b, kv, g->d_values);
  for (int64_t h = kv * group; h < (kv + 1) * group; h++) head_back(g, b, h);
  store_head(g, IN_PAST_KEY, IN_K, c->width, b, kv, g->d_keys);
  store_head(g, IN_PAST_VALUE, IN_V, c->value_width, b, kv, g->d_values);
}

static Status reserve(AttentionGrad *g) {
  AttentionCase *c = &g->c;
  Run *run = &g->again;
  g->keys = floats_new(run, c->total * c->width);
  g->d_keys = floats_new(run, c->total * c->width);
  g->values = floats_new(run, c->total * c->value_width);
  g->d_values = floats_new(run, c->total * c->value_width);
  g->probability = floats_new(run, c->rows * c->total);
  g->d_score = floats_new(run, c->rows * c->total);
  g->d = reals_new(run, c->total);
  c->capped = reals_new(run, c->total);
  return g->keys && g->d_keys && g->values && g->d_values && g->probability && g->d_score && g->d && c->capped
             ? OK
             : run->err->status;
}

Status attention_grad(Grad *grad) {
  AttentionGrad g = {.grad = grad, .again = grad->run};
  g.again.output_count = 1; /* Y is looked at for its shape */
  TRY(grad_zero(grad));
  TRY(attention_open(&g.again, &g.c));
  TRY(reserve(&g));
  for (int64_t b = 0; b < g.c.batch; b++)
    for (int64_t kv = 0; kv < g.c.kv_heads; kv++) group_back(&g, b, kv);
  return OK;
}
