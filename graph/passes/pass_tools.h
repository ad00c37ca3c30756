/*
 * pass_tools.h - what passes share; not for other folders.
 *
 * A pass walks the nodes in order and rewrites as it goes; users are those from before the pass. That is safe
 * as long as a new reader of a value takes the place of one that was removed: then a value never has more
 * users than its list says. node_is() is false for removed nodes, so nothing is matched twice.
 */
#ifndef GRAPH_PASSES_PASS_TOOLS_H
#define GRAPH_PASSES_PASS_TOOLS_H

#include "graph/passes/passes.h"

/* True if a body of control flow reads the value by its name. */
bool pass_is_captured(const Value *value);

/* The node that makes `value` if it is a `type`; NULL otherwise, and for a NULL value. */
Node *pass_producer(const Value *value, const char *type);
/* The same, where nobody else reads the value. */
Node *pass_only_producer(const Value *value, const char *type);
/* The one node that reads `value`, if there is just one, it reads it once, and the value is no output. */
Node *pass_only_user(const Value *value);

/* Input of a two-operand node beside its constant of one element; NULL where there is none. With
   `is_commutative` the constant may come first. */
Value *pass_operand(const Node *node, bool is_commutative, double *scalar);
/* True if `value` is close enough to what a float32 constant in an exported model was meant to be. */
bool pass_is_about(double value, double meant);

/* Both shapes are there, and each dimension is the same known number or symbol. */
bool pass_same_shape(const Value *a, const Value *b);

/* A constant value of a new tensor; its name begins with `base`. */
Value *pass_new_constant(Graph *graph, const char *base, Tensor *tensor, Error *err);

/* Puts a new node of `type`, meant by `opset`, in the place of `last`, which is removed: with its name and
   its output 0. NULL on failure. */
Node *pass_replace(Graph *graph, Node *last, const char *type, int64_t opset, Value *const *inputs,
                   int input_count, Error *err);

/* ---- products ---- */

#define PRODUCT_MAX_FACTORS 4
#define PRODUCT_MAX_NODES 6

/* A tree of Mul and of Div by numbers, as x * (x + 3 clipped) / 6 in any of its orders. */
typedef struct Product {
  double scalar; /* of all numbers in it */
  Value *factors[PRODUCT_MAX_FACTORS];
  int factor_count;
  Node *nodes[PRODUCT_MAX_NODES]; /* the root first */
  int node_count;
} Product;

/* Takes apart what `root` computes. False where it is no product or has too many parts. */
bool pass_product(Node *root, Product *product);

/* How a gated activation's gate is recognised: true if `gate` is what multiplies `x` in it, given the numbers
   multiplied too. Nodes inside the gate need not be removed: dead ones are dropped. */
typedef bool (*GateMatcher)(const Value *x, const Value *gate, double scalar);

/* Replaces every product x * gate * scalar that matches by one node of `type`. */
Status pass_fuse_gated(Graph *graph, const char *type, int64_t opset, GateMatcher matches, int *rewrites,
                       Error *err);

#endif
