/* tensor.h - element types, shapes and tensors. */
#ifndef GRAPH_TENSOR_H
#define GRAPH_TENSOR_H

#include "base/base.h"

#define GRAPH_MAX_RANK 12

/* name, number in ONNX's TensorProto.DataType, bytes of an element in memory, its bits, text. Elements of
   less than a byte are kept one a byte, integers sign-extended and float4 in the low four bits, so that
   moving them takes no special care; only files pack them. A string is a pointer to zero-terminated text that
   its graph's arena owns. */
#define ELEMENT_TYPES(X)                                                                                     \
  X(FLOAT32, 1, 4, 32, "float32")                                                                            \
  X(UINT8, 2, 1, 8, "uint8")                                                                                 \
  X(INT8, 3, 1, 8, "int8")                                                                                   \
  X(UINT16, 4, 2, 16, "uint16")                                                                              \
  X(INT16, 5, 2, 16, "int16")                                                                                \
  X(INT32, 6, 4, 32, "int32")                                                                                \
  X(INT64, 7, 8, 64, "int64")                                                                                \
  X(STRING, 8, 8, 64, "string")                                                                              \
  X(BOOL, 9, 1, 8, "bool")                                                                                   \
  X(FLOAT16, 10, 2, 16, "float16")                                                                           \
  X(FLOAT64, 11, 8, 64, "float64")                                                                           \
  X(UINT32, 12, 4, 32, "uint32")                                                                             \
  X(UINT64, 13, 8, 64, "uint64")                                                                             \
  X(BFLOAT16, 16, 2, 16, "bfloat16")                                                                         \
  X(FLOAT8E4M3FN, 17, 1, 8, "float8e4m3fn")                                                                  \
  X(FLOAT8E4M3FNUZ, 18, 1, 8, "float8e4m3fnuz")                                                              \
  X(FLOAT8E5M2, 19, 1, 8, "float8e5m2")                                                                      \
  X(FLOAT8E5M2FNUZ, 20, 1, 8, "float8e5m2fnuz")                                                              \
  X(UINT4, 21, 1, 4, "uint4")                                                                                \
  X(INT4, 22, 1, 4, "int4")                                                                                  \
  X(FLOAT4E2M1, 23, 1, 4, "float4e2m1")                                                                      \
  X(FLOAT8E8M0, 24, 1, 8, "float8e8m0")                                                                      \
  X(UINT2, 25, 1, 2, "uint2")                                                                                \
  X(INT2, 26, 1, 2, "int2")                                                                                  \
  X(SEQUENCE, 30, 1, 8, "a sequence")                                                                        \
  X(OPTIONAL, 31, 1, 8, "an optional")

typedef enum ElementType {
  ELEMENT_NONE = 0, /* not known (yet) */
#define X(name, number, size, bits, text) ELEMENT_##name = number,
  ELEMENT_TYPES(X)
#undef X
} ElementType;

/* Bit of a type in a set of types. */
#define ELEMENT_BIT(type) (UINT32_C(1) << (type))
#define ELEMENTS_FLOAT                                                                                       \
  (ELEMENT_BIT(ELEMENT_FLOAT32) | ELEMENT_BIT(ELEMENT_FLOAT16) | ELEMENT_BIT(ELEMENT_FLOAT64) |              \
   ELEMENT_BIT(ELEMENT_BFLOAT16))
#define ELEMENTS_SIGNED                                                                                      \
  (ELEMENT_BIT(ELEMENT_INT8) | ELEMENT_BIT(ELEMENT_INT16) | ELEMENT_BIT(ELEMENT_INT32) |                     \
   ELEMENT_BIT(ELEMENT_INT64))
#define ELEMENTS_UNSIGNED                                                                                    \
  (ELEMENT_BIT(ELEMENT_UINT8) | ELEMENT_BIT(ELEMENT_UINT16) | ELEMENT_BIT(ELEMENT_UINT32) |                  \
   ELEMENT_BIT(ELEMENT_UINT64))
#define ELEMENTS_INTEGER (ELEMENTS_SIGNED | ELEMENTS_UNSIGNED)
#define ELEMENTS_NUMERIC (ELEMENTS_FLOAT | ELEMENTS_INTEGER)
#define ELEMENTS_WIDE (ELEMENTS_NUMERIC | ELEMENT_BIT(ELEMENT_BOOL) | ELEMENT_BIT(ELEMENT_STRING))
/* Types that quantization stores numbers in: they are moved and converted, but nothing computes in them. */
#define ELEMENTS_NARROW_SIGNED (ELEMENT_BIT(ELEMENT_INT4) | ELEMENT_BIT(ELEMENT_INT2))
#define ELEMENTS_NARROW_UNSIGNED (ELEMENT_BIT(ELEMENT_UINT4) | ELEMENT_BIT(ELEMENT_UINT2))
#define ELEMENTS_NARROW_INTEGER (ELEMENTS_NARROW_SIGNED | ELEMENTS_NARROW_UNSIGNED)
#define ELEMENTS_NARROW_FLOAT                                                                                \
  (ELEMENT_BIT(ELEMENT_FLOAT8E4M3FN) | ELEMENT_BIT(ELEMENT_FLOAT8E4M3FNUZ) |                                 \
   ELEMENT_BIT(ELEMENT_FLOAT8E5M2) | ELEMENT_BIT(ELEMENT_FLOAT8E5M2FNUZ) | ELEMENT_BIT(ELEMENT_FLOAT4E2M1) | \
   ELEMENT_BIT(ELEMENT_FLOAT8E8M0))
