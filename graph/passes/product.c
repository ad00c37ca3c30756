/* Products in all the orders in which exporters write them. */
#include "graph/passes/pass_tools.h"

static bool add_node(Product *product, Node *node);

/* A factor, or the factors of a product that nobody else reads. */
static bool add_factor(Product *product, Value *value) {
  double scalar;
  if (value == NULL) return false;
  if (value_scalar(value, &scalar)) {
    product->scalar *= scalar;
    return true;
  }
  Node *node = value->producer;
  if (value_has_one_user(value) && (node_is(node, "Mul") || (node_is(node, "Div") && node_constant(node, 1))))
    return add_node(product, node);
  if (product->factor_count == PRODUCT_MAX_FACTORS) return false;
  product->factors[product->factor_count++] = value;
  return true;
}

static bool add_node(Product *product, Node *node) {
  double divisor;
  if (product->node_count == PRODUCT_MAX_NODES || node->input_count != 2) return false;
  product->nodes[product->node_count++] = node;
  if (node_is(node, "Mul"))
    return add_factor(product, node->inputs[0]) && add_factor(product, node->inputs[1]);
  if (!node_is(node, "Div") || !value_scalar(node->inputs[1], &divisor) || divisor == 0.0) return false;
  product->scalar /= divisor;
  return add_factor(product, node->inputs[0]);
}

bool pass_product(Node *root, Product *product) {
  *product = (Product){.scalar = 1.0};
  return add_node(product, root);
}

/* Which of the two factors is x, where the other one is its gate; -1 for none. */
static int find_gated(const Product *product, GateMatcher matches) {
  for (int i = 0; product->factor_count == 2 && i < 2; i++)
    if (value_has_one_user(product->factors[1 - i]) &&
        matches(product->factors[i], product->factors[1 - i], product->scalar))
      return i;
  return -1;
}

static Status fuse_at(Graph *graph, Node *root, const char *type, int64_t opset, GateMatcher matches,
                      int *rewrites, Error *err) {
  Product product;
  if (!pass_product(root, &product)) return OK;
  int i = find_gated(&product, matches);
  if (i < 0) return OK;
  Value *x = product.factors[i];
  /* A number of higher rank than x would have made the result of higher rank too. */
  if (!element_is_float(x->type) || !pass_same_shape(x, root->outputs[0])) return OK;
  if (pass_replace(graph, root, type, opset, &x, 1, err) == NULL) return err->status;
  for (int n = 1; n < product.node_count; n++) node_remove(product.nodes[n]);
  ++*rewrites;
  return OK;
}

Status pass_fuse_gated(Graph *graph, const char *type, int64_t opset, GateMatcher matches, int *rewrites,
                       Error *err) {
  int count = graph->node_count, before = *rewrites;
  /* From the end, so that the root of a product is met before its parts. */
  for (int n = count - 1; n >= 0; n--) {
    Node *node = graph->nodes[n];
    if (node_is(node, "Mul") || node_is(node, "Div"))
      TRY(fuse_at(graph, node, type, opset, matches, rewrites, err));
  }
  return *rewrites > before ? graph_sweep(graph, err) : OK;
}
