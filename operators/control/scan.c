/* scan.c - Scan: a body that walks along an axis of its inputs, with values carried from step to step. */
#include "operators/control/control.h"

#include "operators/reals.h"
#include "operators/shape/content.h"

#include <string.h>

typedef struct ScanParams {
  Graph *body;
  int64_t num_scan_inputs;
  Ints scan_input_axes, scan_input_directions, scan_output_axes, scan_output_directions;
  Ints directions; /* scan_input_directions up to opset 8 */
} ScanParams;

/* Steps through one sequence; up to opset 8 there is one for each element of a batch. */
typedef struct ScanState {
  Run *run;
  const ScanParams *params;
  const Graph *body;
  int lead; /* node inputs before the body's: the sequence lengths of opset 8 */
  int carried, scanned, collected;
  int64_t batch, batches; /* batches 0: no batch axis */
  int64_t length;
  Kept *now, *next;
  Tensor *parts;         /* one step of each scanned input */
  const Tensor *wholes;  /* scanned inputs, of this batch */
  const Tensor **inputs; /* of the body */
  const Tensor **outputs;
} ScanState;

static int64_t listed(const Ints *list, int i) {
  return i < list->count ? list->values[i] : 0;
}

static bool counts_fit(const Ints *list, int count) {
  return !list->given || list->count == count;
}

static Status check_counts(const Infer *infer, int lead, int *carried) {
  const ScanParams *params = infer->params;
  int inputs = infer->input_count - lead;
  TRY(control_check_body(infer, "body", params->body, inputs, infer->output_count));
  if (params->num_scan_inputs > inputs)
    return infer_fail(infer, "num_scan_inputs is %lld, but there are %d inputs",
                      (long long)params->num_scan_inputs, inputs);
  int scanned = (int)params->num_scan_inputs, collected;
  *carried = inputs - scanned;
  collected = params->body->output_count - *carried;
  if (collected < 0)
    return infer_fail(infer, "its body gives fewer values than the %d that are carried", *carried);
  if (!counts_fit(&params->scan_input_axes, scanned) ||
      !counts_fit(&params->scan_input_directions, scanned) || !counts_fit(&params->directions, scanned) ||
      !counts_fit(&params->scan_output_axes, collected) ||
      !counts_fit(&params->scan_output_directions, collected))
    return infer_fail(infer, "a list of axes or directions has the wrong length");
  return OK;
}

/* The common length of the scanned inputs; DIM_UNKNOWN where none is known. */
static Status infer_length(const Infer *infer, int carried, Dim *length) {
  const ScanParams *params = infer->params;
  *length = DIM_UNKNOWN;
  for (int i = 0; i < infer->input_count; i++) {
    const InferValue *in = infer_input(infer, i);
    int axis;
    if (in == NULL) return infer_fail(infer, "input %d is missing", i);
    if (i < carried || !in->has_shape) continue;
    TRY(infer_axis(infer, listed(&params->scan_input_axes, i - carried), in->shape.rank, &axis));
    Dim dim = in->shape.dims[axis];
    if (dim_is_known(*length) && dim_is_known(dim) && dim != *length)
      return infer_fail(infer, "the scanned inputs have different lengths: %lld and %lld", (long long)*length,
                        (long long)dim);
    if (!dim_is_known(*length)) *length = dim;
  }
  return OK;
}

/* `element` with `dim` put in at `axis`. */
static bool insert_dim(const Shape *element, int64_t axis, Dim dim, Shape *whole, int *place) {
  if (element->rank >= GRAPH_MAX_RANK || !axis_normalize(axis, element->rank + 1, place)) return false;
  *whole = (Shape){.rank = element->rank + 1};
  for (int d = 0; d < whole->rank; d++)
    whole->dims[d] = d == *place ? dim : element->dims[d < *place ? d : d - 1];
  return true;
}

static Status infer_collected(Infer *infer, int i, int64_t axis, Dim length) {
  const Value *element = ((const ScanParams *)infer->params)->body->outputs[i];
  int place;
  infer->out[i].type = element->type;
  infer->out[i].has_shape = element->has_shape;
  if (element->has_shape && !insert_dim(&element->shape, axis, length, &infer->out[i].shape, &place))
    return infer_fail(infer, "axis %lld is outside output %d", (long long)axis, i);
  return OK;
}

