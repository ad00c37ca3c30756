/* linear_attention.c - LinearAttention: a matrix of state per head that keys write and queries read. */
#include "operators/gradient.h"
#include "operators/reals.h"

#include <math.h>
#include <string.h>

static const char *const rules[] = {"linear", "gated", "delta", "gated_delta", NULL};
enum { RULE_LINEAR, RULE_GATED, RULE_DELTA, RULE_GATED_DELTA };

typedef struct LinearAttentionParams {
  int64_t q_num_heads, kv_num_heads, chunk_size;
  float scale; /* 0: 1 / sqrt(key width) */
  int update_rule;
} LinearAttentionParams;

enum { IN_QUERY, IN_KEY, IN_VALUE, IN_PAST, IN_DECAY, IN_BETA };

static bool has_decay(const LinearAttentionParams *params) {
  return params->update_rule == RULE_GATED || params->update_rule == RULE_GATED_DELTA;
}

static bool has_beta(const LinearAttentionParams *params) {
  return params->update_rule == RULE_DELTA || params->update_rule == RULE_GATED_DELTA;
}

static Status check(const Node *node, void *decoded, Error *err) {
  const LinearAttentionParams *params = decoded;
  if (params->q_num_heads % params->kv_num_heads != 0)
    return fail(err, BAD_INPUT, "node '%s' (%s): q_num_heads is no multiple of kv_num_heads", node->name,
                node->type);
  if (has_decay(params) && node_input(node, IN_DECAY) == NULL)
    return fail(err, BAD_INPUT, "node '%s' (%s): its rule needs a decay", node->name, node->type);
  if (has_beta(params) && node_input(node, IN_BETA) == NULL)
    return fail(err, BAD_INPUT, "node '%s' (%s): its rule needs beta", node->name, node->type);
  return OK;
}

/* ---- inference ---- */

typedef struct Sizes {
  Dim batch, steps, key, value; /* widths of a head */
} Sizes;

static Status head_width(const Infer *infer, int i, int64_t heads, Sizes *sizes, Dim *width) {
  const InferValue *in = &infer->in[i];
  if (!in->has_shape) return OK;
  if (in->shape.rank != 3)
    return infer_fail(infer, "input %d has %d dimensions instead of 3", i, in->shape.rank);
  const Dim *dims = in->shape.dims;
  Dim *shared[] = {&sizes->batch, &sizes->steps};
  for (int d = 0; d < 2; d++) {
    if (!dim_is_known(*shared[d])) *shared[d] = dims[d];
    if (dim_is_known(dims[d]) && dims[d] != *shared[d])
      return infer_fail(infer, "input %d has %lld along axis %d instead of %lld", i, (long long)dims[d], d,
                        (long long)*shared[d]);
  }
  if (!dim_is_known(dims[2])) return OK;
  if (dims[2] % heads != 0 || (dim_is_known(*width) && dims[2] / heads != *width))
    return infer_fail(infer, "input %d has rows of %lld elements, which do not fit %lld heads", i,
                      (long long)dims[2], (long long)heads);
  *width = dims[2] / heads;
  return OK;
}

/* One number a head, or (decay) one for each element of a key. */
static Status check_gate(const Infer *infer, int i, Dim key, bool may_be_wide, Sizes *sizes) {
  int64_t heads = ((const LinearAttentionParams *)infer->params)->kv_num_heads;
  if (infer_input(infer, i) == NULL || !infer->in[i].has_shape) return OK;
  Dim width = DIM_UNKNOWN;
  TRY(head_width(infer, i, heads, sizes, &width));
  if (!dim_is_known(width) || width == 1 || (may_be_wide && (!dim_is_known(key) || width == key))) return OK;
  return infer_fail(infer, "input %d has %lld elements for each head", i, (long long)width);
}

