#include "distill/optimizer.h"

#include "base/wide.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 16384 /* elements that a thread does at a time */
#define LANES 8     /* sums at a time */
#define STEPS_MAX (INT64_C(1) << 53)

static const float no_gradient[BLOCK];

/* Up to three numbers an element: first and second moment, average. */
typedef struct State {
  const float *gradient;
  float *first, *second, *average;
} State;

struct Optimizer {
  OptimizerOptions options;
  int count;
  OptimizedTensor *parameters;
  State *states;
  float *memory; /* of all states */
  size_t memory_floats;
  double *squares; /* of each block's gradients, all parameters' blocks counted through */
  size_t blocks;
  int64_t steps;
};

/* What one step does with every element. */
typedef struct Update {
  float rate, scale, decay; /* scale: of the gradient, by clipping */
  float momentum, first_share, second_share, epsilon;
  float first_new, second_new; /* 1 - share, of the double: 1 - 0.999f is off by 1e-5 of itself */
  float first_correction, second_correction;
  bool nesterov, is_first;
} Update;

OptimizerOptions optimizer_defaults(void) {
  return (OptimizerOptions){
      .kind = OPTIMIZER_ADAMW, .momentum = 0.9, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};
}

/* ---- memory ---- */

static int64_t blocks_of(const OptimizedTensor *parameter) {
  return parameter->count / BLOCK + (parameter->count % BLOCK > 0);
}

static bool has_second(const OptimizerOptions *options) {
  return options->kind != OPTIMIZER_SGD;
}

static bool has_first(const OptimizerOptions *options) {
  return has_second(options) || options->momentum > 0;
}

static size_t floats_an_element(const OptimizerOptions *options) {
  return (size_t)has_first(options) + (size_t)has_second(options) + (size_t)(options->ema > 0);
}

static float *part_of(float **memory, bool wanted, int64_t count) {
  float *part = wanted ? *memory : NULL;
  if (wanted) *memory += count;
  return part;
}

static void share_out(Optimizer *optimizer) {
  const OptimizerOptions *options = &optimizer->options;
  float *memory = optimizer->memory;
  for (int i = 0; i < optimizer->count; i++) {
    const OptimizedTensor *parameter = &optimizer->parameters[i];
    State *state = &optimizer->states[i];
    state->first = part_of(&memory, has_first(options), parameter->count);
    state->second = part_of(&memory, has_second(options), parameter->count);
    state->average = part_of(&memory, options->ema > 0, parameter->count);
    if (state->average != NULL)
      memcpy(state->average, parameter->value, (size_t)parameter->count * sizeof(float));
  }
}

static Status prepare(Optimizer *made, const OptimizedTensor *parameters, Error *err) {
  size_t elements = 0, bytes;
  made->parameters = calloc((size_t)made->count + 1, sizeof *made->parameters);
  made->states = calloc((size_t)made->count + 1, sizeof *made->states);
  if (made->parameters == NULL || made->states == NULL) return fail_memory(err);
  memcpy(made->parameters, parameters, (size_t)made->count * sizeof *parameters);
  for (int i = 0; i < made->count; i++) {
    if (!size_add(elements, (size_t)parameters[i].count, &elements)) return fail_memory(err);
    made->blocks += (size_t)blocks_of(&parameters[i]);
  }
  if (!size_multiply(elements, floats_an_element(&made->options), &made->memory_floats) ||
      !size_multiply(made->memory_floats, sizeof(float), &bytes))
    return fail_memory(err);
  made->squares = calloc(made->blocks + 1, sizeof *made->squares);
  made->memory = bytes_new(bytes, err);
  if (made->squares == NULL || made->memory == NULL) return fail_memory(err);
  memset(made->memory, 0, bytes);
  share_out(made);
  return OK;
}

Status optimizer_new(Optimizer **optimizer, const OptimizerOptions *options,
                     const OptimizedTensor *parameters, int count, Error *err) {
  Optimizer *made = *optimizer = calloc(1, sizeof *made);
  if (made == NULL) return fail_memory(err);
  made->options = *options;
  made->count = count;
  Status status = prepare(made, parameters, err);
  if (status == OK) return OK;
  optimizer_free(made);
  *optimizer = NULL;
  return status;
}

