/*
 * ConvInteger and MatMulInteger give sums of products of codes; the Cast and the Mul nodes behind them make
 * real numbers of those. Together they are a product of real numbers, whose weights have the factor of the
 * Mul nodes, less the scale of the other operand, as their scale.
 *
 * That operand has constant parameters or, where DynamicQuantizeLinear made it, is what went in there.
 */
#include "quantize/qop_parts.h"

#define MOST_MULS 4

/* The nodes behind a product, and what they multiply with. */
typedef struct Chain {
  Node *product;
  Value *scale;              /* that DynamicQuantizeLinear gave; NULL: the operand's is constant */
  bool has_scale, is_broken; /* the second: a factor was understood by half */
  Node *nodes[MOST_MULS + 1];
  int node_count;
  int64_t channels;
  int trailing; /* axes behind the channels in the result */
  double *factors;
  Value *end; /* what the last one makes */
} Chain;

static Node *only_user(const Value *value, const char *type) {
  return value != NULL && value_has_one_user(value) && node_is(value->users[0], type) ? value->users[0]
                                                                                      : NULL;
}

/* One number, or one a channel. */
static bool take_constant(Chain *chain, const Tensor *factor) {
  int64_t count = tensor_elements(factor);
  int at = factor->shape.rank - 1 - chain->trailing;
  bool is_list = count == chain->channels && at >= 0 && factor->shape.dims[at] == count;
  if (factor->type != ELEMENT_FLOAT32 || (count != 1 && !is_list)) return false;
  for (int64_t c = 0; c < chain->channels; c++) chain->factors[c] *= tensor_get(factor, count == 1 ? 0 : c);
  return true;
}

static bool take_factor(Chain *chain, const Value *factor, bool is_whole) {
  if (factor == NULL) return false;
  if (factor->constant != NULL) return take_constant(chain, factor->constant);
  if (factor == chain->scale && !chain->has_scale) return chain->has_scale = true;
  const Node *scales = factor->producer;
  if (!is_whole || !node_is(scales, "Mul")) return false;
  bool is_taken = take_factor(chain, scales->inputs[0], false);
  if (!is_taken) return false;
  chain->is_broken = !take_factor(chain, scales->inputs[1], false);
  return !chain->is_broken;
}

/* Cast, then Mul nodes, as far as they are understood. False where that does not give real numbers. */
static bool follow(Chain *chain) {
  Node *cast = only_user(chain->product->outputs[0], "Cast");
  if (cast == NULL || node_int(cast, "to", 0) != ELEMENT_FLOAT32) return false;
  chain->nodes[chain->node_count++] = cast;
  chain->end = cast->outputs[0];
  while (chain->node_count <= MOST_MULS) {
    Node *mul = only_user(chain->end, "Mul");
    if (mul == NULL || !take_factor(chain, mul->inputs[mul->inputs[0] == chain->end ? 1 : 0], true)) break;
    chain->nodes[chain->node_count++] = mul;
    chain->end = mul->outputs[0];
  }
  return !chain->is_broken && chain->node_count > 1 && chain->has_scale == (chain->scale != NULL);
}

static bool same_number(const Value *a, const Value *b) {
  double left, right;
  return a == b || (value_scalar(a, &left) && value_scalar(b, &right) && left == right);
}

/* The operand as real numbers; NULL where its codes' meaning is not known. */
static Status real_operand(QopRewrite *rw, Chain *chain, const Node *dynamic, Value **reals) {
  const Node *product = chain->product;
  QopParams params = rw->params[product->inputs[0]->index];
  double scale, zero_point;
  *reals = dynamic != NULL ? dynamic->inputs[0] : NULL;
  if (dynamic != NULL || params.scale == NULL || !value_scalar(params.scale, &scale)) return OK;
  Value *given = node_input(product, 2);
  bool fits = given != NULL ? same_number(given, params.zero_point)
                            : value_scalar(params.zero_point, &zero_point) && zero_point == 0;
  if (!fits) return OK;
  for (int64_t c = 0; c < chain->channels; c++)
    chain->factors[c] = (double)(float)(chain->factors[c] / scale);
  *reals = qop_reals(rw, product->inputs[0], params, 0);
  return *reals == NULL ? rw->err->status : OK;
}

/* The DynamicQuantizeLinear that made codes and zero point; NULL where there is none. */
static const Node *dynamic_of(const Node *product) {
  const Node *node = product->inputs[0]->producer;
  if (!node_is(node, "DynamicQuantizeLinear") || node->output_count < 3) return NULL;
  return node_input(product, 2) == node->outputs[2] ? node : NULL;
}

static Status replace(QopRewrite *rw, Chain *chain, Value *data, Value *weight) {
  static const char *const kept[] = {"auto_pad", "dilations", "group", "kernel_shape",
                                     "pads",     "strides",   NULL};
  const char *type = node_is(chain->product, "ConvInteger") ? "Conv" : "MatMul";
  for (int i = 0; i < chain->node_count; i++) node_remove(chain->nodes[i]);
  return qop_become(rw, chain->product, type, (Value *[]){data, weight}, 2, chain->end, kept);
}

Status qop_integer_product(QopRewrite *rw, Node *node) {
  Value *weight = node->inputs[1];
  const Node *dynamic = dynamic_of(node);
  bool is_conv = node_is(node, "ConvInteger");
  int rank = weight->shape.rank, axis = is_conv ? 0 : rank - 1;
  if (weight->constant == NULL || rank < 2) return OK;
  Chain chain = {.product = node,
                 .scale = dynamic != NULL ? dynamic->outputs[1] : NULL,
                 .channels = weight->shape.dims[axis],
                 .trailing = is_conv ? rank - 2 : 0};
  chain.factors = arena_new(&rw->graph->arena, (size_t)chain.channels, sizeof *chain.factors, rw->err);
  if (chain.factors == NULL) return rw->err->status;
  for (int64_t c = 0; c < chain.channels; c++) chain.factors[c] = 1;
  if (!follow(&chain)) return OK;
  Value *data;
  QopParams params;
  TRY(real_operand(rw, &chain, dynamic, &data));
  if (data == NULL) return OK;
  TRY(qop_weight_params(rw, node, 3, weight->type, chain.factors, chain.channels, &params));
  Value *reals = qop_reals(rw, weight, params, axis);
  return reals == NULL ? rw->err->status : replace(rw, &chain, data, reals);
}