static Status check_past(const Infer *infer, const Shape *state) {
  const InferValue *past = infer_input(infer, IN_PAST);
  if (past == NULL || !past->has_shape) return OK;
  bool fits = past->shape.rank == 4;
  for (int d = 0; fits && d < 4; d++)
    fits = !dim_is_known(past->shape.dims[d]) || !dim_is_known(state->dims[d]) ||
           past->shape.dims[d] == state->dims[d];
  return fits ? OK : infer_fail(infer, "the past state does not have the shape of the state");
}

static Status infer(Infer *infer) {
  const LinearAttentionParams *params = infer->params;
  Sizes s = {DIM_UNKNOWN, DIM_UNKNOWN, DIM_UNKNOWN, DIM_UNKNOWN};
  TRY(head_width(infer, IN_QUERY, params->q_num_heads, &s, &s.key));
  TRY(head_width(infer, IN_KEY, params->kv_num_heads, &s, &s.key));
  TRY(head_width(infer, IN_VALUE, params->kv_num_heads, &s, &s.value));
  TRY(check_gate(infer, IN_DECAY, s.key, true, &s));
  TRY(check_gate(infer, IN_BETA, s.key, false, &s));
  Shape state = SHAPE(s.batch, params->kv_num_heads, s.key, s.value);
  TRY(check_past(infer, &state));
  Dim all = dim_is_known(s.value) ? s.value * params->q_num_heads : DIM_UNKNOWN;
  infer_set(infer, 0, infer->in[IN_QUERY].type, &SHAPE(s.batch, s.steps, all));
  if (infer->output_count > 1) {
    const InferValue *past = infer_input(infer, IN_PAST);
    infer_set(infer, 1, past != NULL ? past->type : infer->in[IN_QUERY].type, &state);
  }
  return OK;
}

/* ---- the kernel ---- */

typedef struct Walk {
  const LinearAttentionParams *params;
  Run *run;
  int64_t steps, key, value, decay_width;
  double scale;
  double *state, *write; /* [key, value] of a head; [value] */
} Walk;

static double gate_of(const Walk *w, int64_t row, int64_t h, int64_t i) {
  if (!has_decay(w->params)) return 1;
  int64_t at = (row * w->params->kv_num_heads + h) * w->decay_width + (w->decay_width == 1 ? 0 : i);
  return exp(tensor_get(w->run->in[IN_DECAY], at));
}

static void update(const Walk *w, int64_t row, int64_t h) {
  int64_t heads = w->params->kv_num_heads, keys = (row * heads + h) * w->key;
  int64_t values = (row * heads + h) * w->value;
  double beta = has_beta(w->params) ? tensor_get(w->run->in[IN_BETA], row * heads + h) : 1;
  for (int64_t j = 0; j < w->value; j++) w->write[j] = tensor_get(w->run->in[IN_VALUE], values + j);
  for (int64_t i = 0; i < w->key; i++) {
    double gate = gate_of(w, row, h, i), k = tensor_get(w->run->in[IN_KEY], keys + i);
    for (int64_t j = 0; j < w->value; j++) {
      double *state = &w->state[i * w->value + j];
      *state *= gate;
      if (has_beta(w->params)) w->write[j] -= *state * k;
    }
  }
  for (int64_t i = 0; i < w->key; i++) {
    double k = beta * tensor_get(w->run->in[IN_KEY], keys + i);
    for (int64_t j = 0; j < w->value; j++) w->state[i * w->value + j] += k * w->write[j];
  }
}

static void read_state(const Walk *w, int64_t row, int64_t h) {
  int64_t group = w->params->q_num_heads / w->params->kv_num_heads;
  for (int64_t q = h * group; q < (h + 1) * group; q++) {
    int64_t head = row * w->params->q_num_heads + q;
    for (int64_t j = 0; j < w->value; j++) {
      double sum = 0;
      for (int64_t i = 0; i < w->key; i++)
        sum += tensor_get(w->run->in[IN_QUERY], head * w->key + i) * w->state[i * w->value + j];
      tensor_set(w->run->out[0], head * w->value + j, w->scale * sum);
    }
  }
}