void optimizer_free(Optimizer *optimizer) {
  if (optimizer == NULL) return;
  free(optimizer->parameters);
  free(optimizer->states);
  free(optimizer->squares);
  bytes_free(optimizer->memory);
  free(optimizer);
}

void optimizer_set_gradient(Optimizer *optimizer, int i, const float *gradient) {
  optimizer->states[i].gradient = gradient;
}

const float *optimizer_average(const Optimizer *optimizer, int i) {
  return optimizer->states[i].average;
}

/* ---- blocks ---- */

/* Elements from..from+count-1 of parameter p. */
typedef struct Block {
  int p;
  int64_t from, count;
} Block;

/* Block `index` of all parameters, counted through. */
static Block block_at(const Optimizer *optimizer, size_t index) {
  Block block = {0};
  int64_t left = (int64_t)index;
  while (left >= blocks_of(&optimizer->parameters[block.p]))
    left -= blocks_of(&optimizer->parameters[block.p++]);
  block.from = left * BLOCK;
  int64_t rest = optimizer->parameters[block.p].count - block.from;
  block.count = rest < BLOCK ? rest : BLOCK;
  return block;
}

/* The order of the sum is that of the lanes, whatever the width of a vector. */
WIDE_LOOP static double sum_squares(const float *g, int64_t n) {
  double lanes[LANES] = {0}, sum = 0;
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int l = 0; l < LANES; l++) lanes[l] += (double)g[i + l] * (double)g[i + l];
  for (int l = 0; i < n; i++, l++) lanes[l] += (double)g[i] * (double)g[i];
  for (int l = 0; l < LANES; l++) sum += lanes[l];
  return sum;
}

static Status norm_block(void *context, size_t index, int worker, Error *err) {
  Optimizer *optimizer = context;
  (void)worker;
  (void)err;
  Block block = block_at(optimizer, index);
  const float *gradient = optimizer->states[block.p].gradient;
  optimizer->squares[index] = gradient != NULL ? sum_squares(gradient + block.from, block.count) : 0;
  return OK;
}

static double norm_of(Optimizer *optimizer, Pool *pool) {
  Error none = {0};
  (void)pool_for(pool, optimizer->blocks, norm_block, optimizer, &none); /* the body never fails */
  double sum = 0;
  for (size_t i = 0; i < optimizer->blocks; i++) sum += optimizer->squares[i];
  return sqrt(sum);
}

/* ---- steps ---- */

static Update update_of(const Optimizer *optimizer, double rate, double norm) {
  const OptimizerOptions *options = &optimizer->options;
  double steps = (double)optimizer->steps + 1;
  bool clips = options->clip_norm > 0 && norm > options->clip_norm;
  return (Update){.rate = (float)rate,
                  .scale = clips ? (float)(options->clip_norm / norm) : 1,
                  .decay = (float)options->weight_decay,
                  .momentum = (float)options->momentum,
                  .first_share = (float)options->beta1,
                  .second_share = (float)options->beta2,
                  .first_new = (float)(1 - options->beta1),
                  .second_new = (float)(1 - options->beta2),
                  .epsilon = (float)options->epsilon,
                  .first_correction = (float)(1 / (1 - pow(options->beta1, steps))),
                  .second_correction = (float)(1 / sqrt(1 - pow(options->beta2, steps))),
                  .nesterov = options->nesterov,
                  .is_first = optimizer->steps == 0};
}

WIDE_LOOP static void descend(float *restrict w, const float *restrict g, int64_t n, float rate, float scale,
                              float decay) {
  for (int64_t i = 0; i < n; i++) w[i] -= rate * (g[i] * scale + decay * w[i]);
}

WIDE_LOOP static void descend_momentum(float *restrict w, float *restrict m, const float *restrict g,
                                       int64_t n, const Update *u, float decay) {
  float rate = u->rate, scale = u->scale, kept = u->is_first ? 0.0f : u->momentum;
  float ahead = u->nesterov ? u->momentum : 1.0f, own = u->nesterov ? 1.0f : 0.0f;
  for (int64_t i = 0; i < n; i++) {
    float d = g[i] * scale + decay * w[i];
    m[i] = kept * m[i] + d;
    w[i] -= rate * (own * d + ahead * m[i]);
  }
}