static Status scan_infer(Infer *infer) {
  const ScanParams *params = infer->params;
  int carried = 0;
  Dim length;
  TRY(check_counts(infer, 0, &carried));
  TRY(infer_length(infer, carried, &length));
  for (int i = 0; i < infer->output_count; i++) {
    InferValue known;
    control_describe(params->body->outputs[i], &known);
    if (i < carried)
      control_either(&infer->in[i], &known, &infer->out[i]);
    else
      TRY(infer_collected(infer, i, listed(&params->scan_output_axes, i - carried), length));
  }
  return OK;
}

/* Everything has a batch axis in front, and scanned values the sequence's behind it. */
static Status scan_infer_8(Infer *infer) {
  const ScanParams *params = infer->params;
  int carried = 0;
  TRY(check_counts(infer, 1, &carried));
  for (int i = 1; i < infer->input_count; i++) {
    const InferValue *in = infer_input(infer, i);
    if (in == NULL) return infer_fail(infer, "input %d is missing", i);
    if (in->has_shape && in->shape.rank < (i > carried ? 2 : 1))
      return infer_fail(infer, "input %d has %d dimensions, too few for a batch", i, in->shape.rank);
  }
  for (int i = 0; i < infer->output_count; i++) infer->out[i].type = params->body->outputs[i]->type;
  return OK;
}

static Status begin(ScanState *scan) {
  Run *run = scan->run;
  scan->body = scan->params->body;
  scan->scanned = (int)scan->params->num_scan_inputs;
  scan->carried = run->input_count - scan->lead - scan->scanned;
  scan->collected = scan->body->output_count - scan->carried;
  scan->now = control_new(run, scan->carried, sizeof *scan->now);
  scan->next = control_new(run, scan->carried, sizeof *scan->next);
  scan->parts = control_new(run, scan->scanned, sizeof *scan->parts);
  scan->inputs = control_new(run, scan->body->input_count, sizeof *scan->inputs);
  scan->outputs = control_new(run, scan->body->output_count, sizeof *scan->outputs);
  bool complete = scan->now && scan->next && scan->parts && scan->inputs && scan->outputs;
  return complete ? OK : run->err->status;
}

static int axis_of(const ScanState *scan, int i) {
  int axis = 0;
  (void)axis_normalize(listed(&scan->params->scan_input_axes, i), scan->wholes[i].shape.rank, &axis);
  return axis;
}

static Status begin_sequence(ScanState *scan) {
  for (int i = 0; i < scan->scanned; i++) {
    const Tensor *whole = &scan->wholes[i];
    int axis = axis_of(scan, i);
    Tensor *part = &scan->parts[i];
    *part = (Tensor){.type = whole->type, .shape = {.rank = whole->shape.rank - 1}};
    for (int d = 0; d < part->shape.rank; d++) part->shape.dims[d] = whole->shape.dims[d < axis ? d : d + 1];
    part->data = run_scratch(scan->run, tensor_bytes(part));
    if (part->data == NULL) return scan->run->err->status;
  }
  return OK;
}

static bool goes_back(const ScanState *scan, int i) {
  const ScanParams *params = scan->params;
  return listed(params->directions.given ? &params->directions : &params->scan_input_directions, i) != 0;
}

/* Output `i` of the node as this batch sees it, once its shape is known. */
static Status batch_output(ScanState *scan, int i, ElementType type, const Shape *shape, Tensor *view) {
  Tensor *out = scan->run->out[i];
  Shape whole = *shape;
  int place;
  if (scan->batches > 0 && !insert_dim(shape, 0, scan->batches, &whole, &place))
    return run_fail(scan->run, "output %d has too many dimensions", i);
  bool is_new = out->data == NULL;
  TRY(control_shape_output(scan->run, i, type, &whole));
  if (is_new && scan->batches > 0) memset(out->data, 0, tensor_bytes(out));
  *view = (Tensor){type, *shape, out->data};
  view->data = (char *)out->data + (size_t)scan->batch * tensor_bytes(view);
  return OK;
}

