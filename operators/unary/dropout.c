#include "operators/axes.h"
#include "operators/gradient.h"
#include "operators/shape/content.h"
#include "operators/unary/unary.h"

#include "base/random.h"

/* `ratio` is an attribute up to opset 11; from 12 on it is an input, and so is training_mode. */
typedef struct DropoutParams {
  float ratio;
  int64_t seed;
  bool is_test; /* up to opset 6; nothing is dropped at inference, whatever it says */
} DropoutParams;

static Tensor *mask_of(const Run *run) {
  return run->output_count > 1 ? run->out[1] : NULL;
}

/* At inference: nothing is dropped. */
static Status run_plain(Run *run) {
  TRY(run_copy(run));
  Tensor *mask = mask_of(run);
  int64_t n = tensor_elements(run->in[0]);
  for (int64_t i = 0; mask != NULL && i < n; i++) tensor_set_integer(mask, i, 1);
  return OK;
}

/* What stays is drawn again on the way back. In training every run and every node draws its own. */
static Random random_for(const Run *run) {
  uint64_t state = (uint64_t)((const DropoutParams *)run->params)->seed;
  uint64_t seed = run->memory != NULL ? run->memory->seed : 0;
  for (const char *c = run->node->name; seed != 0 && *c != '\0'; c++)
    state = state * 31 + (uint64_t)(unsigned char)*c;
  return (Random){.state = seed != 0 ? state * UINT64_C(0x2545f4914f6cdd1d) ^ seed : state};
}

/* In training: drops each element with probability `ratio`, and scales up what stays. */
static void drop(Run *run, double ratio) {
  const Tensor *x = run->in[0];
  Tensor *mask = mask_of(run);
  Random random = random_for(run);
  int64_t n = tensor_elements(x);
  for (int64_t i = 0; i < n; i++) {
    bool stays = random_unit(&random) >= ratio;
    tensor_set(run->out[0], i, stays ? tensor_get(x, i) / (1 - ratio) : 0);
    if (mask != NULL) tensor_set_integer(mask, i, stays);
  }
}

/* The same for float32. */
static void drop_f32(Run *run, double ratio) {
  const float *x = run->in[0]->data;
  float *y = run->out[0]->data, scale = (float)(1 / (1 - ratio));
  Random random = random_for(run);
  int64_t n = tensor_elements(run->in[0]);
  for (int64_t i = 0; i < n; i++) y[i] = random_unit(&random) >= ratio ? x[i] * scale : 0;
}

/* 0 at inference. */
static double ratio_of(const Run *run) {
  const Tensor *ratio = run->input_count > 1 ? run->in[1] : NULL;
  const Tensor *training = run->input_count > 2 ? run->in[2] : NULL;
  if (training == NULL || tensor_get_integer(training, 0) == 0) return 0;
  return ratio != NULL ? tensor_get(ratio, 0) : 0.5;
}

static Status run_mode(Run *run) {
  double ratio = ratio_of(run);
  if (ratio == 0) return run_plain(run);
  if (!(ratio > 0 && ratio < 1)) return run_fail(run, "the ratio is not in [0, 1)");
  drop(run, ratio);
  return OK;
}

static Status run_fast(Run *run) {
  double ratio = ratio_of(run);
  if (!(ratio > 0 && ratio < 1) || mask_of(run) != NULL || run->in[0]->type != ELEMENT_FLOAT32)
    return run_mode(run);
  drop_f32(run, ratio);
  return OK;
}

/* What was dropped has no gradient, and what stayed is scaled as it was. */
static Status grad_dropout(Grad *grad) {
  double ratio = ratio_of(&grad->run);
  if (ratio == 0) return grad_view(grad);
  TRY(grad_zero(grad));
  float *dx = grad_of_input(grad, 0), scale = (float)(1 / (1 - ratio));
  const float *dy = grad_of_output(grad, 0);
  if (dx == NULL || dy == NULL) return OK;
  Random random = random_for(&grad->run);
  int64_t n = tensor_elements(grad->run.in[0]);
  for (int64_t i = 0; i < n; i++) dx[i] = random_unit(&random) >= ratio ? dy[i] * scale : 0;
  return OK;
}

static Status infer_mask(Infer *infer, ElementType type) {
  TRY(unary_infer(infer));
  if (infer->output_count < 2) return OK;
  infer->out[1].type = type;
  infer->out[1].has_shape = infer->in[0].has_shape;
  infer->out[1].shape = infer->in[0].shape;
  return OK;
}

static Status infer(Infer *infer) {
  for (int i = 1; i < infer->input_count; i++) {
    const InferValue *in = &infer->in[i];
    if (in->present && in->has_shape && shape_is_known(&in->shape) && shape_elements(&in->shape) != 1)
      return infer_fail(infer, "ratio and training_mode must have one element");
  }
  return infer_mask(infer, ELEMENT_BOOL);
}

static Status infer_10(Infer *infer) {
  return infer_mask(infer, ELEMENT_BOOL);
}

/* The mask had the type of the data. */
static Status infer_7(Infer *infer) {
  return infer_mask(infer, infer->in[0].type);
}

static OpRole role_of(const Node *node, const char **reason) {
  const Value *training = node_input(node, 2);
  double mode = 0;
  if (training == NULL || (value_scalar(training, &mode) && mode == 0)) return ROLE_VIEW;
  *reason = "float only: a Dropout that may be in training mode";
  return ROLE_FLOAT;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(DropoutParams, ratio, FIELD_FLOAT, .otherwise_float = 0.5f),
    ATTRIBUTE(DropoutParams, seed, FIELD_INT, .otherwise = 0),
    ATTRIBUTE(DropoutParams, is_test, FIELD_BOOL, .otherwise = 0),
    {0}};

const Op op_Dropout = {
    .name = "Dropout",
    .brief = "The input as it is, at inference; in training mode some elements become 0.",
    .versions = {{12, infer, run_mode, run_fast, grad_dropout},
                 {10, infer_10, run_plain, NULL, grad_view},
                 {1, infer_7, run_plain, NULL, grad_view}},
    .attributes = attributes,
    .params_bytes = sizeof(DropoutParams),
    .inputs = {{"data", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"},
               {"ratio", PORT_OPTIONAL, ELEMENTS_FLOAT, "[]"},
               {"training_mode", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_BOOL), "[]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"},
                {"mask", PORT_OPTIONAL, ELEMENTS_FLOAT | ELEMENT_BIT(ELEMENT_BOOL), "[...]"}},
    .settings = 1 << 1,
    .axes = axes_elementwise,
    .role = ROLE_VIEW,
    .role_of = role_of,
    .statistics = 1 << 1,
    .samples = {{"f32[2,3,4]", ""},
                {"f32[2,3], f32[]{0.5}!, bool[]{false}!", "outputs=2"},
                {"f32[2,3], f32[]{0.5}, bool[]{true}", "seed=7 outputs=2"},
                {"f32[2,3]", "ratio=0.3 outputs=2 opset=10"},
                {"f32[2,3]", "outputs=2 opset=7"},
                {"f32[2,3]", "is_test=1 opset=6"}}};
