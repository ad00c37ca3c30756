#include "distill/initialize.h"

#include "base/random.h"

#include <math.h>

#define EMBEDDING_DEVIATION 0.02
#define ACTIVATION_STEPS 8 /* nodes between a product and its activation that are looked through */

typedef struct Fans {
  double in, out; /* terms of a sum, and sums that a number goes into */
} Fans;

static double taps(const Shape *weight) {
  double count = 1;
  for (int i = 2; i < weight->rank; i++) count *= (double)weight->dims[i];
  return count;
}

/* Of [C, O/group, kernel...]: with a stride, an output sees only so many of the taps. */
static Fans transposed_fans(const Node *node, const Shape *weight) {
  const Attribute *strides = node_attribute(node, "strides");
  double count = taps(weight), step = 1;
  for (size_t i = 0; strides != NULL && i < strides->count; i++) step *= (double)strides->ints[i];
  double in = (double)weight->dims[0] / (double)node_int(node, "group", 1) * count / step;
  return (Fans){fmax(in, 1), (double)weight->dims[1] * count};
}

/* Of a matrix, or a stack of them, as operand `input`. */
static Fans matrix_fans(const Node *node, int input, const Shape *shape) {
  int rank = shape->rank;
  double last = rank > 0 ? (double)shape->dims[rank - 1] : 1;
  if (rank < 2) return (Fans){last, 1};
  double before = (double)shape->dims[rank - 2];
  bool turned = node_is(node, "Gemm") && node_int(node, input == 0 ? "transA" : "transB", 0) != 0;
  return (input == 1) != turned ? (Fans){before, last} : (Fans){last, before};
}

static Fans fans_of(const Parameter *parameter) {
  const Node *node = parameter->node;
  const Shape *shape = &parameter->operand->shape;
  if (parameter->part == PART_RECURRENT) {
    int gates = node_is(node, "LSTM") ? 4 : node_is(node, "GRU") ? 3 : 1;
    return (Fans){(double)shape->dims[2], (double)shape->dims[1] / gates};
  }
  if (node_is(node, "ConvTranspose")) return transposed_fans(node, shape);
  if (!node_is(node, "Conv")) return matrix_fans(node, parameter->input, shape);
  double count = taps(shape);
  return (Fans){(double)shape->dims[1] * count,
                (double)shape->dims[0] / (double)node_int(node, "group", 1) * count};
}

static bool is_among(const Node *node, const char *const *types) {
  for (; *types != NULL; types++)
    if (node_is(node, *types)) return true;
  return false;
}

/* Is there an activation behind that lets about half through? */
static bool is_rectified(const Value *value, int steps) {
  static const char *const rectifiers[] = {"Relu",      "LeakyRelu", "PRelu", "Clip", "Elu",      "Celu",
                                           "HardSwish", "Gelu",      "Swish", "Mish", "Softplus", NULL};
  static const char *const between[] = {"BatchNormalization",
                                        "InstanceNormalization",
                                        "GroupNormalization",
                                        "LayerNormalization",
                                        "RMSNormalization",
                                        "Add",
                                        "Dropout",
                                        "Identity",
                                        "Reshape",
                                        "Transpose",
                                        "MaxPool",
                                        NULL};
  for (int u = 0; value != NULL && u < value->user_count; u++) {
    const Node *node = value->users[u];
    if (is_among(node, rectifiers)) return true;
    if (steps < ACTIVATION_STEPS && is_among(node, between) && is_rectified(node->outputs[0], steps + 1))
      return true;
  }
  return false;
}

static double deviation_of(const Parameter *parameter, InitializeKind kind) {
  if (parameter->part == PART_EMBEDDING) return EMBEDDING_DEVIATION;
  Fans fans = fans_of(parameter);
  if (kind == INITIALIZE_xavier) return sqrt(2 / fmax(fans.in + fans.out, 1));
  bool doubled = kind == INITIALIZE_kaiming && parameter->part == PART_LINEAR &&
                 is_rectified(parameter->node->outputs[0], 0);
  return sqrt((doubled ? 2 : 1) / fmax(fans.in, 1));
}

/* FNV-1a of the name, away from the seed's neighbours. */
static Random stream_of(const char *name, uint64_t seed) {
  Random random = {.state = seed};
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (; *name != '\0'; name++) hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
  return (Random){.state = random_bits(&random) ^ hash};
}

static void draw(Tensor *tensor, const char *name, uint64_t seed, bool uniform, double deviation) {
  Random random = stream_of(name, seed);
  float *data = tensor->data;
  int64_t count = tensor_elements(tensor);
  double half = sqrt(3.0) * deviation; /* of a uniform range of that deviation */
  for (int64_t i = 0; i < count; i++)
    data[i] = (float)(uniform ? (2 * random_unit(&random) - 1) * half : random_normal(&random) * deviation);
}

static void fill(Tensor *tensor, double number) {
  float *data = tensor->data;
  int64_t count = tensor_elements(tensor);
  for (int64_t i = 0; i < count; i++) data[i] = (float)number;
}

static Status initialize(Graph *graph, Value *value, InitializeKind kind, uint64_t seed, InitializeItem *item,
                         Error *err) {
  Parameter parameter = parameter_of(value);
  *item = (InitializeItem){.value = value, .part = parameter.part};
  if (parameter.part == PART_NONE) return OK;
  Tensor *tensor = tensor_new(&graph->arena, ELEMENT_FLOAT32, &value->constant->shape, err);
  if (tensor == NULL) return err->status;
  if (parameter.part < PART_EMBEDDING) {
    fill(tensor, parameter_start(parameter.part));
  } else {
    bool uniform = kind == INITIALIZE_xavier && parameter.part != PART_EMBEDDING;
    item->deviation = deviation_of(&parameter, kind);
    draw(tensor, value->name, seed, uniform, item->deviation);
  }
  value->constant = tensor;
  return OK;
}

Status initialize_graph(Graph *graph, InitializeKind kind, uint64_t seed, InitializeReport *report,
                        Error *err) {
  *report = (InitializeReport){0};
  report->items = arena_new(&graph->arena, (size_t)graph->value_count, sizeof *report->items, err);
  if (report->items == NULL) return err->status;
  for (int v = 0; v < graph->value_count; v++) {
    Value *value = graph->values[v];
    if (value->constant == NULL || value->user_count == 0) continue;
    InitializeItem *item = &report->items[report->count++];
    TRY(initialize(graph, value, kind, seed, item, err));
    if (item->part == PART_NONE) {
      report->kept++;
    } else {
      report->initialized++;
      report->elements += tensor_elements(value->constant);
    }
  }
  return OK;
}