static Status collect(ScanState *scan, int i, const Shape *element, ElementType type, int64_t whole_length,
                      const Tensor *part, int64_t step) {
  int output = scan->carried + i, place;
  if (output >= scan->run->output_count || scan->run->out[output] == NULL) return OK;
  Shape shape;
  Tensor view;
  if (!insert_dim(element, listed(&scan->params->scan_output_axes, i), whole_length, &shape, &place))
    return run_fail(scan->run, "the axis of output %d is outside it", output);
  TRY(batch_output(scan, output, type, &shape, &view));
  bool back = listed(&scan->params->scan_output_directions, i) != 0;
  if (part != NULL) control_put(part, &view, place, back ? scan->length - 1 - step : step);
  return OK;
}

static Status take_step(ScanState *scan, int64_t step, int64_t whole_length) {
  for (int i = 0; i < scan->carried; i++) scan->inputs[i] = &scan->now[i].tensor;
  for (int i = 0; i < scan->scanned; i++) {
    int64_t at = goes_back(scan, i) ? scan->length - 1 - step : step;
    control_take(&scan->wholes[i], axis_of(scan, i), at, &scan->parts[i]);
    scan->inputs[scan->carried + i] = &scan->parts[i];
  }
  TRY(run_body(scan->run, scan->body, scan->inputs, scan->outputs));
  for (int i = 0; i < scan->carried; i++) TRY(control_keep(scan->run, &scan->next[i], scan->outputs[i]));
  for (int i = 0; i < scan->collected; i++) {
    const Tensor *part = scan->outputs[scan->carried + i];
    TRY(collect(scan, i, &part->shape, part->type, whole_length, part, step));
  }
  Kept *old = scan->now;
  scan->now = scan->next;
  scan->next = old;
  return OK;
}

/* Without a step only the body knows the form: what it leaves open counts as 0. */
static Status collect_nothing(ScanState *scan, int64_t whole_length) {
  for (int i = 0; i < scan->collected; i++) {
    const Value *declared = scan->body->outputs[scan->carried + i];
    Shape element = declared->has_shape ? declared->shape : SHAPE_SCALAR;
    for (int d = 0; d < element.rank; d++)
      if (!dim_is_known(element.dims[d])) element.dims[d] = 0;
    TRY(collect(scan, i, &element, declared->type, whole_length, NULL, 0));
  }
  return OK;
}

static Status run_sequence(ScanState *scan, int64_t whole_length) {
  TRY(begin_sequence(scan));
  for (int64_t step = 0; step < scan->length; step++) TRY(take_step(scan, step, whole_length));
  if (scan->length == 0) TRY(collect_nothing(scan, whole_length));
  for (int i = 0; i < scan->carried && i < scan->run->output_count; i++) {
    const Tensor *last = &scan->now[i].tensor;
    Tensor view;
    if (scan->run->out[i] == NULL) continue;
    TRY(batch_output(scan, i, last->type, &last->shape, &view));
    if (tensor_bytes(last) > 0) memcpy(view.data, last->data, tensor_bytes(last));
  }
  return OK;
}

static Status scan_run(Run *run) {
  ScanState scan = {.run = run, .params = run->params};
  TRY(begin(&scan));
  Tensor *wholes = control_new(run, scan.scanned, sizeof *wholes);
  if (wholes == NULL) return run->err->status;
  for (int i = 0; i < scan.carried; i++) TRY(control_keep(run, &scan.now[i], run->in[i]));
  for (int i = 0; i < scan.scanned; i++) wholes[i] = *run->in[scan.carried + i];
  scan.wholes = wholes;
  scan.length = wholes[0].shape.dims[axis_of(&scan, 0)];
  return run_sequence(&scan, scan.length);
}

/* Element `batch` of a tensor along its first axis. */
static Tensor batch_of(const Tensor *tensor, int64_t batch) {
  Tensor view = {.type = tensor->type, .shape = {.rank = tensor->shape.rank - 1}};
  memcpy(view.shape.dims, tensor->shape.dims + 1, (size_t)view.shape.rank * sizeof(Dim));
  view.data = (char *)tensor->data + (size_t)batch * tensor_bytes(&view);
  return view;
}

