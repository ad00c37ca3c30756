/*
 * op.h - the operator row: everything that edgec knows of an operator stands in one constant.
 *
 * operators/<family>/<name>.c ends with `const Op op_Softmax = {.name = "Softmax", ...};`. The build scans
 * the folder for such lines and generates the sorted table (op_count, op_at); there is no list to edit.
 *
 *     const Op *op = op_find("", "Softmax");
 *     TRY(op_bind_graph(graph, &err));        // finds rows, decodes and checks attributes
 *     TRY(op_infer_graph(graph, &err));       // types and shapes
 */
#ifndef OPERATORS_OP_H
#define OPERATORS_OP_H

#include "graph/graph.h"

/* ---- inference ---- */

#define INFER_MAX_ELEMENTS 64 /* integer tensors up to here have their elements followed */

/* What is known of a tensor before it is computed. */
typedef struct InferValue {
  bool present; /* false: an optional input that is absent, or an output that nobody wants */
  ElementType type;
  bool has_shape;
  Shape shape;
  const Tensor *constant; /* its content, where that is known; NULL otherwise */
  /* Content of a small integer tensor of which some may be symbols: Shape of [N,3] gives {N, 3}. Row-major;
     filled from `constant` too. Valid where has_elements. */
  bool has_elements;
  Dim elements[INFER_MAX_ELEMENTS];
} InferValue;

typedef struct Infer {
  const Node *node;
  const void *params; /* decoded attributes: the struct of the operator's `attributes` rows */
  int input_count, output_count;
  const InferValue *in;
  InferValue *out; /* type NONE and no shape at first */
  Error *err;
} Infer;

/* Fills `out`. Where an input's shape or content is not known, leaves has_shape false or dims unknown. Where
   everything is known, must give the exact shape or leave has_shape false (it depends on data: then `run`
   calls run_set_shape()). Fails with BAD_INPUT, by infer_fail(), where inputs do not fit. */
typedef Status (*InferFunction)(Infer *infer);

