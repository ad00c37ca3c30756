#include "quantize/specs.h"

#include <math.h>
#include <string.h>

#define RANGE_LIMIT 0x1p60 /* beyond this a range is absurd: some layer explodes */

Status spec_set(Graph *graph, Value *value, const QuantSpec *spec, Error *err) {
  QuantSpec *copy = arena_new(&graph->arena, 1, sizeof *copy, err);
  if (copy == NULL) return err->status;
  *copy = *spec;
  value->spec = copy;
  return OK;
}

const QuantSpec *spec_of_result(const Plan *plan, const Node *node) {
  const Value *value = node->outputs[0];
  while (plan->values[value->index].use == USE_CLAMPED) value = value->users[0]->outputs[0];
  return value->spec;
}

/* ---- ranges of groups ---- */

static Range range_of_constant(const Tensor *tensor) {
  Range range = {0, 0};
  int64_t count = tensor_elements(tensor);
  for (int64_t i = 0; i < count; i++) {
    double x = tensor_get(tensor, i);
    range = range_join(range, (Range){x, x});
  }
  return range;
}

/* The input of `node` that is `value`. */
static int input_number(const Node *node, const Value *value) {
  for (int i = 0; i < node->input_count; i++)
    if (node->inputs[i] == value) return i;
  return 0;
}

/* A range set by hand wins. */
static bool is_given(const Calibration *calibration, const Value *value, Range *range) {
  if (calibration->given == NULL || value->index >= calibration->value_count) return false;
  const GivenRange *given = &calibration->given[value->index];
  if (given->given) *range = (Range){fmin(given->low, 0), fmax(given->high, 0)};
  return given->given;
}

/* The function that alone reads a value; NULL where it is not so. */
static const Node *table_behind(const Plan *plan, const Value *value) {
  if (!value_has_one_user(value)) return NULL;
  const NodePlan *user = &plan->nodes[value->users[0]->index];
  return user->is_integer && user->role == ROLE_TABLE ? value->users[0] : NULL;
}

/* What was seen, as the options want it to be looked at. */
static Histogram seen_of(const Calibration *calibration, const Value *value, const QuantizeOptions *options) {
  Histogram seen = calibration->histograms[value->index];
  if (options->equal_channels) seen.weighted = NULL;
  return seen;
}

static Status range_of_seen(const Plan *plan, const Value *value, const Histogram *histogram,
                            const QuantizeOptions *options, Range *range, Error *err) {
  const Node *behind = table_behind(plan, value);
  bool is_searched = histogram->counts != NULL && !plan->values[value->index].is_wide;
  *range = range_of_all(histogram);
  if (is_searched && options->method == CALIBRATE_AUTO && behind != NULL)
    return range_by_auto(histogram, behind, input_number(behind, value), range, err);
  if (is_searched) *range = range_choose(histogram, options); /* 16 bits need no clipping */
  return OK;
}

static Status range_of_source(const Plan *plan, const Value *value, const Calibration *calibration,
                              const QuantizeOptions *options, Range *range, Error *err) {
  *range = (Range){0, 0};
  if (value->constant != NULL) {
    *range = range_of_constant(value->constant);
  } else if (!is_given(calibration, value, range) && value->index < calibration->value_count &&
             calibration->histograms[value->index].count > 0) {
    Histogram seen = seen_of(calibration, value, options);
    TRY(range_of_seen(plan, value, &seen, options, range, err));
  }
  if (fabs(range->low) < RANGE_LIMIT && fabs(range->high) < RANGE_LIMIT) return OK;
  return fail(err, BAD_INPUT, "tensor '%s': its range %g..%g is absurd; check the data and its preprocessing",
              value->name, range->low, range->high);
}

/* Everything that decides a group's codes. */
typedef struct GroupRange {
  Range range;
  bool is_softmax;        /* its codes are fixed: see the SOFTMAX instruction */
  const QuantSpec *fixed; /* that came with the model, the widest; NULL */
} GroupRange;

static bool is_fixed(const Value *value) {
  return value->spec != NULL && value->spec->is_fixed && value->spec->scale_count == 1;
}

static const QuantSpec *wider(const QuantSpec *a, const QuantSpec *b) {
  return a == NULL || b->scales[0] > a->scales[0] ? b : a;
}

static bool is_softmax(const Plan *plan, const Value *value) {
  return value->producer != NULL && plan->nodes[value->producer->index].is_integer &&
         plan->nodes[value->producer->index].role == ROLE_SOFTMAX;
}

static Status ranges_of_groups(const Graph *graph, const Plan *plan, const Calibration *calibration,
                               const QuantizeOptions *options, GroupRange *groups, Error *err) {
  for (int v = 0; v < graph->value_count; v++) {
    const QuantSpec **fixed = &groups[plan->values[v].group].fixed;
    if (is_fixed(graph->values[v])) *fixed = wider(*fixed, graph->values[v]->spec);
    if (!plan->values[v].is_source) continue;
    Range range;
    TRY(range_of_source(plan, graph->values[v], calibration, options, &range, err));
    GroupRange *group = &groups[plan->values[v].group];
    group->range = range_join(group->range, range);
    if (is_softmax(plan, graph->values[v])) group->is_softmax = true;
  }
  return OK;
}

/* ---- specs ---- */