static Status run_batch(ScanState *scan, Tensor *wholes) {
  Run *run = scan->run;
  for (int i = 0; i < scan->carried; i++) {
    Tensor view = batch_of(run->in[scan->lead + i], scan->batch);
    TRY(control_keep(run, &scan->now[i], &view));
  }
  for (int i = 0; i < scan->scanned; i++)
    wholes[i] = batch_of(run->in[scan->lead + scan->carried + i], scan->batch);
  scan->wholes = wholes;
  int64_t whole_length = wholes[0].shape.dims[0];
  scan->length = run->in[0] != NULL ? tensor_get_integer(run->in[0], scan->batch) : whole_length;
  if (scan->length < 0 || scan->length > whole_length)
    return run_fail(run, "a sequence length of %lld is not within 0..%lld", (long long)scan->length,
                    (long long)whole_length);
  return run_sequence(scan, whole_length);
}

static Status scan_run_8(Run *run) {
  ScanState scan = {.run = run, .params = run->params, .lead = 1};
  TRY(begin(&scan));
  Tensor *wholes = control_new(run, scan.scanned, sizeof *wholes);
  if (wholes == NULL) return run->err->status;
  scan.batches = run->in[1]->shape.dims[0];
  bool fits = run->in[0] == NULL || tensor_elements(run->in[0]) == scan.batches;
  for (int i = 1; i < run->input_count; i++)
    fits = fits && run->in[i]->shape.dims[0] == scan.batches &&
           (i <= scan.carried || run->in[i]->shape.dims[1] == run->in[run->input_count - 1]->shape.dims[1]);
  if (!fits || scan.batches == 0)
    return run_fail(run, "its inputs have different (or no) batches or sequence lengths");
  for (; scan.batch < scan.batches; scan.batch++) TRY(run_batch(&scan, wholes));
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(ScanParams, body, FIELD_GRAPH, .required = true),
    ATTRIBUTE(ScanParams, num_scan_inputs, FIELD_INT, .required = true, .least = 1, .most = INT32_MAX),
    ATTRIBUTE(ScanParams, scan_input_axes, FIELD_INTS),
    ATTRIBUTE(ScanParams, scan_input_directions, FIELD_INTS),
    ATTRIBUTE(ScanParams, scan_output_axes, FIELD_INTS),
    ATTRIBUTE(ScanParams, scan_output_directions, FIELD_INTS),
    ATTRIBUTE(ScanParams, directions, FIELD_INTS),
    {0},
};

const Op op_Scan = {
    .name = "Scan",
    .brief = "Runs a body along an axis of its inputs; values are carried along, results are stacked.",
    .versions = {{9, scan_infer, scan_run, NULL}, {8, scan_infer_8, scan_run_8, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(ScanParams),
    .inputs = {{"first", PORT_OPTIONAL, ELEMENTS_ANY, "[...]"}, /* opset 8: sequence lengths, or absent */
               {"states_and_scan_inputs", PORT_VARIADIC_OR_NONE, ELEMENTS_ANY, "[...]"}},
    .outputs = {{"final_states_and_scan_outputs", PORT_VARIADIC, ELEMENTS_ANY, "[...]"}},
    .grad_reason = "no gradient goes into bodies",
    .role = ROLE_FLOAT,
    .role_reason = "its body is not unrolled",
    .samples = {{"f32[2], f32[3,2]", "body=(s:f32[2],x:f32[2]|t=Add(s,x)|t,t) num_scan_inputs=1 outputs=2"},
                {"f32[2,3]", "body=(x:f32[2]|y=Relu(x)|y) num_scan_inputs=1 scan_input_axes=[1] "
                             "scan_input_directions=[1] scan_output_axes=[-1] outputs=1"},
                {"-, f32[2,1], f32[2,3,1]",
                 "body=(s:f32[1],x:f32[1]|t=Add(s,x)|t,t) num_scan_inputs=1 outputs=2 opset=8"}},
};