static void walk_head(const Walk *w, int64_t b, int64_t h) {
  const Tensor *past = run_input(w->run, IN_PAST);
  Tensor *present = run_output(w->run, 1);
  int64_t size = w->key * w->value, at = (b * w->params->kv_num_heads + h) * size;
  for (int64_t i = 0; i < size; i++) w->state[i] = past != NULL ? tensor_get(past, at + i) : 0;
  for (int64_t t = 0; t < w->steps; t++) {
    update(w, b * w->steps + t, h);
    if (run_output(w->run, 0) != NULL) read_state(w, b * w->steps + t, h);
  }
  for (int64_t i = 0; present != NULL && i < size; i++) tensor_set(present, at + i, w->state[i]);
}

static void sizes_of(Run *run, Walk *w) {
  const LinearAttentionParams *params = run->params;
  const Shape *query = &run->in[IN_QUERY]->shape;
  *w = (Walk){.params = params, .run = run, .steps = query->dims[1]};
  w->key = query->dims[2] / params->q_num_heads;
  w->value = run->in[IN_VALUE]->shape.dims[2] / params->kv_num_heads;
  if (has_decay(params)) w->decay_width = run->in[IN_DECAY]->shape.dims[2] / params->kv_num_heads;
  w->scale = params->scale != 0 ? (double)params->scale : 1 / sqrt((double)w->key);
}

static Status run_linear_attention(Run *run) {
  const LinearAttentionParams *params = run->params;
  const Shape *query = &run->in[IN_QUERY]->shape;
  Walk w;
  sizes_of(run, &w);
  w.state = reals_new(run, w.key * w.value);
  w.write = reals_new(run, w.value);
  if (w.state == NULL || w.write == NULL) return run->err->status;
  for (int64_t b = 0; b < query->dims[0]; b++)
    for (int64_t h = 0; h < params->kv_num_heads; h++) walk_head(&w, b, h);
  return OK;
}

/* ---- the way back: steps in reverse, over the states that the way forward went through ---- */

typedef struct WalkBack {
  Walk walk;
  const Grad *grad;
  double *states; /* [steps + 1, key, value] of a head: before the first step, and after each */
  double *writes; /* [steps, value] */
  double *dstate; /* of the state that the walk is at */
  double *dwrite; /* [value] */
} WalkBack;

/* What queries read of the state after a step: their gradients, and a part of the state's. */
static void back_read(const WalkBack *b, int64_t row, int64_t h, const double *state) {
  const Walk *w = &b->walk;
  int64_t group = w->params->q_num_heads / w->params->kv_num_heads;
  const float *dy = grad_of_output(b->grad, 0);
  float *dquery = grad_of_input(b->grad, IN_QUERY);
  for (int64_t i = 0; i < group * w->key; i++) {
    int64_t head = row * w->params->q_num_heads + h * group + i / w->key, k = i % w->key;
    double sum = 0, x = w->scale * tensor_get(w->run->in[IN_QUERY], head * w->key + k);
    for (int64_t j = 0; j < w->value; j++) {
      double d = (double)dy[head * w->value + j];
      sum += d * state[k * w->value + j];
      b->dstate[k * w->value + j] += x * d;
    }
    if (dquery != NULL) dquery[head * w->key + k] = (float)(w->scale * sum);
  }
}

