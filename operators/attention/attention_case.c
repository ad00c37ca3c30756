/* shared by the family: where heads lie, rows of scores, keys and values. */
#include "operators/attention/attention.h"

#include "operators/reals.h"

#include <math.h>
#include <string.h>

static HeadPlaces places_of(const Tensor *tensor, int64_t width) {
  if (tensor == NULL) return (HeadPlaces){0};
  const Dim *dims = tensor->shape.dims;
  if (tensor->shape.rank == 4)
    return (HeadPlaces){tensor, dims[1] * dims[2] * dims[3], dims[2] * width, width};
  return (HeadPlaces){tensor, dims[1] * dims[2], width, dims[2]};
}

static void place_mask(AttentionCase *c) {
  const Tensor *mask = run_input(c->run, IN_MASK);
  if (mask == NULL) return;
  int64_t strides[GRAPH_MAX_RANK];
  shape_strides(&mask->shape, strides);
  for (int d = 1; d <= mask->shape.rank; d++)
    c->mask_step[4 - d] = mask->shape.dims[mask->shape.rank - d] == 1 ? 0 : strides[mask->shape.rank - d];
  c->mask_keys = mask->shape.dims[mask->shape.rank - 1];
  if (c->mask_keys == 1 && c->run->node->version->since < 24) c->mask_keys = c->total; /* stretched */
}

Status attention_open(Run *run, AttentionCase *c) {
  const AttentionParams *params = run->params;
  const Tensor *q = run->in[IN_Q], *k = run->in[IN_K], *v = run->in[IN_V];
  const Tensor *past = run_input(run, IN_PAST_KEY);
  bool flat = q->shape.rank == 3, flat_keys = k->shape.rank == 3;
  *c = (AttentionCase){.params = params, .run = run};
  c->batch = q->shape.dims[0];
  c->heads = flat ? params->q_num_heads : q->shape.dims[1];
  c->kv_heads = flat_keys ? params->kv_num_heads : k->shape.dims[1];
  c->rows = q->shape.dims[flat ? 1 : 2];
  c->past = past != NULL ? past->shape.dims[2] : 0;
  c->total = c->past + k->shape.dims[flat_keys ? 1 : 2];
  c->width = flat ? q->shape.dims[2] / c->heads : q->shape.dims[3];
  c->value_width = v->shape.rank == 3 ? v->shape.dims[2] / c->kv_heads : v->shape.dims[3];
  c->scale = isnan(params->scale) ? 1 / sqrt((double)c->width) : (double)params->scale;
  c->q = places_of(q, c->width);
  c->k = places_of(k, c->width);
  c->v = places_of(v, c->value_width);
  c->y = places_of(run_output(run, OUT_Y), c->value_width);
  c->past_key = places_of(past, c->width);
  c->past_value = places_of(run_input(run, IN_PAST_VALUE), c->value_width);
  place_mask(c);
  c->scores = reals_new(run, c->total);
  c->bias = reals_new(run, c->total);
  return c->scores != NULL && c->bias != NULL ? OK : run->err->status;
}

/* ---- a row of scores ---- */

/* Keys that a row may not see get minus infinity. */
static bool is_hidden(const AttentionCase *c, int64_t b, int64_t row, int64_t key) {
  const Tensor *lengths = run_input(c->run, IN_LENGTHS);
  int64_t length = lengths != NULL ? tensor_get_integer(lengths, b) : c->total;
  if (key >= length) return true;
  int64_t offset = lengths != NULL ? length - c->rows : c->past;
  return c->params->is_causal && key > row + offset;
}

static double mask_at(const AttentionCase *c, int64_t b, int64_t h, int64_t row, int64_t key) {
  const Tensor *mask = run_input(c->run, IN_MASK);
  if (mask == NULL) return 0;
  if (key >= c->mask_keys) return -INFINITY;
  int64_t at = attention_mask_at(c, b, h, row, key);
  if (mask->type == ELEMENT_BOOL) return tensor_get_integer(mask, at) != 0 ? 0 : -INFINITY;
  return tensor_get(mask, at);
}

static void emit_scores(const AttentionCase *c, int mode, int64_t b, int64_t h, int64_t row) {
  Tensor *out = run_output(c->run, OUT_SCORES);
  if (out == NULL || c->params->qk_matmul_output_mode != mode) return;
  int64_t at = ((b * c->heads + h) * c->rows + row) * c->total;
  for (int64_t j = 0; j < c->total; j++) tensor_set(out, at + j, c->scores[j]);
}

/* A row without a key that it may see has no probabilities: all are 0. */
static void softmax_row(AttentionCase *c) {
  double most = -INFINITY, open = -INFINITY, sum = 0;
  for (int64_t j = 0; j < c->total; j++) {
    most = fmax(most, c->scores[j]);
    open = fmax(open, c->bias[j]);
  }
  for (int64_t j = 0; j < c->total; j++) {
    c->scores[j] = open == -INFINITY ? 0 : exp(c->scores[j] - most);
    sum += c->scores[j];
  }
  for (int64_t j = 0; open != -INFINITY && j < c->total; j++) c->scores[j] /= sum;
}

void attention_finish_row(AttentionCase *c, int64_t b, int64_t h, int64_t row) {
  double cap = (double)c->params->softcap;
  emit_scores(c, SCORES_RAW, b, h, row);
  for (int64_t j = 0; cap != 0 && j < c->total; j++) c->scores[j] = cap * tanh(c->scores[j] / cap);
  for (int64_t j = 0; c->capped != NULL && j < c->total; j++) c->capped[j] = c->scores[j];
  emit_scores(c, SCORES_CAPPED, b, h, row);
  for (int64_t j = 0; j < c->total; j++) {
    c->bias[j] = is_hidden(c, b, row, j) ? -INFINITY : mask_at(c, b, h, row, j);
    c->scores[j] += c->bias[j];
  }
  emit_scores(c, SCORES_BIASED, b, h, row);
  softmax_row(c);
  emit_scores(c, SCORES_SOFTMAX, b, h, row);
}

/* ---- keys and values ---- */

void attention_load_double(const Tensor *from, int64_t at, int64_t width, void *to, int64_t row) {
  for (int64_t i = 0; i < width; i++) ((double *)to)[row * width + i] = tensor_get(from, at + i);
}

void attention_load_float(const Tensor *from, int64_t at, int64_t width, void *to, int64_t row) {
  if (width == 0) return;
  memcpy((float *)to + row * width, (const float *)from->data + at, (size_t)width * sizeof(float));
}

void attention_load_head(const AttentionCase *c, const HeadPlaces *past, const HeadPlaces *now, int64_t width,
                         int64_t b, int64_t h, LoadRow load, void *to) {
  for (int64_t j = 0; j < c->total; j++) {
    const HeadPlaces *from = j < c->past ? past : now;
    load(from->tensor, attention_row_at(from, b, h, j < c->past ? j : j - c->past), width, to, j);
  }
}
