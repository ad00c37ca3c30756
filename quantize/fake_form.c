#include "quantize/fake_form.h"

#include "operators/quant/fake_quantize.h"
#include "quantize/graph_copy.h"
#include "quantize/plan.h"
#include "quantize/specs.h"

#include <math.h>

typedef struct Making {
  GraphCopy copy;
  const Plan *plan;
  Value **ratios;    /* by old value */
  Value **of_groups; /* by group: the ratio that its values share */
} Making;

/* ---- what is rounded, and what of it is learned ---- */

static bool is_weight(const Plan *plan, const Value *value) {
  return plan->values[value->index].use == USE_WEIGHT && value->constant != NULL && value->spec != NULL &&
         value->spec->kind == QUANT_INTEGER && value->spec->scale_count > 0;
}

static bool has_codes(const Value *value) {
  const QuantSpec *spec = value->spec;
  return value->type == ELEMENT_FLOAT32 && spec != NULL && spec->scale_count == 1 &&
         (spec->kind == QUANT_INTEGER || spec->kind == QUANT_INTERNAL);
}

static bool is_last(const Value *value) {
  return value->is_output && value->user_count == 0 && value->spec->bits == 16;
}

static bool is_rounded(const Plan *plan, const Value *value) {
  const ValuePlan *own = &plan->values[value->index];
  return has_codes(value) && (own->is_source || own->use == USE_TABLED) && !is_last(value);
}

/* Codes whose scale nothing fixes. */
static bool is_free(const Plan *plan, const Value *value) {
  const Node *producer = value->producer;
  bool is_softmax = producer != NULL && plan->nodes[producer->index].is_integer &&
                    plan->nodes[producer->index].role == ROLE_SOFTMAX;
  return has_codes(value) && value->spec->bits == 8 && !value->spec->is_fixed && !is_softmax;
}

/* Of a group each member's scale must be free, and one that flows. */
static void find_groups(const Plan *plan, const Graph *graph, bool *is_learned) {
  for (int v = 0; v < graph->value_count; v++)
    if (has_codes(graph->values[v]) && graph->values[v]->constant == NULL)
      is_learned[plan->values[v].group] = true;
  for (int v = 0; v < graph->value_count; v++)
    if (has_codes(graph->values[v]) && !is_free(plan, graph->values[v]))
      is_learned[plan->values[v].group] = false;
}

/* ---- constants ---- */

static Tensor *filled(Graph *graph, int64_t count, float number, Error *err) {
  Tensor *tensor = tensor_new(&graph->arena, ELEMENT_FLOAT32, &SHAPE(count), err);
  for (int64_t i = 0; tensor != NULL && i < count; i++) ((float *)tensor->data)[i] = number;
  return tensor;
}

static Value *add_ratio(const Making *making, const Value *value, int64_t count) {
  Tensor *ones = filled(making->copy.to, count, 1.0f, making->copy.err);
  return graph_copy_constant(&making->copy, value->name, "_ratio", ones);
}

/* The scales of a spec; one an element where groups of a weight have factors. */
static Tensor *steps_of(const Making *making, const Value *value) {
  const QuantSpec *spec = value->spec;
  int64_t count = spec->group_size > 0 ? tensor_elements(value->constant) : spec->scale_count;
  Tensor *steps = filled(making->copy.to, count, 0, making->copy.err);
  for (int64_t i = 0; steps != NULL && i < count; i++)
    ((float *)steps->data)[i] =
        spec->group_size > 0 ? (float)quant_step(spec, &value->constant->shape, i) : spec->scales[i];
  return steps;
}

/* ---- rounding ---- */

typedef struct Codes {
  int64_t low, high; /* from the zero point on */
  int64_t elements;  /* that share a scale, of one sample */
} Codes;

/* What makes a plain gradient step on a ratio that of Esser et al. on its scale: 1 / sqrt(elements * codes),
   and once more by the scale's square, since a ratio is measured in scales. */
static double gradient_scale(const QuantSpec *spec, const Codes *codes) {
  double squares = 0;
  for (int64_t i = 0; i < spec->scale_count; i++)
    squares += (double)spec->scales[i] * (double)spec->scales[i];
  squares /= (double)spec->scale_count;
  return 1 / (sqrt((double)codes->elements * (double)codes->high) * fmax(squares, 0x1p-80));
}

static Status set_limits(const Making *making, Node *node, const Value *value, const Codes *codes) {
  Graph *graph = making->copy.to;
  Error *err = making->copy.err;
  TRY(node_set_int(graph, node, "low", codes->low, err));
  TRY(node_set_int(graph, node, "high", codes->high, err));
  TRY(node_set_float(graph, node, "gradient_scale", gradient_scale(value->spec, codes), err));
  return value->spec->axis < 0 ? OK : node_set_int(graph, node, "axis", value->spec->axis, err);
}