/* What a step wrote, beta * key * write: gradients of all three; that of the key goes on in back_decay(). */
static void back_write(const WalkBack *b, int64_t row, int64_t h, const double *write) {
  const Walk *w = &b->walk;
  int64_t head = row * w->params->kv_num_heads + h;
  float *dkey = grad_of_input(b->grad, IN_KEY), *dvalue = grad_of_input(b->grad, IN_VALUE);
  double beta = has_beta(w->params) ? tensor_get(w->run->in[IN_BETA], head) : 1, dbeta = 0;
  for (int64_t j = 0; j < w->value; j++) b->dwrite[j] = 0;
  for (int64_t i = 0; i < w->key; i++) {
    double sum = 0, key = tensor_get(w->run->in[IN_KEY], head * w->key + i);
    for (int64_t j = 0; j < w->value; j++) {
      double d = b->dstate[i * w->value + j];
      sum += d * write[j];
      b->dwrite[j] += beta * key * d;
    }
    dbeta += key * sum;
    if (dkey != NULL) dkey[head * w->key + i] = (float)(beta * sum);
  }
  if (has_beta(w->params) && grad_of_input(b->grad, IN_BETA) != NULL)
    grad_of_input(b->grad, IN_BETA)[head] = (float)dbeta;
  for (int64_t j = 0; dvalue != NULL && j < w->value; j++) dvalue[head * w->value + j] = (float)b->dwrite[j];
}

/* The decay of the state, and what the delta rules take of it from what is written. */
static void back_decay(const WalkBack *b, int64_t row, int64_t h, const double *before) {
  const Walk *w = &b->walk;
  int64_t head = row * w->params->kv_num_heads + h;
  float *dkey = grad_of_input(b->grad, IN_KEY), *ddecay = grad_of_input(b->grad, IN_DECAY);
  for (int64_t i = 0; i < w->key; i++) {
    double gate = gate_of(w, row, h, i), taken = 0, dgate = 0;
    double key = has_beta(w->params) ? tensor_get(w->run->in[IN_KEY], head * w->key + i) : 0;
    for (int64_t j = 0; j < w->value; j++) {
      double *d = &b->dstate[i * w->value + j], state = before[i * w->value + j];
      taken += gate * state * b->dwrite[j];
      *d -= key * b->dwrite[j];
      dgate += *d * state;
      *d *= gate;
    }
    if (dkey != NULL && has_beta(w->params)) dkey[head * w->key + i] -= (float)taken;
    if (ddecay != NULL && has_decay(w->params))
      ddecay[head * w->decay_width + (w->decay_width == 1 ? 0 : i)] += (float)(dgate * gate);
  }
}

/* The way forward again, keeping all states. */
static void walk_again(const WalkBack *b, int64_t n, int64_t h, int64_t at, int64_t size) {
  Walk w = b->walk;
  const Tensor *past = run_input(w.run, IN_PAST);
  for (int64_t i = 0; i < size; i++) b->states[i] = past != NULL ? tensor_get(past, at + i) : 0;
  for (int64_t t = 0; t < w.steps; t++) {
    w.state = b->states + (t + 1) * size;
    w.write = b->writes + t * w.value;
    for (int64_t i = 0; i < size; i++) w.state[i] = w.state[i - size];
    update(&w, n * w.steps + t, h);
  }
}

static void back_head(const WalkBack *b, int64_t n, int64_t h) {
  const Walk *w = &b->walk;
  const float *dpresent = grad_of_output(b->grad, 1);
  float *dpast = grad_of_input(b->grad, IN_PAST);
  int64_t size = w->key * w->value, at = (n * w->params->kv_num_heads + h) * size;
  walk_again(b, n, h, at, size);
  for (int64_t i = 0; i < size; i++) b->dstate[i] = dpresent != NULL ? (double)dpresent[at + i] : 0;
  for (int64_t t = w->steps - 1; t >= 0; t--) {
    int64_t row = n * w->steps + t;
    if (grad_of_output(b->grad, 0) != NULL) back_read(b, row, h, b->states + (t + 1) * size);
    back_write(b, row, h, b->writes + t * w->value);
    back_decay(b, row, h, b->states + t * size);
  }
  for (int64_t i = 0; dpast != NULL && i < size; i++) dpast[at + i] = (float)b->dstate[i];
}