/* BAD_INPUT with "node 'n' (Op): " before the message. */
Status infer_fail(const Infer *infer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Sets type and shape of output i. */
void infer_set(Infer *infer, int i, ElementType type, const Shape *shape);
/* Output 0 has the type and shape of input 0 (and its elements, where known). */
Status infer_same(Infer *infer);
/* The 1-D integer content of input i: count and dims; false where it is not (wholly) followed. */
bool infer_elements(const Infer *infer, int i, int *count, const Dim **elements);

/* ---- running ---- */

typedef struct Run {
  const Node *node;
  const void *params;
  int input_count, output_count;
  const Tensor *const *in;  /* NULL for an absent one */
  Tensor *const *out;       /* NULL for one that nobody wants; data NULL until run_set_shape() where inference
                               could not give the shape */
  struct RunMemory *memory; /* the interpreter's */
  Error *err;
} Run;

/* Computes `out` from `in`. Types, shapes and attributes were checked by inference; what depends on the data
   (an index out of range) is checked here. Must not write to `in`; `out` never overlaps `in`. */
typedef Status (*RunFunction)(Run *run);

/* BAD_INPUT with "node 'n' (Op): " before the message. */
Status run_fail(Run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Gives output i its shape and memory, where inference left them open. */
Status run_set_shape(Run *run, int i, const Shape *shape);
/* `bytes` bytes aligned to 64, not zeroed, until the node is done; NULL where memory ran out. */
void *run_scratch(Run *run, size_t bytes);

/* Runs the body of a control-flow node once; what it takes from around it has its values of now. `inputs` are
   the body's; outputs[i] is its i-th output until the same body runs again, and may be one of the inputs. */
Status run_body(Run *run, const Graph *body, const Tensor *const *inputs, const Tensor **outputs);

/* How the interpreter serves the three above. */
typedef struct RunMemory {
  void *context;
  uint64_t seed; /* of what is drawn at random in training; 0 at inference */
  Status (*set_shape)(void *context, int output, const Shape *shape, Error *err);
  void *(*scratch)(void *context, size_t bytes, Error *err);
  Status (*body)(void *context, const Graph *body, const Tensor *const *inputs, const Tensor **outputs,
                 Error *err); /* NULL where one node is run by itself */
} RunMemory;

/* ---- gradients ---- */

/* The backward pass of a node: a vector-Jacobian product, in float32. `run` is the node's forward run: its
   `in` and `out` hold what was computed then. */
typedef struct Grad {
  Run run;
  const Tensor *const
      *out_grad;          /* of the loss with respect to each output; NULL: zero (not for all of them) */
  Tensor *const *in_grad; /* to be written, every element, of the input's shape; NULL where nobody asks */
} Grad;

/* Writes `in_grad` from `out_grad`. Inputs that a gradient is asked for are float32. */
typedef Status (*GradFunction)(Grad *grad);

/* ---- attributes ---- */

typedef enum AttributeField {
  FIELD_INT,     /* int64_t */
  FIELD_FLOAT,   /* float */
  FIELD_BOOL,    /* bool; an int of 0 or 1 in ONNX (other values count as 1) */
  FIELD_CHOICE,  /* int: index into `choices` */
  FIELD_STRING,  /* const char *, NULL where absent */
  FIELD_INTS,    /* Ints */
  FIELD_FLOATS,  /* Floats */
  FIELD_TENSOR,  /* const Tensor *, NULL where absent */
  FIELD_GRAPH,   /* Graph * */
  FIELD_STRINGS, /* Strings */
  FIELD_IGNORED, /* of any kind, and not decoded: nothing depends on it */
  FIELD_TYPE,    /* int64_t: an element type by its number in ONNX, or by its name up to opset 5 */
} AttributeField;

typedef struct Ints {
  bool given;
  int count;
  const int64_t *values;
} Ints;

typedef struct Floats {
  bool given;
  int count;
  const float *values;
} Floats;

typedef struct Strings {
  bool given;
  int count;
  const char *const *values;
} Strings;

/* One attribute: how it is called in ONNX, where it goes in the params struct, what is legal. Values outside
   the legal range are refused at import, so that kernels never check again. */
typedef struct AttributeRow {
  const char *name;
  AttributeField field;
  size_t offset; /* offsetof(XxxParams, member) */
  bool required;
  int64_t otherwise; /* default of INT, BOOL, CHOICE */
  float otherwise_float;
  int64_t least, most;        /* of INT and of each of INTS; both 0: any */
  const char *const *choices; /* of CHOICE, NULL at the end */
} AttributeRow;

/* ATTRIBUTE(XxxParams, axis, FIELD_INT, .otherwise = 1): the kind, then what differs from zero. */
#define ATTRIBUTE(type, member, ...)                                                                         \
  { .name = #member, .offset = offsetof(type, member), .field = __VA_ARGS__ }

/* ---- the row ---- */

typedef enum PortKind {
  PORT_REQUIRED = 0,
  PORT_OPTIONAL,
  PORT_VARIADIC,        /* one or more */
  PORT_VARIADIC_OR_NONE /* any number */
} PortKind;

static inline bool port_is_variadic(PortKind kind) {
  return kind == PORT_VARIADIC || kind == PORT_VARIADIC_OR_NONE;
}

/* An input or an output. */
typedef struct Port {
  const char *name;
  PortKind kind;
  uint32_t types;    /* set of ELEMENT_BITs */
  const char *shape; /* "[N, C, ...]", for messages and docs */
} Port;

typedef struct OpVersion {
  int since;           /* opset version from which on this holds */
  InferFunction infer; /* NULL at the end of the list */
  RunFunction run;     /* reference kernel: plain, obviously right, wide accumulator */
  RunFunction fast;    /* NULL or a faster kernel, which itself falls back to `run` in uncommon cases */
  GradFunction grad;   /* NULL: `grad_reason` says why there is none */
} OpVersion;

/* What integers do with an operator: calibration and lowering read it. One file each in lower/. */
#define OP_ROLES(X)                                                                                          \
  X(LINEAR, "linear")         /* Conv, ConvTranspose, Gemm, MatMul */                                        \
  X(SAME_SCALE, "same-scale") /* values are moved or picked: MaxPool, Concat, Pad, nearest Resize */         \
  X(VIEW, "view")             /* the same values in another shape or order: Reshape, Transpose */            \
  X(TABLE, "table")           /* a function of one element */                                                \
  X(SUM, "sum")               /* Add, Sub */                                                                 \
  X(PRODUCT, "product")       /* Mul */                                                                      \
  X(PICK, "pick")             /* larger or smaller of two: Max, Min */                                       \
  X(AVERAGE, "average")       /* AveragePool, ReduceMean, ReduceSum, linear Resize */                        \
  X(SOFTMAX, "softmax")                                                                                      \
  X(NORM, "norm")                                                                                            \
  X(GATHER, "gather")                                                                                        \
  X(RECURRENT, "recurrent")                                                                                  \
  X(INDEX, "index") /* shape arithmetic, comparisons, ids: never quantized */                                \
  X(FLOAT, "float") /* no integer form: runs in float32 between conversions */

typedef enum OpRole {
#define X(name, text) ROLE_##name,
  OP_ROLES(X)
#undef X
} OpRole;

/* A linear operator's operands, for per-channel quantization and lowering. */
typedef struct LinearForm {
  int data, weight, bias; /* input numbers; bias -1 where the operator takes none */
  int channel_axis;       /* of the weight: its output channels */
} LinearForm;

/* Work of a node once shapes are known. */
typedef struct OpCost {
  int64_t macs; /* multiply-accumulates */
} OpCost;

/* A small case, from which tests are generated (operators/samples.h has the notation):
     {"f32[1,3,5,5], f32[4,3,3,3], -", "pads=[1,1,1,1] group=1"} */
typedef struct OpSample {
  const char *inputs;
  const char *attributes;
} OpSample;

struct AxisRules;
struct AxisCut;

#define OP_MAX_VERSIONS 8
#define OP_MAX_PORTS 9
#define OP_MAX_SAMPLES 8

typedef struct Op {
  const char *name;
  const char *domain;                                          /* NULL for ai.onnx */
  const char *brief;                                           /* one sentence for the docs */
  OpVersion versions[OP_MAX_VERSIONS];                         /* newest first */
  const AttributeRow *attributes;                              /* ends with a NULL name; NULL: none */
  size_t params_bytes;                                         /* of the struct that they are decoded into */
  Status (*check)(const Node *node, void *params, Error *err); /* NULL, or what rows cannot say */
  Port inputs[OP_MAX_PORTS], outputs[OP_MAX_PORTS]; /* end with a NULL name; variadic ones come last */
  OpRole role;
  const char *role_reason; /* required for ROLE_FLOAT: why there is no integer form */
  OpRole (*role_of)(const Node *node, const char **reason);         /* NULL, or the role of this very node */
  Status (*linear)(const Node *node, LinearForm *form, Error *err); /* of ROLE_LINEAR */
  const char *grad_reason; /* why the newest version has no gradient: "not differentiable: ..." */
  uint32_t settings;       /* bits of inputs that are no data: their gradient is given as zero */
  uint32_t statistics;     /* bits of outputs that are only looked at: no gradient comes from them */
  bool straight_through;   /* the gradient goes through codes, with respect to the code: see gradient.h */
  uint32_t passes;         /* bits of inputs whose gradient is that of output 0 as it is, where the sizes are
                              alike: nothing is computed then */
  bool is_alias;           /* output 0 is input 0's bytes under another shape: nothing is computed */
  void (*axes)(struct AxisRules *rules); /* how axes are tied (operators/axes.h); NULL: all keep their size */
  Status (*slim)(struct AxisCut *cut);   /* NULL, or makes attributes and shapes fit what was taken away */
  OpCost (*cost)(const Node *node);      /* NULL: no multiply-accumulates */
  OpSample samples[OP_MAX_SAMPLES];      /* end with NULL inputs; at least one */
} Op;

/* ---- the table ---- */

int op_count(void);
const Op *op_at(int i); /* sorted by domain, then name */
/* NULL where edgec does not have it. */
const Op *op_find(const char *domain, const char *name);
const char *op_role_name(OpRole role);
/* The role of a bound node; `reason` (may be NULL) gets the row's text for ROLE_FLOAT. A node whose outputs
   are not float is ROLE_INDEX unless its row says otherwise. */
OpRole op_role(const Node *node, const char **reason);

/* Finds the row and the version of one node and decodes its attributes into the graph's arena. UNSUPPORTED
   where there is no row or version, BAD_INPUT where an attribute or the number of inputs is illegal. */
Status op_bind(Graph *graph, Node *node, Error *err);
/* All nodes (bodies too). UNSUPPORTED with the complete list of operators that are missing. */
Status op_bind_graph(Graph *graph, Error *err);

/* Types and shapes of all nodes' outputs, in order, written to their values. A declared type or dimension
   that contradicts the inferred one is BAD_INPUT. */
Status op_infer_graph(Graph *graph, Error *err);
/* Infers from what is given instead of from the graph: the interpreter's way. Checks input types. */
Status op_infer_node(const Node *node, const InferValue *in, InferValue *out, Error *err);
/* Fills an InferValue from a computed tensor. */
void infer_value_of(const Tensor *tensor, InferValue *value);

#endif
