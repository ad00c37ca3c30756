/*
 * graph.h - a model in memory: values, nodes, attributes, shapes. Formats make graphs, passes rewrite them,
 * the interpreter runs them, jobs annotate them.
 *
 *     Graph *graph = graph_new(&err);
 *     Value *x = graph_add_input(graph, "x", ELEMENT_FLOAT32, &SHAPE(1, 4), &err);
 *     Value *y = graph_add_value(graph, "y", &err);
 *     Node *relu = graph_add_node(graph, "relu", "", "Relu", (Value *[]){x}, 1, (Value *[]){y}, 1, &err);
 *     graph_add_output(graph, y, &err);
 *     graph_refresh(graph, &err);                       // order, users
 *     graph_free(graph);
 *
 * Everything in a graph lives in its arena and is freed with it. Functions that make something return NULL
 * when memory runs out, with `err` filled.
 */
#ifndef GRAPH_GRAPH_H
#define GRAPH_GRAPH_H

#include "graph/quant_spec.h"
#include "graph/tensor.h"

typedef struct Graph Graph;
typedef struct Node Node;
typedef struct Value Value;

typedef enum AttributeKind {
  ATTRIBUTE_FLOAT = 1, /* numbers as in ONNX's AttributeProto.AttributeType */
  ATTRIBUTE_INT = 2,
  ATTRIBUTE_STRING = 3,
  ATTRIBUTE_TENSOR = 4,
  ATTRIBUTE_GRAPH = 5,
  ATTRIBUTE_FLOATS = 6,
  ATTRIBUTE_INTS = 7,
  ATTRIBUTE_STRINGS = 8,
  ATTRIBUTE_OTHER = 100 /* a kind that no operator of edgec takes */
} AttributeKind;

typedef struct Attribute {
  const char *name;
  AttributeKind kind;
  double f; /* float32 in ONNX */
  int64_t i;
  const char *s; /* zero-terminated */
  const Tensor *tensor;
  Graph *graph; /* body of a control-flow operator; its outer values resolve by name (value_is_captured) */
  size_t count; /* of the lists below */
  const float *floats;
  const int64_t *ints;
  const char *const *strings;
} Attribute;

/* A tensor that flows: a graph input, a constant, or a node's output. */
struct Value {
  const char *name; /* unique in the graph; "" never */
  int index;        /* position in graph->values */
  ElementType type; /* ELEMENT_NONE until known */
  bool has_shape;   /* the rank is known */
  Shape shape;
  const Tensor *constant; /* initializer or folded; NULL otherwise */
  Node *producer;         /* NULL for inputs and constants */
  const QuantSpec *spec;  /* NULL until `quantize` has decided */
  /* set by graph_refresh(): */
  Node **users; /* in node order; a node that reads the value twice stands there twice */
  int user_count;
  bool is_input, is_output;
};

/* In what form a node that keeps its activations in float32 uses its constant weights. */
typedef enum NodeForm {
  FORM_AS_TENSORS = 0, /* as its tensors are: floats, or everything in codes */
  FORM_WEIGHT_ONLY,    /* weights in codes, products in float32 */
  FORM_DYNAMIC         /* weights in codes, its input rounded while it runs, products in integers */
} NodeForm;

struct Node {
  const char *name;   /* unique; made up where the model has none */
  const char *domain; /* "" for ai.onnx */
  const char *type;   /* operator: "Conv" */
  Value **inputs;     /* NULL for an optional one that is absent */
  int input_count;
  Value **outputs; /* NULL for one that nobody wants */
  int output_count;
  Attribute *attributes;
  int attribute_count;
  int64_t opset; /* version that it is meant by where a pass made it; 0: the graph's */
  int index;     /* position in graph->nodes, set by graph_refresh() */
  /* set by `quantize`, some by what its user asks for: */
  const char
      *float_reason;   /* why it computes in float32, whatever its tensors; NULL: in integers if it can */
  NodeForm form;       /* of a node with a float_reason */
  int weight_bits;     /* of the codes of its constant weights; 0: as many as the scheme has */
  int weight_group;    /* 4-bit weights that share a factor; 0: as the scheme has it; -1: none do */
  int activation_bits; /* of the codes of its results, 8 or 16; 0: as many as the scheme has */
  /* set by op_bind() (operators/op.h): */
  const struct Op *op;
  const struct OpVersion *version;
  const void *params; /* the operator's decoded attributes */
};

typedef struct Opset {
  const char *domain;
  int64_t version;
} Opset;