#define ELEMENTS_NARROW (ELEMENTS_NARROW_INTEGER | ELEMENTS_NARROW_FLOAT)
#define ELEMENTS_ANY (ELEMENTS_WIDE | ELEMENTS_NARROW)
/* What a value can be. The last two are no element types of ONNX but its other kinds of values, kept as bytes
   (graph/sequence.h). */
#define ELEMENTS_VALUE (ELEMENTS_ANY | ELEMENT_BIT(ELEMENT_SEQUENCE) | ELEMENT_BIT(ELEMENT_OPTIONAL))

/* Bytes of an element in memory; 0 for a type that edgec does not have. */
size_t element_bytes(ElementType type);
/* Bits of an element in a file: fewer than its bytes have where types are packed there. */
int element_bits(ElementType type);
/* "float32"; "unknown type" for others. */
const char *element_name(ElementType type);
bool element_is_float(ElementType type);   /* any width that operators compute in: not the narrow ones */
bool element_is_integer(ElementType type); /* signed or unsigned, any width, not bool */
bool element_is_signed(ElementType type);  /* an integer with a sign, any width */
/* Smallest and largest number of an integer type of up to 32 bits. */
void element_limits(ElementType type, double *low, double *high);
static inline bool element_in(ElementType type, uint32_t set) {
  return type > 0 && type < 32 && (ELEMENT_BIT(type) & set) != 0;
}

/* A dimension: 0 or more is known; below that a symbol of the graph (graph_symbol_name) or just unknown. */
typedef int64_t Dim;
#define DIM_UNKNOWN ((Dim)-1)
#define DIM_SYMBOL(index) ((Dim)-2 - (index))
static inline bool dim_is_known(Dim dim) {
  return dim >= 0;
}

typedef struct Shape {
  int rank; /* 0..GRAPH_MAX_RANK */
  Dim dims[GRAPH_MAX_RANK];
} Shape;

/* SHAPE(2, 3, 4) as an expression. */
#define SHAPE(...) ((Shape){.rank = (int)(sizeof((Dim[]){__VA_ARGS__}) / sizeof(Dim)), .dims = {__VA_ARGS__}})
#define SHAPE_SCALAR ((Shape){0})

bool shape_is_known(const Shape *shape);
bool shape_equals(const Shape *a, const Shape *b);
/* Product of dims; -1 where one is unknown or the product exceeds INT64_MAX / 16. 1 for a scalar. */
int64_t shape_elements(const Shape *shape);
/* Product of dims[from..to-1]; all must be known. */
int64_t shape_product(const Shape *shape, int from, int to);
/* Elements between neighbours along each axis, row-major. */
void shape_strides(const Shape *shape, int64_t strides[GRAPH_MAX_RANK]);
/* "[1,3,N,?]" by way of `text`; `graph` (may be NULL) knows the symbols' names. */
struct Graph;
void shape_print(Text *text, const Shape *shape, const struct Graph *graph);

/* Numpy's broadcasting of two shapes, symbols included. False where they do not fit. */
bool shape_broadcast(const Shape *a, const Shape *b, Shape *result);

/* Turns an axis of -rank..rank-1 into 0..rank-1; false where it is outside. */
bool axis_normalize(int64_t axis, int rank, int *result);

/* Dense, row-major. Who owns `data` is said where a tensor is handed over. */
typedef struct Tensor {
  ElementType type;
  Shape shape; /* all known */
  void *data;  /* aligned for its type */
} Tensor;

int64_t tensor_elements(const Tensor *tensor);
size_t tensor_bytes(const Tensor *tensor);
/* A tensor of `shape` with zeroed data in `arena`; NULL on failure. */
Tensor *tensor_new(Arena *arena, ElementType type, const Shape *shape, Error *err);
/* The same with a copy of the elements at `content`, dense and row-major, which need not be aligned. */
Tensor *tensor_new_from(Arena *arena, ElementType type, const Shape *shape, const void *content, Error *err);
/* Element i as a number of the wider kind, whatever the tensor's numeric type (bool: 0, 1). Integers beyond
   the other kind's range saturate; NaN as an integer is 0. */
double tensor_get(const Tensor *tensor, int64_t i);
int64_t tensor_get_integer(const Tensor *tensor, int64_t i);
/* Stores, rounding to the nearest for float types (narrow ones saturate), truncating towards zero and
   saturating for integer ones. */
void tensor_set(Tensor *tensor, int64_t i, double value);
void tensor_set_integer(Tensor *tensor, int64_t i, int64_t value); /* wraps to the type's width */
/* Stores into a tensor of a narrow float type, by the rules that a caller chooses (base/small_floats.h). */
void tensor_set_narrow(Tensor *tensor, int64_t i, double value, PowerRounding rounding, bool saturate);

#endif