WIDE_LOOP static void descend_adam(float *restrict w, float *restrict m, float *restrict v,
                                   const float *restrict g, int64_t n, const Update *u, float decay,
                                   float shrink) {
  float rate = u->rate * u->first_correction, scale = u->scale, b1 = u->first_share, b2 = u->second_share;
  float new1 = u->first_new, new2 = u->second_new, correction = u->second_correction, epsilon = u->epsilon;
  for (int64_t i = 0; i < n; i++) {
    float d = g[i] * scale + decay * w[i];
    m[i] = b1 * m[i] + new1 * d;
    v[i] = b2 * v[i] + new2 * (d * d);
    w[i] = shrink * w[i] - rate * m[i] / (__builtin_sqrtf(v[i]) * correction + epsilon);
  }
}

WIDE_LOOP static void average(float *restrict a, const float *restrict w, int64_t n, float kept) {
  for (int64_t i = 0; i < n; i++) a[i] = kept * a[i] + (1.0f - kept) * w[i];
}

static void keep_zeros(float *w, const uint8_t *mask, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    if (mask[i] == 0) w[i] = 0;
}

static void step_part(const Optimizer *optimizer, Update update, Block block) {
  const OptimizedTensor *parameter = &optimizer->parameters[block.p];
  const State *state = &optimizer->states[block.p];
  int64_t from = block.from, n = block.count;
  const OptimizerOptions *options = &optimizer->options;
  float *w = parameter->value + from;
  const float *g = state->gradient != NULL ? state->gradient + from : no_gradient;
  update.rate *= (float)parameter->rate_factor;
  float decay = parameter->decays ? update.decay : 0;
  bool apart = options->kind == OPTIMIZER_ADAMW;
  if (has_second(options))
    descend_adam(w, state->first + from, state->second + from, g, n, &update, apart ? 0 : decay,
                 apart ? 1 - update.rate * decay : 1);
  else if (state->first != NULL)
    descend_momentum(w, state->first + from, g, n, &update, decay);
  else
    descend(w, g, n, update.rate, update.scale, decay);
  if (parameter->mask != NULL) keep_zeros(w, parameter->mask + from, n);
  if (state->average != NULL) average(state->average + from, w, n, (float)options->ema);
}

typedef struct StepBody {
  const Optimizer *optimizer;
  Update update;
} StepBody;

static Status step_block(void *context, size_t index, int worker, Error *err) {
  const StepBody *body = context;
  (void)worker;
  (void)err;
  step_part(body->optimizer, body->update, block_at(body->optimizer, index));
  return OK;
}

double optimizer_step(Optimizer *optimizer, double rate, Pool *pool) {
  double norm = norm_of(optimizer, pool);
  if (!isfinite(norm)) return norm;
  StepBody body = {.optimizer = optimizer, .update = update_of(optimizer, rate, norm)};
  Error none = {0};
  (void)pool_for(pool, optimizer->blocks, step_block, &body, &none); /* the body never fails */
  optimizer->steps++;
  return norm;
}

/* ---- checkpoints ---- */

size_t optimizer_state_bytes(const Optimizer *optimizer) {
  return sizeof optimizer->steps + optimizer->memory_floats * sizeof(float);
}

void optimizer_save(const Optimizer *optimizer, void *bytes) {
  memcpy(bytes, &optimizer->steps, sizeof optimizer->steps);
  memcpy((char *)bytes + sizeof optimizer->steps, optimizer->memory,
         optimizer->memory_floats * sizeof(float));
}

Status optimizer_load(Optimizer *optimizer, const void *bytes, size_t size, Error *err) {
  if (size != optimizer_state_bytes(optimizer))
    return fail(err, BAD_INPUT, "the optimiser's state has %lld bytes, and %lld are expected",
                (long long)size, (long long)optimizer_state_bytes(optimizer));
  int64_t steps;
  memcpy(&steps, bytes, sizeof steps);
  if (steps < 0 || steps > STEPS_MAX)
    return fail(err, BAD_INPUT, "the optimiser's state is damaged: it says that %lld steps were done",
                (long long)steps);
  optimizer->steps = steps;
  memcpy(optimizer->memory, (const char *)bytes + sizeof optimizer->steps,
         optimizer->memory_floats * sizeof(float));
  return OK;
}
