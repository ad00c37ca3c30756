/*
 * The codes of linear operators' weights: symmetric, one scale an output channel.
 *
 * With 8 bits the scale is max|w| / 127. With 4 bits the 15 codes are too few for that: the largest weights
 * are clipped where that leaves less squared error in all of them. The scale is never so small that the bias
 * (at scale_x * scale_w) or the sum of a channel could leave int32: |bias| / (sx sw) + 510 sum|q| < 2^31,
 * where 510 covers codes of 0..255 and the correction for the zero point. Where the data have 16 bits the sum
 * has 64, which are always enough. A weight that cannot change an output code, because K of its size times
 * the largest input stay below a thousandth of an output step, is stored as zero: some networks have whole
 * channels of such. Where activations are floats there are neither such bounds nor such weights.
 *
 * Channels are done in blocks of neighbours: a matrix whose channels are its columns is then read in whole
 * cache lines. Blocks are spread over threads; what they find is put together in their order.
 */
#include "base/wide.h"
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
  double dead;    /* weights up to here are zero */
  double least;   /* scale that keeps the accumulator within int32, for the bias alone */
  double resting; /* scale of a channel without weights */
  int input_code; /* largest that a product may meet: 510 stands for zero points, too; 0: no bound, of
                     floats or where sums have 64 bits */
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

static void add_float_need(NodeForm form, const Channels *channels, Need *needs) {
  for (int64_t c = 0; c < channels->count; c++) {
    needs[c].dead = 0;
    if (form == FORM_DYNAMIC) needs[c].input_code = 127;
    needs[c].resting = fmax(needs[c].resting, 1);
  }
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
    needs[c].resting = fmax(needs[c].resting, sy / sx * 0x1p-16);
    if (x->bits == 8) needs[c].input_code = 510;
  }
}

#define LANES 4 /* sums side by side: in this order whatever the width of vectors */

/* Largest weight and sum of sizes of a channel without its dead weights, which are counted. */
typedef struct ChannelFacts {
  double largest, sum;
  int64_t dead;
} ChannelFacts;

WIDE_LOOP static ChannelFacts facts_of(const float *row, int64_t count, double dead) {
  double sum[LANES] = {0}, largest[LANES] = {0};
  int64_t dead_count[LANES] = {0};
  for (int64_t i = 0; i < count; i += LANES)
    for (int64_t j = 0; j < LANES && i + j < count; j++) {
      double size = fabs((double)row[i + j]), alive = size > dead ? size : 0;
      dead_count[j] += (size <= dead) & (size > 0);
      sum[j] += alive;
      largest[j] = alive > largest[j] ? alive : largest[j];
    }
  ChannelFacts facts = {0};
  for (int j = 0; j < LANES; j++) {
    facts.sum += sum[j];
    facts.dead += dead_count[j];
    facts.largest = fmax(facts.largest, largest[j]);
  }
  return facts;
}

/* The scale, or more where it would let bias or sum leave int32. */
static double fitting_scale(double scale, const Channels *channels, const ChannelFacts *facts,
                            const Need *need, int factor_most) {
  double products = (double)(channels->outer * channels->inner);
  /* Rounding may add half a code each. */
  double room = ACCUMULATOR_MAX - BIAS_CODE_MAX - need->input_code / 2.0 * products * factor_most;
  scale = fmax(scale, need->least);
  if (need->input_code > 0) scale = fmax(scale, need->input_code * facts->sum / fmax(room, 1));
  return fmax(scale, 2.0 * (double)FLT_MIN);
}

