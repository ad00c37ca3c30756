/*
 * requant.h - from real numbers to codes: of constants, of clamps, of tables; and what a producing
 * instruction does last.
 */
#ifndef LOWER_REQUANT_H
#define LOWER_REQUANT_H

#include "lower/builder.h"
#include "operators/op.h"

/* How reals become integers: clamp(round half to even(real / scale) + zero_point, least, most). */
typedef struct Codes {
  EdgeType type; /* EDGE_S8 or EDGE_S16 */
  float scale;
  int32_t zero_point, least, most;
} Codes;

Codes codes_of_spec(const QuantSpec *spec);
/* Of an operand's own spec; where it has none for a whole tensor: 8 bits that just cover its values and 0. */
Codes codes_of_constant(const Value *value);
/* NaN gives the zero point. */
int32_t code_of(double real, Codes codes);
bool codes_equal(Codes a, Codes b); /* the same scale, zero point and type */

/* True if somebody reads the value. */
bool is_wanted(const Value *value);
/* True if the value is in codes (a constant: can be). */
bool is_coded_input(const Value *value);
/* True if every float input of the node is in codes and every float output in codes or internal. */
bool is_integer_node(const Node *node);

/*
 * Where a producing instruction writes and what it does last. A QUANT_INTERNAL output is written as its one
 * user's output: clamped to the user's bounds, or through a table of the user's function.
 */
typedef struct Result {
  const Value *value; /* that is written */
  Codes codes;        /* before the table; the value's own where there is none */
  int32_t table;      /* a constant of 256 codes, or -1: only of 8 bits to 8 bits */
} Result;

/* False where the output is not in codes, or its user cannot be fused. */
bool result_of(Builder *b, const Value *output, Result *result);
/* The tensor of the result. */
int32_t result_tensor(Builder *b, const Result *result, Layout layout);

/* For instructions that take no table: the tensor to write codes before the table to (or the result's own),
   and the TABLE behind it where there is one. */
int32_t result_before_table(Builder *b, const Result *result, Layout layout);
void result_after(Builder *b, const Result *result, Layout layout, int32_t before);

/* The bounds of a Relu or Clip; false for other nodes. */
bool clamp_bounds(const Node *node, double *low, double *high);
/* True if the node is a function of one input only: its other inputs are constants of one element. */
bool is_function_of(const Node *node, const Value *x);
/* A constant of the model in those codes. */
int32_t constant_in_codes(Builder *b, const Value *value, Codes codes);
/* The constant table of that function from `in` to `out` codes: 256 results, or 513 where `in` has 16 bits.
 */
int32_t function_table(Builder *b, const Node *node, const Value *x, Codes in, Codes out);
/* The tensor in other codes: itself where they are the same. */
int32_t requantized(Builder *b, int32_t tensor, Codes to);
Codes codes_of_tensor(const Builder *b, int32_t tensor);

#endif