static Status grad_linear_attention(Grad *grad) {
  WalkBack b = {.grad = grad};
  Run *run = &grad->run;
  sizes_of(run, &b.walk);
  int64_t size = b.walk.key * b.walk.value, states;
  if (__builtin_mul_overflow(size, b.walk.steps + 1, &states)) return fail_memory(run->err);
  b.states = reals_new(run, states);
  b.writes = reals_new(run, b.walk.steps * b.walk.value);
  b.dstate = reals_new(run, size);
  b.dwrite = reals_new(run, b.walk.value);
  if (b.states == NULL || b.writes == NULL || b.dstate == NULL || b.dwrite == NULL)
    return fail_memory(run->err);
  TRY(grad_zero(grad));
  for (int64_t n = 0; n < run->in[IN_QUERY]->shape.dims[0]; n++)
    for (int64_t h = 0; h < b.walk.params->kv_num_heads; h++) back_head(&b, n, h);
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(LinearAttentionParams, q_num_heads, FIELD_INT, .required = true, .least = 1, .most = INT32_MAX),
    ATTRIBUTE(LinearAttentionParams, kv_num_heads, FIELD_INT, .required = true, .least = 1,
              .most = INT32_MAX),
    ATTRIBUTE(LinearAttentionParams, chunk_size, FIELD_INT), /* a hint that changes no result */
    ATTRIBUTE(LinearAttentionParams, scale, FIELD_FLOAT),
    ATTRIBUTE(LinearAttentionParams, update_rule, FIELD_CHOICE, .otherwise = RULE_GATED_DELTA,
              .choices = rules),
    {0}};

const Op op_LinearAttention = {
    .name = "LinearAttention",
    .brief = "Attention by way of a state that keys and values update step by step.",
    .versions = {{27, infer, run_linear_attention, NULL, grad_linear_attention}},
    .attributes = attributes,
    .params_bytes = sizeof(LinearAttentionParams),
    .check = check,
    .inputs = {{"query", PORT_REQUIRED, ELEMENTS_FLOAT, "[batch, steps, heads * key]"},
               {"key", PORT_REQUIRED, ELEMENTS_FLOAT, "[batch, steps, kv heads * key]"},
               {"value", PORT_REQUIRED, ELEMENTS_FLOAT, "[batch, steps, kv heads * value]"},
               {"past_state", PORT_OPTIONAL, ELEMENTS_FLOAT, "[batch, kv heads, key, value]"},
               {"decay", PORT_OPTIONAL, ELEMENTS_FLOAT, "[batch, steps, kv heads * key]"},
               {"beta", PORT_OPTIONAL, ELEMENTS_FLOAT, "[batch, steps, kv heads]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_FLOAT, "[batch, steps, heads * value]"},
                {"present_state", PORT_OPTIONAL, ELEMENTS_FLOAT, "[batch, kv heads, key, value]"}},
    .role = ROLE_FLOAT,
    .role_reason = "its state is a running sum without bounds that calibration could trust",
    .samples = {{"f32[2,3,8], f32[2,3,4], f32[2,3,6]",
                 "q_num_heads=4 kv_num_heads=2 update_rule=\"linear\" outputs=2"},
                {"f32[1,3,4], f32[1,3,4], f32[1,3,4], f32[1,2,2,2], f32[1,3,2](-1,0), f32[1,3,2](0,1)",
                 "q_num_heads=2 kv_num_heads=2 scale=0.5 outputs=2"},
                {"f32[2,4,4], f32[2,4,2], f32[2,4,3], -, f32[2,4,2](-1,0)",
                 "q_num_heads=2 kv_num_heads=1 update_rule=\"gated\""},
                {"f32[1,3,4], f32[1,3,4], f32[1,3,6], f32[1,2,2,3], -, f32[1,3,2](0,1)",
                 "q_num_heads=2 kv_num_heads=2 update_rule=\"delta\""}},
};
