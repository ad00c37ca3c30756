/* attention.c - Attention: softmax(Q K^T + bias) V by heads, with a mask, a cache of past keys and values. */
#include "operators/attention/attention.h"

#include "operators/product.h"
#include "operators/reals.h"

#include <math.h>
#include <string.h>

/* ---- shapes ---- */

/* [batch, heads, rows, width], however it is stored. */
typedef struct Heads {
  Dim batch, heads, rows, width;
} Heads;

/* 4 dimensions as they are; of 3, [batch, rows, heads * width]. */
static Status infer_heads(const Infer *infer, int i, int64_t count, Heads *heads) {
  const Shape *s = &infer->in[i].shape;
  if (s->rank == 4) {
    *heads = (Heads){s->dims[0], s->dims[1], s->dims[2], s->dims[3]};
    return OK;
  }
  if (s->rank != 3) return infer_fail(infer, "input %d has %d dimensions instead of 3 or 4", i, s->rank);
  if (count <= 0) return infer_fail(infer, "inputs of 3 dimensions need q_num_heads and kv_num_heads");
  Dim all = s->dims[2];
  if (dim_is_known(all) && all % count != 0)
    return infer_fail(infer, "input %d has %lld along its last axis, no multiple of %lld heads", i,
                      (long long)all, (long long)count);
  *heads = (Heads){s->dims[0], count, s->dims[1], dim_is_known(all) ? all / count : DIM_UNKNOWN};
  return OK;
}

static Status same_dim(const Infer *infer, const char *what, Dim a, Dim *b) {
  if (dim_is_known(a) && dim_is_known(*b) && a != *b)
    return infer_fail(infer, "%s is %lld and %lld", what, (long long)a, (long long)*b);
  if (!dim_is_known(*b)) *b = a;
  return OK;
}

static Status infer_past(const Infer *infer, int i, Heads *now, Dim *past) {
  const InferValue *in = infer_input(infer, i);
  *past = 0;
  if (in == NULL) return OK;
  *past = DIM_UNKNOWN;
  if (!in->has_shape) return OK;
  if (in->shape.rank != 4)
    return infer_fail(infer, "input %d has %d dimensions instead of 4", i, in->shape.rank);
  TRY(same_dim(infer, "the batch of a past", in->shape.dims[0], &now->batch));
  TRY(same_dim(infer, "the number of heads of a past", in->shape.dims[1], &now->heads));
  TRY(same_dim(infer, "the head size of a past", in->shape.dims[3], &now->width));
  *past = in->shape.dims[2];
  return OK;
}

static Status check_mask(const Infer *infer, const Shape *scores) {
  const InferValue *in = infer_input(infer, IN_MASK);
  if (in == NULL || !in->has_shape) return OK;
  if (in->shape.rank < 2 || in->shape.rank > 4)
    return infer_fail(infer, "the mask has %d dimensions", in->shape.rank);
  for (int d = 1; d <= in->shape.rank; d++) {
    Dim mask = in->shape.dims[in->shape.rank - d], score = scores->dims[4 - d];
    bool fits = !dim_is_known(mask) || !dim_is_known(score) || mask == 1 || mask == score;
    if (!fits && !(d == 1 && mask < score))
      return infer_fail(infer, "the mask has %lld along axis %d instead of %lld", (long long)mask,
                        in->shape.rank - d, (long long)score);
  }
  return OK;
}

static Status check_lengths(const Infer *infer, Dim batch) {
  const InferValue *in = infer_input(infer, IN_LENGTHS);
  if (in == NULL || !in->has_shape) return OK;
  if (in->shape.rank != 1) return infer_fail(infer, "nonpad_kv_seqlen has %d dimensions", in->shape.rank);
  return same_dim(infer, "the batch", in->shape.dims[0], &batch);
}

