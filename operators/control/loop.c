/* loop.c - Loop: a body that is run again and again, with values carried from one iteration to the next. */
#include "operators/control/control.h"

#include <string.h>

/* A guard against models that never end. */
#define LOOP_MAX_ITERATIONS (INT64_C(1) << 24)

typedef struct LoopParams {
  Graph *body;
} LoopParams;

/* What a body gives one element of in each iteration. */
typedef struct Collected {
  Tensor element; /* type and shape of each */
  char *data;
  size_t used, room;
  int64_t count;
} Collected;

typedef struct LoopState {
  Run *run;
  const Graph *body;
  int carried;           /* values from iteration to iteration */
  int collected;         /* outputs behind them */
  Kept *now, *next;      /* carried values */
  const Tensor **inputs; /* of the body: iteration, condition, carried */
  const Tensor **outputs;
  Collected *scans;
} LoopState;

static int carried_of(int input_count) {
  return input_count > 2 ? input_count - 2 : 0;
}

static void infer_collected(const Value *element, InferValue *out) {
  out->type = element->type;
  out->has_shape = element->has_shape && element->shape.rank < GRAPH_MAX_RANK;
  if (!out->has_shape) return;
  out->shape = (Shape){.rank = element->shape.rank + 1, .dims = {DIM_UNKNOWN}};
  memcpy(out->shape.dims + 1, element->shape.dims, (size_t)element->shape.rank * sizeof(Dim));
}

static Status loop_infer(Infer *infer) {
  const Graph *body = ((const LoopParams *)infer->params)->body;
  int carried = carried_of(infer->input_count);
  TRY(control_check_body(infer, "body", body, carried + 2, infer->output_count + 1));
  if (body->output_count < carried + 1)
    return infer_fail(infer, "its body gives fewer values than the %d that are carried", carried);
  for (int i = 0; i < infer->output_count; i++) {
    const Value *value = body->outputs[i + 1];
    InferValue known;
    control_describe(value, &known);
    if (i < carried)
      control_either(&infer->in[i + 2], &known, &infer->out[i]);
    else
      infer_collected(value, &infer->out[i]);
  }
  return OK;
}

static Status start(LoopState *loop) {
  Run *run = loop->run;
  loop->carried = carried_of(run->input_count);
  loop->collected = loop->body->output_count - 1 - loop->carried;
  loop->now = control_new(run, loop->carried, sizeof *loop->now);
  loop->next = control_new(run, loop->carried, sizeof *loop->next);
  loop->inputs = control_new(run, loop->carried + 2, sizeof *loop->inputs);
  loop->outputs = control_new(run, loop->body->output_count, sizeof *loop->outputs);
  loop->scans = control_new(run, loop->collected, sizeof *loop->scans);
  if (!loop->now || !loop->next || !loop->inputs || !loop->outputs || !loop->scans) return run->err->status;
  for (int i = 0; i < loop->carried; i++) TRY(control_keep(run, &loop->now[i], run->in[i + 2]));
  return OK;
}

static Status make_room(Run *run, Collected *scan, size_t bytes) {
  if (scan->data != NULL && bytes <= scan->room - scan->used) return OK;
  size_t room = 2 * scan->room + bytes;
  char *grown = run_scratch(run, room);
  if (grown == NULL) return run->err->status;
  if (scan->used > 0) memcpy(grown, scan->data, scan->used);
  scan->data = grown;
  scan->room = room;
  return OK;
}

static Status collect(Run *run, Collected *scan, const Tensor *element) {
  size_t bytes = tensor_bytes(element);
  if (scan->count > 0 && !shape_equals(&scan->element.shape, &element->shape))
    return run_fail(run, "what its body gives to collect changes its shape");
  scan->element = *element;
  TRY(make_room(run, scan, bytes));
  if (bytes > 0) memcpy(scan->data + scan->used, element->data, bytes);
  scan->used += bytes;
  scan->count++;
  return OK;
}

static Status finish_iteration(LoopState *loop) {
  for (int i = 0; i < loop->carried; i++) TRY(control_keep(loop->run, &loop->next[i], loop->outputs[i + 1]));
  for (int i = 0; i < loop->collected; i++)
    TRY(collect(loop->run, &loop->scans[i], loop->outputs[1 + loop->carried + i]));
  Kept *old = loop->now;
  loop->now = loop->next;
  loop->next = old;
  return OK;
}

