/*
 * The codes of linear operators' weights: symmetric, one scale an output channel.
 *
 * The scale is max|w| / 127, and never so small that the bias (at scale_x * scale_w) or the sum of a channel
 * could leave int32: |bias| / (sx sw) + 510 sum|q| < 2^31, where 510 covers codes of 0..255 and the
 * correction for the zero point. A weight that cannot change an output code, because K of its size times the
 * largest input stay below a thousandth of an output step, is stored as zero: some networks have whole
 * channels of such.
 */
#include "quantize/specs.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define WEIGHT_CODE_MAX 127.0
#define BIAS_CODE_MAX 0x1p30
#define ACCUMULATOR_MAX 0x1p31
#define DEAD_STEPS 1e-3 /* of an output step */

/* A weight as [outer, channels, inner]. */
typedef struct Channels {
  int64_t outer, count, inner;
  const float *values;
} Channels;

static Channels channels_of(const Tensor *weight, int axis) {
  return (Channels){.outer = shape_product(&weight->shape, 0, axis),
                    .count = weight->shape.dims[axis],
                    .inner = shape_product(&weight->shape, axis + 1, weight->shape.rank),
                    .values = weight->data};
}

/* What all users of a weight ask of one channel. */
typedef struct Need {
  double dead;    /* weights up to here are zero */
  double least;   /* scale that keeps the accumulator within int32, for the bias alone */
  double resting; /* scale of a channel without weights */
} Need;

static double largest_input(const QuantSpec *spec) {
  double scale = (double)spec->scales[0], low = -ldexp(1.0, spec->bits - 1), high = -low - 1;
  return scale * fmax(fabs(low - spec->zero_point), fabs(high - spec->zero_point));
}

/* The constant added to a linear node's products: its own bias, or that of the Add behind it. */
static const Tensor *bias_of(const Plan *plan, const Node *node) {
  const NodePlan *own = &plan->nodes[node->index];
  if (own->bias_add != NULL)
    return node_constant(own->bias_add, own->bias_add->inputs[0] == node->outputs[0] ? 1 : 0);
  return own->form.bias >= 0 ? node_constant(node, own->form.bias) : NULL;
}

static double largest_bias(const Tensor *bias, int64_t channel, int64_t channels) {
  double largest = 0;
  int64_t count = bias == NULL ? 0 : tensor_elements(bias);
  if (count == 1) return fabs(tensor_get(bias, 0));
  for (int64_t i = channel; i < count; i += channels) largest = fmax(largest, fabs(tensor_get(bias, i)));
  return largest;
}

static void add_need(const Plan *plan, const Node *node, const Channels *channels, Need *needs) {
  const QuantSpec *x = node->inputs[plan->nodes[node->index].form.data]->spec,
                  *y = spec_of_result(plan, node);
  double sx = (double)x->scales[0], sy = (double)y->scales[0];
  double products = (double)(channels->outer * channels->inner);
  double dead = DEAD_STEPS * sy / (products * fmax(largest_input(x), DBL_MIN));
  const Tensor *bias = bias_of(plan, node);
  for (int64_t c = 0; c < channels->count; c++) {
    double for_bias = largest_bias(bias, c, channels->count) / (sx * BIAS_CODE_MAX);
    needs[c].dead = fmin(needs[c].dead, dead);
    needs[c].least = fmax(needs[c].least, for_bias);
    needs[c].resting = fmax(needs[c].resting, sy / sx * 0x1p-16);
  }
}

/* Largest weight and sum of sizes of a channel without its dead weights, which are counted. */
typedef struct ChannelFacts {
  double largest, sum;
  int64_t dead;
} ChannelFacts;

static ChannelFacts facts_of(const Channels *channels, int64_t c, double dead) {
  ChannelFacts facts = {0};
  for (int64_t o = 0; o < channels->outer; o++)
    for (int64_t i = 0; i < channels->inner; i++) {
      double size = fabs((double)channels->values[(o * channels->count + c) * channels->inner + i]);
      if (size <= dead) {
        facts.dead += size > 0;
      } else {
        facts.sum += size;
        facts.largest = fmax(facts.largest, size);
      }
    }
  return facts;
}