static Status set_outputs(Infer *infer, const Heads *q, const Heads *k, const Heads *v, Dim past) {
  Dim total = dim_is_known(k->rows) && dim_is_known(past) ? k->rows + past
              : past == 0                                 ? k->rows
                                                          : DIM_UNKNOWN;
  Dim all = dim_is_known(v->width) && dim_is_known(q->heads) ? v->width * q->heads : DIM_UNKNOWN;
  Shape scores = SHAPE(q->batch, q->heads, q->rows, total);
  TRY(check_mask(infer, &scores));
  infer_set(infer, OUT_Y, infer->in[IN_Q].type,
            infer->in[IN_Q].shape.rank == 4 ? &SHAPE(q->batch, q->heads, q->rows, v->width)
                                            : &SHAPE(q->batch, q->rows, all));
  if (infer->output_count > OUT_PRESENT_KEY)
    infer_set(infer, OUT_PRESENT_KEY, infer->in[IN_K].type, &SHAPE(q->batch, k->heads, total, k->width));
  if (infer->output_count > OUT_PRESENT_VALUE)
    infer_set(infer, OUT_PRESENT_VALUE, infer->in[IN_V].type, &SHAPE(q->batch, k->heads, total, v->width));
  if (infer->output_count > OUT_SCORES) infer_set(infer, OUT_SCORES, infer->in[IN_Q].type, &scores);
  return OK;
}

static Status infer_types(Infer *infer) {
  static const int from[] = {IN_Q, IN_K, IN_V, IN_Q};
  for (int i = 0; i < infer->output_count; i++) infer->out[i].type = infer->in[from[i]].type;
  if (infer_types_differ(infer, IN_Q, IN_K)) return infer_fail(infer, "Q and K have different types");
  if (infer_types_differ(infer, IN_K, IN_PAST_KEY) || infer_types_differ(infer, IN_V, IN_PAST_VALUE))
    return infer_fail(infer, "a past has another type than what follows it");
  if ((infer_input(infer, IN_PAST_KEY) == NULL) != (infer_input(infer, IN_PAST_VALUE) == NULL))
    return infer_fail(infer, "of past_key and past_value only one is there");
  return OK;
}

static Status infer(Infer *infer) {
  const AttentionParams *params = infer->params;
  Heads q, k, v;
  Dim past, past_value;
  TRY(infer_types(infer));
  if (!infer->in[IN_Q].has_shape || !infer->in[IN_K].has_shape || !infer->in[IN_V].has_shape) return OK;
  TRY(infer_heads(infer, IN_Q, params->q_num_heads, &q));
  TRY(infer_heads(infer, IN_K, params->kv_num_heads, &k));
  TRY(infer_heads(infer, IN_V, params->kv_num_heads, &v));
  TRY(same_dim(infer, "the batch", k.batch, &q.batch));
  TRY(same_dim(infer, "the batch", v.batch, &q.batch));
  TRY(same_dim(infer, "the head size of Q and K", k.width, &q.width));
  TRY(same_dim(infer, "the number of heads of K and V", v.heads, &k.heads));
  TRY(same_dim(infer, "the length of K and V", v.rows, &k.rows));
  TRY(infer_past(infer, IN_PAST_KEY, &k, &past));
  TRY(infer_past(infer, IN_PAST_VALUE, &v, &past_value));
  TRY(same_dim(infer, "the length of the past", past_value, &past));
  TRY(check_lengths(infer, q.batch));
  if (dim_is_known(q.heads) && dim_is_known(k.heads) && (k.heads == 0 || q.heads % k.heads != 0))
    return infer_fail(infer, "%lld heads of Q are no multiple of %lld heads of K", (long long)q.heads,
                      (long long)k.heads);
  return set_outputs(infer, &q, &k, &v, past);
}

/* ---- presents ---- */

static void store_present(const AttentionCase *c, int output, const HeadPlaces *past, const HeadPlaces *now,
                          int64_t width) {
  Tensor *out = run_output(c->run, output);
  size_t size = out != NULL ? element_bytes(out->type) : 0, bytes = (size_t)width * size;
  for (int64_t i = 0; bytes > 0 && i < c->batch * c->kv_heads * c->total; i++) {
    int64_t j = i % c->total, h = i / c->total % c->kv_heads, b = i / c->total / c->kv_heads;
    const HeadPlaces *from = j < c->past ? past : now;
    int64_t at = attention_row_at(from, b, h, j < c->past ? j : j - c->past);
    memcpy((char *)out->data + (size_t)i * bytes, (const char *)from->tensor->data + (size_t)at * size,
           bytes);
  }
}

static void store_presents(const AttentionCase *c) {
  store_present(c, OUT_PRESENT_KEY, &c->past_key, &c->k, c->width);
  store_present(c, OUT_PRESENT_VALUE, &c->past_value, &c->v, c->value_width);
}