/* A single element in the rank that the body declares. */
static Shape single_shape(const Value *input) {
  return input->has_shape && input->shape.rank == 1 ? SHAPE(1) : SHAPE_SCALAR;
}

static Status iterate(LoopState *loop, int64_t most, bool goes_on) {
  uint8_t truth = goes_on;
  int64_t at = 0;
  Tensor iteration = {ELEMENT_INT64, single_shape(loop->body->inputs[0]), &at};
  Tensor condition = {ELEMENT_BOOL, single_shape(loop->body->inputs[1]), &truth};
  loop->inputs[0] = &iteration;
  loop->inputs[1] = &condition;
  for (; at < most && truth != 0; at++) {
    if (at >= LOOP_MAX_ITERATIONS)
      return run_fail(loop->run, "does not end within %lld iterations", (long long)LOOP_MAX_ITERATIONS);
    for (int i = 0; i < loop->carried; i++) loop->inputs[i + 2] = &loop->now[i].tensor;
    TRY(run_body(loop->run, loop->body, loop->inputs, loop->outputs));
    bool more = tensor_elements(loop->outputs[0]) == 1 && tensor_get_integer(loop->outputs[0], 0) != 0;
    TRY(finish_iteration(loop));
    truth = more;
  }
  return OK;
}

/* Without an iteration only the body knows the form: what it leaves open counts as 0. */
static Status deliver_collected(LoopState *loop, int i) {
  Run *run = loop->run;
  const Collected *scan = &loop->scans[i - loop->carried];
  const Value *declared = loop->body->outputs[i + 1];
  Tensor whole = {.type = scan->count > 0 ? scan->element.type : declared->type, .data = scan->data};
  const Shape *element = scan->count > 0 ? &scan->element.shape : &declared->shape;
  if (element->rank >= GRAPH_MAX_RANK) return run_fail(run, "output %d has too many dimensions", i);
  whole.shape = (Shape){.rank = element->rank + 1, .dims = {scan->count}};
  for (int d = 0; d < element->rank; d++)
    whole.shape.dims[d + 1] = dim_is_known(element->dims[d]) ? element->dims[d] : 0;
  return control_deliver(run, i, &whole);
}

static Status loop_run(Run *run) {
  LoopState loop = {.run = run, .body = ((const LoopParams *)run->params)->body};
  const Tensor *trips = run->in[0], *cond = run->input_count > 1 ? run->in[1] : NULL;
  if ((trips != NULL && tensor_elements(trips) != 1) || (cond != NULL && tensor_elements(cond) != 1))
    return run_fail(run, "the number of iterations and the condition must have one element");
  TRY(start(&loop));
  TRY(iterate(&loop, trips != NULL ? tensor_get_integer(trips, 0) : INT64_MAX,
              cond == NULL || tensor_get_integer(cond, 0) != 0));
  for (int i = 0; i < run->output_count; i++)
    TRY(i < loop.carried ? control_deliver(run, i, &loop.now[i].tensor) : deliver_collected(&loop, i));
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(LoopParams, body, FIELD_GRAPH, .required = true),
    {0},
};

const Op op_Loop = {
    .name = "Loop",
    .brief = "Runs a body so many times, or while a condition holds; values are carried along or collected.",
    .versions = {{1, loop_infer, loop_run, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(LoopParams),
    .inputs = {{"M", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT64), "[]"},
               {"cond", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_BOOL), "[]"},
               {"v_initial", PORT_VARIADIC_OR_NONE, ELEMENTS_VALUE, "[...]"}},
    .outputs = {{"v_final_and_scan_outputs", PORT_VARIADIC, ELEMENTS_VALUE, "[...]"}},
    .grad_reason = "no gradient goes into bodies",
    .role = ROLE_FLOAT,
    .role_reason = "how often its body runs is known only with the data",
    .samples = {{"i64[]{3}, bool[]{true}, f32[2]",
                 "body=(i:i64[],c:bool[],x:f32[2]|k=Identity(c);y=Add(x,x)|k,y,y) outputs=2"},
                {"i64[]{4}, -, i64[]{1}",
                 "body=(i:i64[],c:bool[],x:i64[]|k=Less(x,i);y=Add(x,i)|k,y) outputs=1"}},
};