static Status set_codes(Graph *graph, Value *value, Range range, Affine affine, int bits, QuantKind kind,
                        const char *reason, Error *err) {
  float *scale = arena_new(&graph->arena, 1, sizeof *scale, err);
  if (scale == NULL) return err->status;
  *scale = affine.scale;
  QuantSpec spec = {.kind = kind,
                    .bits = bits,
                    .axis = -1,
                    .scale_count = 1,
                    .scales = scale,
                    .zero_point = affine.zero_point,
                    .low = range.low,
                    .high = range.high,
                    .reason = reason};
  return spec_set(graph, value, &spec, err);
}

/* What came with the model, for this value and those that share its codes. */
static Status set_fixed(Graph *graph, Value *value, const QuantSpec *fixed, QuantKind kind, Error *err) {
  QuantSpec spec = *fixed;
  spec.kind = kind;
  return spec_set(graph, value, &spec, err);
}

/* Samples that did not calibrate go beyond what was seen, and clipping is what then costs most. 16 bits have
   codes to spare: twice the range leaves steps that are 128 times finer than 8 bits would. */
#define WIDE_MARGIN 2.0

static Range with_margin(Range range) {
  return (Range){range.low * WIDE_MARGIN, range.high * WIDE_MARGIN};
}

/* Tables of functions of 16-bit codes interpolate between every 128th of them. Zero is one of those, so that
   functions with a corner there are exact; the margin has room for the shift. */
#define WIDE_NODE 128

static Affine wide_affine(Range range) {
  Affine affine = affine_of(range, 16);
  double node = rint((double)affine.zero_point / WIDE_NODE) * WIDE_NODE;
  affine.zero_point = (int32_t)fmin(node, INT16_MAX + 1 - WIDE_NODE);
  return affine;
}

static Status set_activation(Graph *graph, Value *value, const ValuePlan *plan, const GroupRange *group,
                             Error *err) {
  int bits = plan->is_wide ? 16 : 8;
  const char *reason = plan->is_wide ? plan->reason : NULL;
  if (group->is_softmax) {
    Affine affine = plan->is_wide ? (Affine){0x1p-15f, 0} : (Affine){0x1p-8f, -128};
    return set_codes(graph, value, (Range){0, 1}, affine, bits, QUANT_INTEGER, reason, err);
  }
  if (group->fixed != NULL) return set_fixed(graph, value, group->fixed, QUANT_INTEGER, err);
  if (plan->is_wide) {
    Range range = with_margin(group->range);
    return set_codes(graph, value, range, wide_affine(range), bits, QUANT_INTEGER, reason, err);
  }
  return set_codes(graph, value, group->range, affine_of(group->range, bits), bits, QUANT_INTEGER, NULL, err);
}

static Status set_tabled(Graph *graph, Value *value, const Calibration *calibration,
                         const QuantizeOptions *options, Error *err) {
  const Node *user = value->users[0];
  Histogram seen = seen_of(calibration, value, options);
  Range range;
  if (is_fixed(value)) return set_fixed(graph, value, value->spec, QUANT_INTERNAL, err);
  if (!is_given(calibration, value, &range))
    TRY(range_choose_before(&seen, user, input_number(user, value), &range, err));
  return set_codes(graph, value, range, affine_of(range, 8), 8, QUANT_INTERNAL, NULL, err);
}

static Status set_plain(Graph *graph, Value *value, QuantKind kind, const char *reason, Error *err) {
  QuantSpec spec = {.kind = kind, .axis = -1, .reason = reason};
  return spec_set(graph, value, &spec, err);
}

static Status set_spec(Graph *graph, Value *value, const Plan *plan, const Calibration *calibration,
                       const QuantizeOptions *options, const GroupRange *groups, Error *err) {
  const ValuePlan *own = &plan->values[value->index];
  switch (own->use) {
  case USE_ACTIVATION:
  case USE_OPERAND:
    return set_activation(graph, value, own, &groups[own->group], err);
  case USE_TABLED:
    return set_tabled(graph, value, calibration, options, err);
  case USE_CLAMPED:
    return set_plain(graph, value, QUANT_INTERNAL, NULL, err);
  case USE_FLOAT:
    return set_plain(graph, value, QUANT_FLOAT, own->reason, err);
  case USE_ATTRIBUTE:
    return set_plain(graph, value, QUANT_FLOAT, "read when the program is made, not stored", err);
  case USE_INDEX:
    return set_plain(graph, value, QUANT_INDEX, NULL, err);
  default:
    return OK;
  }
}

static int count_constant(const Graph *graph, const Plan *plan, const Calibration *calibration) {
  int constant = 0;
  for (int v = 0; v < graph->value_count && v < calibration->value_count; v++) {
    const Histogram *histogram = &calibration->histograms[v];
    bool counts = plan->values[v].is_source || plan->values[v].use == USE_TABLED;
    constant += counts && histogram->count > 0 && histogram->low == histogram->high;
  }
  return constant;
}

Status specs_of_activations(Graph *graph, const Plan *plan, const Calibration *calibration,
                            const QuantizeOptions *options, QuantizeReport *report, Error *err) {
  Arena arena = {0};
  GroupRange *groups = arena_new(&arena, (size_t)graph->value_count, sizeof *groups, err);
  Status status = groups == NULL ? err->status : OK;
  if (status == OK) status = ranges_of_groups(graph, plan, calibration, options, groups, err);
  for (int v = 0; v < graph->value_count && status == OK; v++)
    status = set_spec(graph, graph->values[v], plan, calibration, options, groups, err);
  report->constant_tensors = count_constant(graph, plan, calibration);
  arena_free(&arena);
  return status;
}