/* The same of a scale that was made for the channel's largest weight. */
static double bounded_scale(double scale, const Channels *channels, const ChannelFacts *facts,
                            const Need *need, int factor_most) {
  if (!(facts->largest > 0)) scale = need->resting;
  return fitting_scale(scale, channels, facts, need, factor_most);
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
  for (int u = 0; u < value->user_count; u++) {
    if (value->users[u]->form == FORM_AS_TENSORS && !node_is(value->users[u], "Gather"))
      add_need(plan, value->users[u], channels, needs);
    else
      add_float_need(value->users[u]->form, channels, needs);
  }
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

#define LINE 16  /* floats of a cache line */
#define BLOCK 64 /* channels that are done together: some cache lines of every row of a matrix */

/* Weights that share a factor; 0: none do. */
static int group_of(const Value *value, int bits, const QuantizeOptions *options) {
  int asked = value->users[0]->weight_group;
  if (bits != 4 || asked < 0) return 0;
  return asked > 0 ? asked : options->group_size;
}

/* A weight while its scales are chosen. */
typedef struct Scaling {
  Channels channels;
  WeightGroups groups;
  int bits;
  int64_t depth; /* weights of a channel */
  const Need *needs;
  float *scales; /* by channel, as the rest of what is found */
  uint8_t *factors;
  ChannelFacts *facts;
  float *rows;          /* by worker: BLOCK channels, and one in the order of its groups */
  double *group_scales; /* by worker: of one channel */
} Scaling;

static Status scaling_new(Scaling *scaling, Graph *graph, const Value *value, int bits, int axis,
                          const QuantizeOptions *options, Arena *arena, Error *err) {
  Channels channels = channels_of(value->constant, axis);
  *scaling = (Scaling){.channels = channels, .bits = bits, .depth = channels.outer * channels.inner};
  scaling->groups = weight_groups_of(value, axis, group_of(value, bits, options));
  size_t count = (size_t)channels.count, groups = (size_t)scaling->groups.count;
  size_t workers = (size_t)pool_workers(options->pool);
  scaling->scales = arena_new(&graph->arena, count, sizeof(float), err);
  scaling->factors = arena_new(&graph->arena, count * groups, 1, err);
  scaling->facts = arena_new(arena, count, sizeof(ChannelFacts), err);
  scaling->rows = arena_new(arena, workers * (BLOCK + 1) * (size_t)scaling->depth, sizeof(float), err);
  scaling->group_scales = arena_new(arena, workers * groups, sizeof(double), err);
  bool failed = scaling->scales == NULL || scaling->factors == NULL || scaling->facts == NULL ||
                scaling->rows == NULL || scaling->group_scales == NULL;
  return failed ? err->status : OK;
}

/* Of a matrix whose channels are its columns: a few rows of it at a time, so that what is written is whole
   cache lines, too. */
static void turn_columns(const Channels *channels, int64_t first, int64_t count, float *rows) {
  int64_t depth = channels->outer;
  for (int64_t top = 0; top < depth; top += LINE)
    for (int64_t c = 0; c < count; c++)
      for (int64_t o = top; o < depth && o < top + LINE; o++)
        rows[c * depth + o] = channels->values[o * channels->count + first + c];
}

/* Channels first..first+count-1 as rows. */
static void gather_channels(const Channels *channels, int64_t first, int64_t count, float *rows) {
  int64_t depth = channels->outer * channels->inner;
  if (channels->inner == 1) {
    turn_columns(channels, first, count, rows);
    return;
  }
  for (int64_t o = 0; o < channels->outer; o++) {
    const float *from = channels->values + (o * channels->count + first) * channels->inner;
    for (int64_t c = 0; c < count; c++, from += channels->inner) {
      float *to = rows + c * depth + o * channels->inner;
      memcpy(to, from, (size_t)channels->inner * sizeof *to);
    }
  }
}

/* One scale for the channel. */
static double plain_scale(const Scaling *scaling, int64_t c, const float *row) {
  const ChannelFacts *facts = &scaling->facts[c];
  double scale = scaling->bits == 4 ? weight_clip_scale(row, scaling->depth, 7) : facts->largest / 127;
  return bounded_scale(scale, &scaling->channels, facts, &scaling->needs[c], 1);
}

/* The factors of the channel's groups; returns the scale on which they are. */
static double grouped_scale(const Scaling *scaling, int64_t c, const float *row, float *ordered,
                            double *group_scales) {
  const WeightGroups *groups = &scaling->groups;
  weight_groups_order(groups, row, ordered);
  double largest = weight_groups_scales(groups, ordered, group_scales);
  double scale = bounded_scale(largest / groups->factor_most, &scaling->channels, &scaling->facts[c],
                               &scaling->needs[c], groups->factor_most);
  for (int64_t g = 0; g < groups->count; g++) {
    double factor = rint(group_scales[g] / (double)(float)scale);
    scaling->factors[c * groups->count + g] = (uint8_t)fmin(fmax(factor, 1), groups->factor_most);
  }
  return scale;
}

static Status scale_block(void *context, size_t index, int worker, Error *err) {
  const Scaling *scaling = context;
  int64_t first = (int64_t)index * BLOCK, left = scaling->channels.count - first;
  int64_t count = left < BLOCK ? left : BLOCK;
  float *rows = scaling->rows + worker * (BLOCK + 1) * scaling->depth;
  double *group_scales = scaling->group_scales + worker * scaling->groups.count;
  (void)err;
  gather_channels(&scaling->channels, first, count, rows);
  for (int64_t c = first; c < first + count; c++) {
    const float *row = rows + (c - first) * scaling->depth;
    scaling->facts[c] = facts_of(row, scaling->depth, scaling->needs[c].dead);
    double scale = scaling->groups.size > 0
                       ? grouped_scale(scaling, c, row, rows + BLOCK * scaling->depth, group_scales)
                       : plain_scale(scaling, c, row);
    scaling->scales[c] = (float)scale;
  }
  return OK;
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

/* Adds the channels' facts to the report; returns how many weights are dead. */
static int64_t count_dead(const Scaling *scaling, QuantizeReport *report) {
  int64_t dead = 0;
  for (int64_t c = 0; c < scaling->channels.count; c++) {
    dead += scaling->facts[c].dead;
    report->dead_channels += scaling->facts[c].dead > 0 && scaling->facts[c].largest == 0;
  }
  report->dead_weights += dead;
  return dead;
}

static void share_scale(const Scaling *scaling) {
  for (int64_t c = 1; c < scaling->channels.count; c++)
    scaling->scales[0] = fmaxf(scaling->scales[0], scaling->scales[c]);
}

static Status quantize_weight(Graph *graph, const Plan *plan, Value *value, const QuantizeOptions *options,
                              QuantizeReport *report, Error *err) {
  Arena arena = {0};
  Scaling scaling;
  int axis = plan->nodes[value->users[0]->index].form.channel_axis, bits = bits_of(plan, value);
  if (is_fixed(value, axis)) return OK;
  Status status = scaling_new(&scaling, graph, value, bits, axis, options, &arena, err);
  const Channels *channels = &scaling.channels;
  Need *needs = status == OK ? arena_new(&arena, (size_t)channels->count, sizeof *needs, err) : NULL;
  if (status == OK && needs == NULL) status = err->status;
  if (status == OK) {
    gather_needs(plan, value, channels, needs);
    scaling.needs = needs;
    size_t blocks = (size_t)((channels->count + BLOCK - 1) / BLOCK);
    status = pool_for(options->pool, blocks, scale_block, &scaling, err);
  }
  if (status == OK && count_dead(&scaling, report) > 0)
    status = drop_dead(graph, value, channels, needs, err);
  if (status == OK && options->per_tensor) share_scale(&scaling);
  QuantSpec spec = weight_spec(&scaling, bits, axis, options->per_tensor);
  if (status == OK) status = spec_set(graph, value, &spec, err);
  arena_free(&arena);
  return status;
}

Status specs_of_weights(Graph *graph, const Plan *plan, const QuantizeOptions *options,
                        QuantizeReport *report, Error *err) {
  Status status = OK;
  for (int v = 0; v < graph->value_count && status == OK; v++) {
    Value *value = graph->values[v];
    QuantSpec bias = {.kind = QUANT_INTEGER, .bits = 32, .axis = -1};
    if (plan->values[v].use == USE_WEIGHT)
      status = quantize_weight(graph, plan, value, options, report, err), graph_release(graph);
    else if (plan->values[v].use == USE_BIAS)
      status = spec_set(graph, value, &bias, err);
  }
  return status;
}

/* ---- scales that were learned ---- */

static Status raise_scales(Graph *graph, const Plan *plan, Value *value, Arena *arena, Error *err) {
  QuantSpec spec = *value->spec;
  int axis = plan->nodes[value->users[0]->index].form.channel_axis;
  Channels channels = channels_of(value->constant, axis);
  int64_t depth = channels.outer * channels.inner;
  int factor_most = spec.group_size > 0 ? weight_groups_factor_most(depth) : 1;
  Need *needs = arena_new(arena, (size_t)channels.count, sizeof *needs, err);
  float *row = arena_new(arena, (size_t)depth, sizeof *row, err);
  float *scales = arena_new(&graph->arena, (size_t)spec.scale_count, sizeof *scales, err);
  if (needs == NULL || row == NULL || scales == NULL) return err->status;
  memcpy(scales, spec.scales, (size_t)spec.scale_count * sizeof *scales);
  gather_needs(plan, value, &channels, needs);
  for (int64_t c = 0; c < channels.count; c++) {
    float *scale = &scales[spec.scale_count > 1 ? c : 0];
    gather_channels(&channels, c, 1, row);
    ChannelFacts facts = facts_of(row, depth, 0);
    *scale = fmaxf(*scale, (float)fitting_scale((double)*scale, &channels, &facts, &needs[c], factor_most));
  }
  spec.scales = scales;
  return spec_set(graph, value, &spec, err);
}

Status specs_keep_bounds(Graph *graph, const Plan *plan, Error *err) {
  Arena arena = {0};
  Status status = OK;
  for (int v = 0; v < graph->value_count && status == OK; v++) {
    Value *value = graph->values[v];
    bool is_coded = plan->values[v].use == USE_WEIGHT && value->spec != NULL && value->spec->scale_count > 0;
    if (is_coded && !value->spec->is_fixed) status = raise_scales(graph, plan, value, &arena, err);
  }
  arena_free(&arena);
  return status;
}