/* What readers of `value` read: `source`, rounded. */
static Status add_rounding(Making *making, const Value *value, Value *source, Value *ratio,
                           const Codes *codes) {
  GraphCopy *copy = &making->copy;
  Value *step = graph_copy_constant(copy, value->name, "_step", steps_of(making, value));
  Value *rounded = graph_copy_value(copy, graph_copy_name(copy, value->name, "_rounded"), ELEMENT_FLOAT32);
  const char *name = graph_copy_name(copy, value->name, "_round");
  if (step == NULL || rounded == NULL || name == NULL) return copy->err->status;
  Node *node =
      graph_add_node(copy->to, name, FAKE_QUANTIZE_DOMAIN, FAKE_QUANTIZE, (Value *[]){source, step, ratio},
                     ratio == NULL ? 2 : 3, &rounded, 1, copy->err);
  if (node == NULL) return copy->err->status;
  node->opset = 1;
  copy->read[value->index] = rounded;
  return set_limits(making, node, value, codes);
}

static int64_t sample_elements(const Value *value) {
  int64_t count = 1;
  for (int d = 1; value->has_shape && d < value->shape.rank; d++)
    if (dim_is_known(value->shape.dims[d])) count *= value->shape.dims[d];
  return count;
}

static Status round_activation_of(Making *making, const Value *value, Value *source) {
  int64_t half = INT64_C(1) << (value->spec->bits - 1);
  Codes codes = {-half - value->spec->zero_point, half - 1 - value->spec->zero_point, sample_elements(value)};
  return add_rounding(making, value, source, making->ratios[value->index], &codes);
}

static Status round_weight_of(Making *making, const Value *value, Value *source) {
  const QuantSpec *spec = value->spec;
  int64_t most = (INT64_C(1) << (spec->bits - 1)) - 1;
  Codes codes = {-most, most, tensor_elements(value->constant) / spec->scale_count};
  Value *ratio = spec->is_fixed ? NULL : add_ratio(making, value, spec->scale_count);
  if (ratio == NULL && !spec->is_fixed) return making->copy.err->status;
  making->ratios[value->index] = ratio;
  return add_rounding(making, value, source, ratio, &codes);
}

/* ---- the graph ---- */

/* The value as its producer writes it, and what its readers read. */
static Status copy_value(Making *making, const Value *value, Value *made) {
  if (made == NULL) return making->copy.err->status;
  making->copy.made[value->index] = making->copy.read[value->index] = made;
  if (is_weight(making->plan, value)) return round_weight_of(making, value, made);
  return is_rounded(making->plan, value) ? round_activation_of(making, value, made) : OK;
}

static Status copy_input(Making *making, const Value *value) {
  Shape shape = value->shape;
  if (value->has_shape && shape.rank > 0) shape.dims[0] = DIM_UNKNOWN;
  return copy_value(making, value,
                    graph_add_input(making->copy.to, value->name, value->type,
                                    value->has_shape ? &shape : NULL, making->copy.err));
}

static Status copy_constants(Making *making, const Graph *from) {
  for (int v = 0; v < from->value_count; v++) {
    const Value *value = from->values[v];
    if (value->constant == NULL || (value->user_count == 0 && !value->is_output)) continue;
    TRY(copy_value(making, value,
                   graph_add_constant(making->copy.to, value->name, value->constant, making->copy.err)));
  }
  return OK;
}

static Status copy_node(Making *making, const Node *node) {
  GraphCopy *copy = &making->copy;
  Value **inputs = arena_new(&copy->to->arena, (size_t)node->input_count, sizeof *inputs, copy->err);
  if (inputs == NULL) return copy->err->status;
  for (int o = 0; o < node->output_count; o++) {
    const Value *value = node->outputs[o];
    if (value != NULL)
      copy->made[value->index] = copy->read[value->index] = graph_copy_value(copy, value->name, value->type);
    if (value != NULL && copy->made[value->index] == NULL) return copy->err->status;
  }
  for (int i = 0; i < node->input_count; i++)
    inputs[i] = node->inputs[i] == NULL ? NULL : copy->read[node->inputs[i]->index];
  TRY(graph_copy_node(copy, node, inputs));
  for (int o = 0; o < node->output_count; o++)
    if (node->outputs[o] != NULL)
      TRY(copy_value(making, node->outputs[o], copy->made[node->outputs[o]->index]));
  return OK;
}

