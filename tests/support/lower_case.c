#include "tests/support/lower_case.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "operators/samples.h"

Status lower_case_sample(LowerCase *c, const Op *op, int sample) {
  SampleCase built;
  TRY(sample_build(op, &op->samples[sample], 0, &built, &c->err));
  c->graph = built.graph;
  for (int i = 0, k = 0; i < built.input_count; i++)
    if (built.node->inputs[i] != NULL && built.node->inputs[i]->is_input) c->inputs[k++] = built.inputs[i];
  TRY(op_bind_graph(c->graph, &c->err));
  return op_infer_graph(c->graph, &c->err);
}

/* ---- specs ---- */

const QuantSpec *lower_case_range(Graph *graph, double low, double high, int bits) {
  QuantSpec *spec = arena_new(&graph->arena, 1, sizeof *spec, NULL);
  float *scale = arena_new(&graph->arena, 1, sizeof *scale, NULL);
  double levels = ldexp(1, bits) - 1, least = -ldexp(1, bits - 1);
  low = fmin(low, 0);
  high = fmax(high, 0);
  *scale = (float)((high - low) / levels);
  if (!(*scale >= FLT_MIN)) *scale = 1;
  *spec = (QuantSpec){.kind = QUANT_INTEGER, .bits = bits, .axis = -1, .scale_count = 1, .scales = scale};
  spec->zero_point = (int32_t)fmin(fmax(rint(least - low / (double)*scale), least), least + levels);
  return spec;
}

const QuantSpec *lower_case_kind(Graph *graph, QuantKind kind) {
  QuantSpec *spec = arena_new(&graph->arena, 1, sizeof *spec, NULL);
  *spec = (QuantSpec){.kind = kind, .axis = -1, .reason = "in a test"};
  return spec;
}

static void range_of(const Tensor *tensor, double *low, double *high) {
  *low = *high = 0;
  for (int64_t i = 0; i < tensor_elements(tensor); i++) {
    double x = tensor_get(tensor, i);
    if (isfinite(x)) *low = fmin(*low, x), *high = fmax(*high, x);
  }
}

static double snapped(double x, double scale, int32_t zero, double least, double most) {
  return scale * (fmin(fmax(rint(x / scale) + zero, least), most) - zero);
}

/* What the codes of an 8-bit spec mean. */
static void snap(Tensor *tensor, const QuantSpec *spec) {
  for (int64_t i = 0; i < tensor_elements(tensor); i++)
    tensor_set(tensor, i,
               snapped(tensor_get(tensor, i), (double)spec->scales[0], spec->zero_point, -128, 127));
}

static void spec_operand(Graph *graph, Value *value, int bits) {
  double low, high;
  range_of(value->constant, &low, &high);
  value->spec = lower_case_range(graph, low, high, bits);
  snap((Tensor *)(uintptr_t)value->constant, value->spec);
}

static void spec_weight(Graph *graph, Value *value, int axis) {
  Tensor *tensor = (Tensor *)(uintptr_t)value->constant;
  int64_t count = tensor->shape.dims[axis],
          inner = shape_product(&tensor->shape, axis + 1, tensor->shape.rank);
  QuantSpec *spec = arena_new(&graph->arena, 1, sizeof *spec, NULL);
  float *scales = arena_new(&graph->arena, (size_t)count, sizeof *scales, NULL);
  for (int64_t i = 0; i < tensor_elements(tensor); i++) {
    float *scale = &scales[i / inner % count];
    *scale = fmaxf(*scale, (float)(fabs(tensor_get(tensor, i)) / 127));
  }
  for (int64_t k = 0; k < count; k++) scales[k] = scales[k] > 0 ? scales[k] : 1;
  for (int64_t i = 0; i < tensor_elements(tensor); i++)
    tensor_set(tensor, i, snapped(tensor_get(tensor, i), (double)scales[i / inner % count], 0, -127, 127));
  *spec = (QuantSpec){.kind = QUANT_INTEGER, .bits = 8, .axis = axis, .scale_count = count, .scales = scales};
  value->spec = spec;
}

