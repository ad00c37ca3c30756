/*
 * The codes of linear operators' weights: symmetric, one scale an output channel.
 *
 * With 8 bits the scale is max|w| / 127. With 4 bits the 15 codes are too few for that: the largest weights
 * are clipped where that leaves less squared error in all of them. The scale is never so small that the bias
 * (at scale_x * scale_w) or the sum of a channel could leave int32: |bias| / (sx sw) + 510 sum|q| < 2^31,
 * where 510 covers codes of 0..255 and the correction for the zero point. Where the data have 16 bits the sum
 * has 64, which are always enough. A weight that cannot change an output code, because K of its size times
 * the largest input stay below a thousandth of an output step, is stored as zero: some networks have whole
 * channels of such.
 */
#include "quantize/specs.h"
#include "quantize/weight_clip.h"
#include "quantize/weight_groups.h"

#include <float.h>
#include <math.h>
#include <string.h>

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
  double dead;     /* weights up to here are zero */
  double least;    /* scale that keeps the accumulator within int32, for the bias alone */
  double resting;  /* scale of a channel without weights */
  bool is_bounded; /* its sums have 32 bits */
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
    double for_bias = largest_bias(bias, c, channels->count) / (sx * bias_code_max(x));
    needs[c].dead = fmin(needs[c].dead, dead);
    needs[c].least = fmax(needs[c].least, for_bias);
    needs[c].is_bounded |= x->bits == 8;
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

/* The scale where the channel's own would let bias or sum leave int32. */
static double bounded_scale(double scale, const Channels *channels, const ChannelFacts *facts,
                            const Need *need, int factor_most) {
  double products = (double)(channels->outer * channels->inner);
  if (!(facts->largest > 0)) scale = need->resting;
  /* Rounding may add half a code each. */
  double room = ACCUMULATOR_MAX - BIAS_CODE_MAX - 255.0 * products * factor_most;
  scale = fmax(fmax(scale, need->least), 2.0 * (double)FLT_MIN);
  return need->is_bounded ? fmax(scale, 510.0 * facts->sum / fmax(room, 1)) : scale;
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

static void gather_needs(const Plan *plan, const Value *value, const Channels *channels, Need *needs) {
  for (int64_t c = 0; c < channels->count; c++) needs[c] = (Need){.dead = INFINITY};
  for (int u = 0; u < value->user_count; u++) add_need(plan, value->users[u], channels, needs);
}

/* The most that one of its users asks for. */
static int bits_of(const Plan *plan, const Value *value) {
  int bits = 0;
  for (int u = 0; u < value->user_count; u++) {
    int asked = plan->nodes[value->users[u]->index].weight_bits;
    bits = asked > bits ? asked : bits;
  }
  return bits;
}

/* A weight while its scales are chosen. */
typedef struct Scaling {
  Channels channels;
  WeightGroups groups;
  const Need *needs;
  float *row;           /* of one channel */
  double *group_scales; /* of one channel */
  float *scales;
  uint8_t *factors;
} Scaling;

static Status scaling_new(Scaling *scaling, Graph *graph, const Value *value, int bits, int axis,
                          const QuantizeOptions *options, Arena *arena, Error *err) {
  Channels channels = channels_of(value->constant, axis);
  scaling->channels = channels;
  scaling->groups = weight_groups_of(value, axis, bits == 4 ? options->group_size : 0);
  size_t count = (size_t)channels.count, groups = (size_t)scaling->groups.count;
  scaling->scales = arena_new(&graph->arena, count, sizeof(float), err);
  scaling->row = arena_new(arena, (size_t)(channels.outer * channels.inner), sizeof(float), err);
  scaling->group_scales = arena_new(arena, groups, sizeof(double), err);
  scaling->factors = arena_new(&graph->arena, count * groups, 1, err);
  bool failed = scaling->scales == NULL || scaling->row == NULL || scaling->group_scales == NULL ||
                scaling->factors == NULL;
  return failed ? err->status : OK;
}

static void gather_channel(const Channels *channels, int64_t c, float *row) {
  for (int64_t o = 0; o < channels->outer; o++, row += channels->inner)
    memcpy(row, channels->values + (o * channels->count + c) * channels->inner,
           (size_t)channels->inner * sizeof *row);
}

/* One scale for the channel. */
static double plain_scale(const Scaling *scaling, int64_t c, int bits, const ChannelFacts *facts) {
  const Channels *channels = &scaling->channels;
  double scale = facts->largest / 127;
  if (bits == 4) {
    gather_channel(channels, c, scaling->row);
    scale = weight_clip_scale(scaling->row, channels->outer * channels->inner, 7);
  }
  return bounded_scale(scale, channels, facts, &scaling->needs[c], 1);
}

/* The factors of the channel's groups; returns the scale on which they are. */
static double grouped_scale(const Scaling *scaling, const Tensor *weight, int64_t c,
                            const ChannelFacts *facts) {
  const WeightGroups *groups = &scaling->groups;
  weight_groups_gather(groups, weight, c, scaling->row);
  double largest = weight_groups_scales(groups, scaling->row, scaling->group_scales);
  double scale = bounded_scale(largest / groups->factor_most, &scaling->channels, facts, &scaling->needs[c],
                               groups->factor_most);
  for (int64_t g = 0; g < groups->count; g++) {
    double factor = rint(scaling->group_scales[g] / (double)(float)scale);
    scaling->factors[c * groups->count + g] = (uint8_t)fmin(fmax(factor, 1), groups->factor_most);
  }
  return scale;
}

static QuantSpec weight_spec(const Scaling *scaling, int bits, int axis, bool per_tensor) {
  const WeightGroups *groups = &scaling->groups;
  bool is_one = per_tensor || scaling->channels.count == 1;
  return (QuantSpec){.kind = QUANT_INTEGER,
                     .bits = bits,
                     .axis = is_one && groups->size == 0 ? -1 : axis,
                     .scale_count = per_tensor ? 1 : scaling->channels.count,
                     .scales = scaling->scales,
                     .group_axis = groups->axis,
                     .group_size = groups->size,
                     .factors = groups->size > 0 ? scaling->factors : NULL};
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
  int bits = bits_of(plan, value);
  Scaling scaling;
  TRY(scaling_new(&scaling, graph, value, bits, axis, options, arena, err));
  const Channels *channels = &scaling.channels;
  Need *needs = arena_new(arena, (size_t)channels->count, sizeof *needs, err);
  if (needs == NULL) return err->status;
  gather_needs(plan, value, channels, needs);
  scaling.needs = needs;
  int64_t dead = 0;
  float largest = 0;
  for (int64_t c = 0; c < channels->count; c++) {
    ChannelFacts facts = facts_of(channels, c, needs[c].dead);
    scaling.scales[c] = (float)(scaling.groups.size > 0 ? grouped_scale(&scaling, value->constant, c, &facts)
                                                        : plain_scale(&scaling, c, bits, &facts));
    largest = fmaxf(largest, scaling.scales[c]);
    dead += facts.dead;
    report->dead_channels += facts.dead > 0 && facts.largest == 0;
  }
  report->dead_weights += dead;
  if (dead > 0) TRY(drop_dead(graph, value, channels, needs, err));
  if (options->per_tensor) scaling.scales[0] = largest;
  QuantSpec spec = weight_spec(&scaling, bits, axis, options->per_tensor);
  return spec_set(graph, value, &spec, err);
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