static double scale_of(const ChannelFacts *facts, const Need *need, double products) {
  double scale = facts->largest > 0 ? facts->largest / WEIGHT_CODE_MAX : need->resting;
  double room = ACCUMULATOR_MAX - BIAS_CODE_MAX - 255.0 * products; /* rounding may add half a code each */
  scale = fmax(scale, need->least);
  return fmax(fmax(scale, 510.0 * facts->sum / fmax(room, 1)), 2.0 * (double)FLT_MIN);
}

/* A copy of the weight in which the dead ones are zero becomes the value's constant. */
static Status drop_dead(Graph *graph, Value *value, const Channels *channels, const Need *needs, Error *err) {
  Tensor *copy = tensor_new(&graph->arena, ELEMENT_FLOAT32, &value->constant->shape, err);
  if (copy == NULL) return err->status;
  float *to = copy->data;
  int64_t count = tensor_elements(copy);
  for (int64_t i = 0; i < count; i++) {
    int64_t c = i / channels->inner % channels->count;
    to[i] = fabs((double)channels->values[i]) <= needs[c].dead ? 0.0f : channels->values[i];
  }
  value->constant = copy;
  return OK;
}

static Status set_weight(Graph *graph, Value *value, int axis, const float *scales, int64_t count,
                         Error *err) {
  QuantSpec spec = {.kind = QUANT_INTEGER,
                    .bits = 8,
                    .axis = count == 1 ? -1 : axis,
                    .scale_count = count,
                    .scales = scales};
  return spec_set(graph, value, &spec, err);
}

static void gather_needs(const Plan *plan, const Value *value, const Channels *channels, Need *needs) {
  for (int64_t c = 0; c < channels->count; c++) needs[c] = (Need){.dead = INFINITY};
  for (int u = 0; u < value->user_count; u++) add_need(plan, value->users[u], channels, needs);
}

/* True where the scales came with the model. */
static bool is_fixed(const Value *value, int axis) {
  const QuantSpec *spec = value->spec;
  return spec != NULL && spec->is_fixed && (spec->scale_count == 1 || spec->axis == axis);
}

static Status quantize_weight(Graph *graph, const Plan *plan, Value *value, const QuantizeOptions *options,
                              QuantizeReport *report, Arena *arena, Error *err) {
  int axis = plan->nodes[value->users[0]->index].form.channel_axis;
  if (is_fixed(value, axis)) return OK;
  Channels channels = channels_of(value->constant, axis);
  Need *needs = arena_new(arena, (size_t)channels.count, sizeof *needs, err);
  float *scales = arena_new(&graph->arena, (size_t)channels.count, sizeof *scales, err);
  if (needs == NULL || scales == NULL) return err->status;
  gather_needs(plan, value, &channels, needs);
  int64_t dead = 0, products = channels.outer * channels.inner;
  float largest = 0;
  for (int64_t c = 0; c < channels.count; c++) {
    ChannelFacts facts = facts_of(&channels, c, needs[c].dead);
    scales[c] = (float)scale_of(&facts, &needs[c], (double)products);
    largest = scales[c] > largest ? scales[c] : largest;
    dead += facts.dead;
    report->dead_channels += facts.dead > 0 && facts.largest == 0;
  }
  report->dead_weights += dead;
  if (dead > 0) TRY(drop_dead(graph, value, &channels, needs, err));
  if (options->per_tensor) scales[0] = largest;
  return set_weight(graph, value, axis, scales, options->per_tensor ? 1 : channels.count, err);
}

Status specs_of_weights(Graph *graph, const Plan *plan, const QuantizeOptions *options,
                        QuantizeReport *report, Error *err) {
  Arena arena = {0};
  Status status = OK;
  for (int v = 0; v < graph->value_count && status == OK; v++) {
    Value *value = graph->values[v];
    QuantSpec bias = {.kind = QUANT_INTEGER, .bits = 32, .axis = -1};
    if (plan->values[v].use == USE_WEIGHT)
      status = quantize_weight(graph, plan, value, options, report, &arena, err);
    else if (plan->values[v].use == USE_BIAS)
      status = spec_set(graph, value, &bias, err);
  }
  arena_free(&arena);
  return status;
}