static bool is_operand(const Node *node, OpRole role, int i) {
  return role == ROLE_SUM || role == ROLE_PRODUCT || role == ROLE_PICK || (role == ROLE_GATHER && i == 0) ||
         (role == ROLE_LINEAR && i < 2) ||
         ((role == ROLE_SAME_SCALE || role == ROLE_VIEW) && (i == 0 || node_is(node, "Concat")));
}

static void spec_constant(LowerCase *c, const Node *node, int i) {
  Value *value = node->inputs[i];
  OpRole role = op_role(node, NULL);
  LinearForm form = {.weight = -1};
  if (!element_is_float(value->type)) {
    value->spec = lower_case_kind(c->graph, QUANT_INDEX);
    return;
  }
  if (role == ROLE_LINEAR) node->op->linear(node, &form, NULL);
  if (i == form.weight && (!node_is(node, "MatMul") || value->shape.rank == 2))
    spec_weight(c->graph, value, form.channel_axis);
  else if (is_operand(node, role, i))
    spec_operand(c->graph, value, c->all_wide ? 16 : 8);
  else
    value->spec = lower_case_kind(c->graph, QUANT_FLOAT);
}

static bool can_be_wide(const Node *node, OpRole role) {
  if (role == ROLE_LINEAR)
    return node_constant(node, 1) != NULL && (!node_is(node, "MatMul") || node->inputs[1]->shape.rank == 2);
  return role == ROLE_SUM || role == ROLE_PRODUCT || role == ROLE_TABLE || role == ROLE_SOFTMAX ||
         role == ROLE_NORM;
}

static bool is_integer_role(OpRole role) {
  return role != ROLE_FLOAT && role != ROLE_INDEX && role != ROLE_RECURRENT;
}

/* Inputs first: what comes after them is computed from what their codes mean. */
static void spec_inputs(LowerCase *c) {
  for (int i = 0; i < c->graph->input_count; i++) {
    Value *value = c->graph->inputs[i];
    bool integer = value->user_count > 0 && is_integer_role(op_role(value->users[0], NULL));
    double low, high;
    if (value->spec != NULL) continue;
    range_of(c->inputs[i], &low, &high);
    if (value->type != ELEMENT_FLOAT32)
      value->spec = lower_case_kind(c->graph, element_is_float(value->type) ? QUANT_FLOAT : QUANT_INDEX);
    else
      value->spec = integer ? lower_case_range(c->graph, low, high, c->all_wide ? 16 : 8)
                            : lower_case_kind(c->graph, QUANT_FLOAT);
  }
  for (int i = 0; i < c->graph->input_count; i++)
    if (c->graph->inputs[i]->spec->kind == QUANT_INTEGER)
      snap((Tensor *)(uintptr_t)c->inputs[i], c->graph->inputs[i]->spec);
}

static const QuantSpec *result_spec(LowerCase *c, const Value *value, const Tensor *tensor) {
  const Node *node = value->producer;
  OpRole role = op_role(node, NULL);
  bool wide = c->all_wide || (c->wide && value->is_output && can_be_wide(node, role));
  const Value *first = node->input_count > 0 ? node->inputs[0] : NULL;
  double low, high;
  range_of(tensor, &low, &high);
  if (!element_is_float(value->type)) return lower_case_kind(c->graph, QUANT_INDEX);
  if (value->type != ELEMENT_FLOAT32 || !is_integer_role(role)) return lower_case_kind(c->graph, QUANT_FLOAT);
  if (role == ROLE_SOFTMAX && wide) return lower_case_range(c->graph, -1, 32767.0 / 32768, 16);
  if (role == ROLE_SOFTMAX) return lower_case_range(c->graph, 0, 255.0 / 256, 8);
  bool moves = role == ROLE_SAME_SCALE || role == ROLE_VIEW || role == ROLE_GATHER;
  if (moves && first->spec->kind == QUANT_INTEGER && !node_is(node, "Concat")) return first->spec;
  return lower_case_range(c->graph, low, high, wide ? 16 : 8);
}

static Status see(void *context, const Value *seen, const Tensor *tensor, Error *err) {
  LowerCase *c = context;
  Value *value = c->graph->values[seen->index];
  (void)err;
  if (value->spec == NULL) value->spec = result_spec(c, value, tensor);
  return OK;
}