/* A ratio for every group whose scale is learned. */
static Status add_ratios(Making *making, const Graph *from) {
  bool *is_learned =
      arena_new(&making->copy.to->arena, (size_t)from->value_count, sizeof *is_learned, making->copy.err);
  if (is_learned == NULL) return making->copy.err->status;
  find_groups(making->plan, from, is_learned);
  for (int v = 0; v < from->value_count; v++) {
    const Value *value = from->values[v];
    int group = making->plan->values[v].group;
    if (!has_codes(value) || !is_learned[group] || is_weight(making->plan, value)) continue;
    if (making->of_groups[group] == NULL) making->of_groups[group] = add_ratio(making, value, 1);
    making->ratios[v] = making->of_groups[group];
    if (making->ratios[v] == NULL) return making->copy.err->status;
  }
  return OK;
}

static Status make(Making *making, const Graph *from) {
  Graph *to = making->copy.to;
  Error *err = making->copy.err;
  TRY(add_ratios(making, from));
  for (int i = 0; i < from->input_count; i++) TRY(copy_input(making, from->inputs[i]));
  TRY(copy_constants(making, from));
  for (int n = 0; n < from->node_count; n++) TRY(copy_node(making, from->nodes[n]));
  for (int o = 0; o < from->output_count; o++)
    TRY(graph_add_output(to, making->copy.read[from->outputs[o]->index], err));
  TRY(graph_refresh(to, err));
  TRY(op_bind_graph(to, err));
  return op_infer_graph(to, err);
}

static Status make_planned(FakeForm *form, Graph *quantized, const Plan *plan, Error *err) {
  Making making = {.plan = plan};
  TRY(graph_copy_begin(&making.copy, quantized, form->graph, "cannot be trained for integers", err));
  size_t values = (size_t)quantized->value_count + 1;
  making.ratios = arena_new(&form->graph->arena, values, sizeof *making.ratios, err);
  making.of_groups = arena_new(&form->graph->arena, values, sizeof *making.of_groups, err);
  if (making.ratios == NULL || making.of_groups == NULL) return err->status;
  form->ratios = making.ratios;
  return make(&making, quantized);
}

Status fake_form_make(FakeForm *form, Graph *quantized, const QuantizeOptions *settings, Error *err) {
  Plan plan = {0};
  *form = (FakeForm){.graph = graph_new(err)};
  if (form->graph == NULL) return err->status;
  Status status = plan_make(&plan, quantized, settings, err);
  if (status == OK) status = make_planned(form, quantized, &plan, err);
  plan_free(&plan);
  if (status != OK) fake_form_free(form);
  return status;
}

void fake_form_free(FakeForm *form) {
  graph_free(form->graph);
  *form = (FakeForm){0};
}

/* ---- the way back ---- */

static Status take_constant(const FakeForm *form, Graph *graph, Value *value, Error *err) {
  if (value->constant == NULL || value->constant->type != ELEMENT_FLOAT32) return OK;
  const Value *trained = graph_find_value(form->graph, value->name);
  if (trained == NULL || trained->constant == NULL || trained->constant == value->constant) return OK;
  const Tensor *from = trained->constant;
  value->constant = tensor_new_from(&graph->arena, from->type, &from->shape, from->data, err);
  return value->constant != NULL ? OK : err->status;
}

static Status take_scales(Graph *graph, Value *value, const Tensor *ratios, Error *err) {
  QuantSpec spec = *value->spec;
  float *scales = arena_new(&graph->arena, (size_t)spec.scale_count, sizeof *scales, err);
  if (scales == NULL) return err->status;
  for (int64_t i = 0; i < spec.scale_count; i++)
    scales[i] = spec.scales[i] * fake_quantize_ratio(((const float *)ratios->data)[i]);
  if (spec.scale_count == 1) {
    double ratio = (double)fake_quantize_ratio(((const float *)ratios->data)[0]);
    spec.low *= ratio;
    spec.high *= ratio;
  }
  spec.scales = scales;
  return spec_set(graph, value, &spec, err);
}

static Status keep_bounds(Graph *quantized, const QuantizeOptions *settings, Error *err) {
  Plan plan = {0};
  Status status = plan_make(&plan, quantized, settings, err);
  if (status == OK) status = specs_keep_bounds(quantized, &plan, err);
  plan_free(&plan);
  return status;
}

Status fake_form_take(const FakeForm *form, Graph *quantized, const QuantizeOptions *settings, Error *err) {
  int count = quantized->value_count;
  for (int v = 0; v < count; v++) {
    Value *value = quantized->values[v];
    TRY(take_constant(form, quantized, value, err));
    if (form->ratios[v] != NULL) TRY(take_scales(quantized, value, form->ratios[v]->constant, err));
  }
  return keep_bounds(quantized, settings, err);
}