/* ---- the kernels ---- */

static void plain_row(AttentionCase *c, int64_t b, int64_t h, int64_t row, const double *keys,
                      const double *values, double *query) {
  attention_load_double(c->q.tensor, attention_row_at(&c->q, b, h, row), c->width, query, 0);
  for (int64_t j = 0; j < c->total; j++) {
    double sum = 0;
    for (int64_t i = 0; i < c->width; i++) sum += query[i] * keys[j * c->width + i];
    c->scores[j] = sum * c->scale;
  }
  attention_finish_row(c, b, h, row);
  for (int64_t i = 0; c->y.tensor != NULL && i < c->value_width; i++) {
    double sum = 0;
    for (int64_t j = 0; j < c->total; j++) sum += c->scores[j] * values[j * c->value_width + i];
    tensor_set(c->run->out[OUT_Y], attention_row_at(&c->y, b, h, row) + i, sum);
  }
}

static Status run_plain(Run *run) {
  AttentionCase c;
  TRY(attention_open(run, &c));
  double *keys = reals_new(run, c.total * c.width), *values = reals_new(run, c.total * c.value_width);
  double *query = reals_new(run, c.width);
  if (keys == NULL || values == NULL || query == NULL) return run->err->status;
  for (int64_t b = 0; b < c.batch; b++)
    for (int64_t h = 0; h < c.heads; h++) {
      int64_t kv = h / (c.heads / c.kv_heads);
      attention_load_head(&c, &c.past_key, &c.k, c.width, b, kv, attention_load_double, keys);
      attention_load_head(&c, &c.past_value, &c.v, c.value_width, b, kv, attention_load_double, values);
      for (int64_t row = 0; row < c.rows; row++) plain_row(&c, b, h, row, keys, values, query);
    }
  store_presents(&c);
  return OK;
}

/* One head: `weights` [rows, total] holds products, then probabilities. */
static void fast_head(AttentionCase *c, int64_t b, int64_t h, const float *keys, const float *values,
                      float *weights) {
  const float *q = (const float *)c->q.tensor->data + attention_row_at(&c->q, b, h, 0);
  product_f32(c->rows, c->total, c->width, (float)c->scale, (Matrix){q, c->q.row_step, false},
              (Matrix){keys, c->width, true}, 0, weights, c->total);
  for (int64_t row = 0; row < c->rows; row++) {
    float *line = weights + row * c->total;
    for (int64_t j = 0; j < c->total; j++) c->scores[j] = (double)line[j];
    attention_finish_row(c, b, h, row);
    for (int64_t j = 0; j < c->total; j++) line[j] = (float)c->scores[j];
  }
  if (c->y.tensor == NULL) return;
  float *y = (float *)c->run->out[OUT_Y]->data + attention_row_at(&c->y, b, h, 0);
  product_f32(c->rows, c->value_width, c->total, 1, (Matrix){weights, c->total, false},
              (Matrix){values, c->value_width, false}, 0, y, c->y.row_step);
}

static bool fits_fast(const Run *run, const AttentionCase *c) {
  return run->in[IN_Q]->type == ELEMENT_FLOAT32 && run->in[IN_V]->type == ELEMENT_FLOAT32 &&
         product_fits(c->rows) && product_fits(c->total) && product_fits(c->q.row_step) &&
         product_fits(c->y.row_step) && product_fits(c->value_width);
}

static Status run_fast(Run *run) {
  AttentionCase c;
  TRY(attention_open(run, &c));
  if (!fits_fast(run, &c)) return run_plain(run);
  float *keys = floats_new(run, c.total * c.width), *values = floats_new(run, c.total * c.value_width);
  float *weights = floats_new(run, c.rows * c.total);
  if (keys == NULL || values == NULL || weights == NULL) return run->err->status;
  for (int64_t b = 0; b < c.batch; b++)
    for (int64_t h = 0; h < c.heads; h++) {
      int64_t kv = h / (c.heads / c.kv_heads);
      attention_load_head(&c, &c.past_key, &c.k, c.width, b, kv, attention_load_float, keys);
      attention_load_head(&c, &c.past_value, &c.v, c.value_width, b, kv, attention_load_float, values);
      fast_head(&c, b, h, keys, values, weights);
    }
  store_presents(&c);
  return OK;
}