static Status run_float(LowerCase *c, const Observer *observer, bool keep) {
  Interpreter *interpreter = NULL;
  Runner *runner = NULL;
  Status status = interpreter_new(&interpreter, c->graph, &c->err);
  if (status == OK) interpreter_use_plain(interpreter);
  if (status == OK) status = runner_new(&runner, interpreter, &c->err);
  if (status == OK) status = runner_run(runner, c->inputs, observer, &c->err);
  for (int i = 0; keep && status == OK && i < c->graph->output_count; i++) {
    const Tensor *output = runner_output(runner, i);
    c->reference[i] = *output;
    c->reference[i].data = malloc(tensor_bytes(output) + 1);
    memcpy(c->reference[i].data, output->data, tensor_bytes(output));
  }
  runner_free(runner);
  interpreter_free(interpreter);
  return status;
}

Status lower_case_specs(LowerCase *c) {
  for (int n = 0; n < c->graph->node_count; n++)
    for (int i = 0; i < c->graph->nodes[n]->input_count; i++)
      if (node_constant(c->graph->nodes[n], i) != NULL && c->graph->nodes[n]->inputs[i]->spec == NULL)
        spec_constant(c, c->graph->nodes[n], i);
  spec_inputs(c);
  return run_float(c, &(Observer){.see = see, .context = c}, false);
}

/* ---- running ---- */

static void set_input(const LowerCase *c, uint32_t i) {
  const Tensor *tensor = c->inputs[i];
  const EdgeTensor *info = edge_input(&c->file.model, i);
  void *data = edge_input_data(&c->file.model, i, c->arena);
  if (info->scale > 0 || tensor->type == ELEMENT_FLOAT32) {
    float *values = malloc(info->elements * sizeof *values);
    for (uint32_t k = 0; k < info->elements; k++) values[k] = (float)tensor_get(tensor, k);
    edge_set_input_f32(&c->file.model, i, values, c->arena);
    free(values);
  } else {
    memcpy(data, tensor->data, tensor_bytes(tensor));
  }
}

Status lower_case_run(LowerCase *c) {
  Arena memory = {0};
  void *bytes = NULL;
  size_t size = 0;
  TRY(run_float(c, NULL, true));
  TRY(lower_graph(c->graph, &c->program, &c->err));
  Status status =
      edge_file_build(&c->program, "made=by a test\n", EDGE_FILE_COMPACT, &memory, &bytes, &size, &c->err);
  if (status == OK) status = edge_file_parse(&c->file, "test.edge", bytes, size, &c->err);
  arena_free(&memory);
  if (status != OK) return status;
  c->arena = bytes_new(edge_arena_bytes(&c->file.model), &c->err);
  memset(c->arena, 0x55, edge_arena_bytes(&c->file.model));
  for (uint32_t i = 0; i < edge_input_count(&c->file.model); i++) set_input(c, i);
  if (edge_run(&c->file.model, c->arena, NULL) != EDGE_OK) return fail(&c->err, BAD_INPUT, "the run failed");
  for (uint32_t i = 0; i < edge_output_count(&c->file.model); i++) {
    c->reals[i] = malloc(edge_output(&c->file.model, i)->elements * sizeof(float));
    edge_get_output_f32(&c->file.model, i, c->arena, c->reals[i]);
  }
  return OK;
}

double lower_case_error(const LowerCase *c, int output) {
  const EdgeTensor *info = edge_output(&c->file.model, (uint32_t)output);
  double worst = 0, step = info->scale > 0 ? (double)info->scale : 1;
  if ((int64_t)info->elements != tensor_elements(&c->reference[output])) return INFINITY;
  for (uint32_t i = 0; i < info->elements; i++) {
    double expected = tensor_get(&c->reference[output], i), got = (double)c->reals[output][i];
    if (!isfinite(expected) || expected == got) continue;
    double error = fabs(got - expected) / step;
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

void lower_case_free(LowerCase *c) {
  for (int i = 0; i < LOWER_CASE_OUTPUTS; i++) {
    free(c->reals[i]);
    free(c->reference[i].data);
  }
  bytes_free(c->arena);
  edge_file_close(&c->file);
  edge_program_free(&c->program);
  graph_free(c->graph);
}