struct Graph {
  Arena arena;
  const Arena
      *weights; /* where read weights lie that another graph of the same file shares with it; or NULL */
  const char *name;
  const char *producer; /* of the model file, "" if unknown */
  int64_t ir_version;
  Opset *opsets;
  int opset_count;
  Node **nodes; /* in an order in which every value is made before it is used, after graph_refresh() */
  int node_count;
  Value **values;
  int value_count;
  Value **inputs; /* without those that an initializer gives */
  int input_count;
  Value **outputs;
  int output_count;
  const char **symbols;
  int symbol_count;
  Graph *outer;        /* of a control-flow body; NULL for a model */
  size_t folded_bytes; /* of constants that were computed, not read; there is a limit to them */
  size_t node_capacity, value_capacity, input_capacity, output_capacity, symbol_capacity;
};

Graph *graph_new(Error *err);
void graph_free(Graph *graph); /* accepts NULL; frees bodies too */
/* Weights that may leave RAM do so until they are read again. */
void graph_release(const Graph *graph);

/* Version of the operator set imported for `domain`; 0 where there is none. */
int64_t graph_opset(const Graph *graph, const char *domain);

Value *graph_add_value(Graph *graph, const char *name, Error *err);
Value *graph_add_input(Graph *graph, const char *name, ElementType type, const Shape *shape, Error *err);
/* `tensor` must live as long as the graph. */
Value *graph_add_constant(Graph *graph, const char *name, const Tensor *tensor, Error *err);
Status graph_add_output(Graph *graph, Value *value, Error *err);
/* Copies the lists; the outputs' producer becomes the node. */
Node *graph_add_node(Graph *graph, const char *name, const char *domain, const char *type,
                     Value *const *inputs, int input_count, Value *const *outputs, int output_count,
                     Error *err);
/* A name that no value (or node) has yet, beginning with `base`. */
const char *graph_unused_name(Graph *graph, const char *base, Error *err);

/* The value of that name, or NULL; linear time, for look-ups by users' options. */
Value *graph_find_value(const Graph *graph, const char *name);

/* Whether a value of a body stands for the one of its name in a graph around it. */
bool value_is_captured(const Value *value);

/* Gives an input a wholly known shape: symbols in its declared shape get those values in every other input's
   shape too. BAD_INPUT where the shape contradicts what is declared. Forgets all inferred shapes. */
Status graph_bind_input(Graph *graph, Value *input, const Shape *shape, Error *err);

/* Index of a named symbol, added where it is new; -1 on failure. */
int graph_symbol(Graph *graph, const char *name, Error *err);
/* "N", or "?" for an unknown or known dimension. */
const char *graph_symbol_name(const Graph *graph, Dim dim);

/* Sorts the nodes so that producers come first (stable), drops nothing, and renews users, indices and flags.
   BAD_INPUT naming a node where there is a cycle. To be called after nodes were added or rewired. */
Status graph_refresh(Graph *graph, Error *err);

/* Drops the nodes for which node->type is NULL (passes mark what they remove so), then graph_refresh(). */
Status graph_sweep(Graph *graph, Error *err);
void node_remove(Node *node);

/* Every node that reads `from` reads `to` instead, and graph outputs too. Needs fresh users; call
   graph_refresh() afterwards. */
void graph_replace_value(Graph *graph, Value *from, Value *to);

/* ---- questions that passes and jobs ask of a node ---- */

bool node_is(const Node *node, const char *type);                    /* of the default domain */
const Attribute *node_attribute(const Node *node, const char *name); /* NULL where absent */
int64_t node_int(const Node *node, const char *name, int64_t otherwise);
double node_float(const Node *node, const char *name, double otherwise);
/* Input i, or NULL where it is absent. */
Value *node_input(const Node *node, int i);
/* The constant tensor of input i, or NULL. */
const Tensor *node_constant(const Node *node, int i);
/* True if `value` is read by exactly one node, once, and is no output of the graph. */
bool value_has_one_user(const Value *value);
/* A constant float or integer tensor of one element, as a number. */
bool value_scalar(const Value *value, double *scalar);

Status node_set_int(Graph *graph, Node *node, const char *name, int64_t i, Error *err);
Status node_set_float(Graph *graph, Node *node, const char *name, double f, Error *err);
Status node_set_ints(Graph *graph, Node *node, const char *name, const int64_t *ints, size_t count,
                     Error *err);
void node_drop_attribute(Node *node, const char *name); /* if there is one */

#endif