static OpCost cost(const Node *node) {
  const Value *q = node_input(node, IN_Q), *k = node_input(node, IN_K);
  if (q == NULL || k == NULL || !q->has_shape || !k->has_shape) return (OpCost){0};
  int64_t keys = k->shape.rank >= 3 ? k->shape.dims[k->shape.rank - 2] : 0;
  double macs = 2.0 * (double)shape_elements(&q->shape) * (double)keys;
  return (OpCost){.macs = keys > 0 && macs > 0 && macs < 9e18 ? (int64_t)macs : 0};
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(AttentionParams, is_causal, FIELD_BOOL),
    ATTRIBUTE(AttentionParams, q_num_heads, FIELD_INT, .least = 0, .most = INT32_MAX),
    ATTRIBUTE(AttentionParams, kv_num_heads, FIELD_INT, .least = 0, .most = INT32_MAX),
    ATTRIBUTE(AttentionParams, qk_matmul_output_mode, FIELD_INT, .least = 0, .most = 3),
    ATTRIBUTE(AttentionParams, scale, FIELD_FLOAT, .otherwise_float = NAN),
    ATTRIBUTE(AttentionParams, softcap, FIELD_FLOAT),
    ATTRIBUTE(AttentionParams, softmax_precision, FIELD_INT),
    {0}};

const Op op_Attention = {
    .name = "Attention",
    .brief = "Scaled dot-product attention by heads, with mask and cache.",
    .versions = {{24, infer, run_plain, run_fast, attention_grad},
                 {23, infer, run_plain, run_fast, attention_grad}},
    .attributes = attributes,
    .params_bytes = sizeof(AttentionParams),
    .inputs = {{"Q", PORT_REQUIRED, ELEMENTS_FLOAT, "[batch, heads, rows, width]"},
               {"K", PORT_REQUIRED, ELEMENTS_FLOAT, "[batch, kv heads, keys, width]"},
               {"V", PORT_REQUIRED, ELEMENTS_FLOAT, "[batch, kv heads, keys, value width]"},
               {"attn_mask", PORT_OPTIONAL, ELEMENTS_NUMERIC | ELEMENT_BIT(ELEMENT_BOOL),
                "[..., rows, keys]"},
               {"past_key", PORT_OPTIONAL, ELEMENTS_FLOAT, "[batch, kv heads, past, width]"},
               {"past_value", PORT_OPTIONAL, ELEMENTS_FLOAT, "[batch, kv heads, past, value width]"},
               {"nonpad_kv_seqlen", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT64), "[batch]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_FLOAT, "[batch, heads, rows, value width]"},
                {"present_key", PORT_OPTIONAL, ELEMENTS_FLOAT, "[batch, kv heads, all keys, width]"},
                {"present_value", PORT_OPTIONAL, ELEMENTS_FLOAT, "[batch, kv heads, all keys, value width]"},
                {"qk_matmul_output", PORT_OPTIONAL, ELEMENTS_FLOAT, "[batch, heads, rows, all keys]"}},
    .role = ROLE_FLOAT,
    .role_reason = "scores and probabilities have no integer instruction of their own",
    .cost = cost,
    .samples = {{"f32[1,2,3,4], f32[1,2,5,4], f32[1,2,5,6]", "outputs=4"},
                {"f32[2,3,8], f32[2,5,4], f32[2,5,4], f32[3,5]", "q_num_heads=4 kv_num_heads=2 softcap=1.5"},
                {"f32[1,2,3,4], f32[1,1,2,4], f32[1,1,2,4], bool[1,2,3,4], f32[1,1,2,4], f32[1,1,2,4]",
                 "is_causal=1 qk_matmul_output_mode=2 outputs=4"},
                {"f32[2,1,3,2], f32[2,1,4,2], f32[2,1,4,2], -, -, -, i64{2,4}", "is_causal=1 scale=0.5"},
                {"f32[1,1,2,2], f32[1,1,2,2], f32[1,1,2,2], bool[2,2]{false,false,true,false}",
                 "qk_matmul_output_mode=3 outputs=4"},
                {"f32[2,2,4], f32[2,3,2], f32[2,3,2], f32[2,1,1,3], f32[2,1,2,2], f32[2,1,2,2]",
                 "q_num_heads=2 kv_num_heads=1 softcap=2.0 qk_matmul_output_mode=1 is_causal=1 outputs=4"}},
};
