/*
 * builder.h - a program while it is being made: tensors, constants, instructions, and which tensor holds
 * which value in which form.
 *
 *     int32_t x = build_get(b, node->inputs[0], FORM_CODES, LAYOUT_LAST);     // converted where needed
 *     int32_t y = build_result(b, node->outputs[0], FORM_CODES, LAYOUT_LAST);
 *     build_emit(b, EDGE_OP_MAXPOOL, INPUTS(x), y, &params, sizeof params);
 *     return b->status;
 *
 * A failure is remembered in b->status, and everything after it does nothing (tensor 0 is a row for that), so
 * that a role asks once, at its end.
 */
#ifndef LOWER_BUILDER_H
#define LOWER_BUILDER_H

#include "lower/layout.h"
#include "lower/lower.h"

/* A value in codes of its QuantSpec, or as the model has it: float32, indices, truth values. */
typedef enum Form { FORM_CODES = 0, FORM_REAL = 1 } Form;

/* A tensor row; its offset is set at the end. */
typedef struct DraftTensor {
  EdgeTensor info;
  int32_t root;         /* whose memory it is; itself where it is no alias */
  const void *constant; /* content, in the program's arena; NULL: lies in the runtime's arena */
} DraftTensor;

/* Where a value is; -1: not (yet) there in that form and layout. */
typedef struct Place {
  int32_t tensor[2][2]; /* [Form][Layout] */
  Layout home;          /* the layout that its producer chose */
  Form home_form;
} Place;

typedef struct Builder {
  const Graph *graph;
  Arena *arena;  /* the program's */
  Arena scratch; /* what only the current node needs: constants are copied out of it */
  Error *err;
  Status status;
  const Node *node; /* being lowered, for messages */
  DraftTensor *tensors;
  size_t tensor_count, tensor_capacity;
  ProgramInstruction *instructions; /* tensor[] are indices into `tensors` */
  size_t instruction_count, instruction_capacity;
  Place *places;    /* by value->index */
  Text unsupported; /* the list of what has no instruction */
  int unsupported_count;
} Builder;

Status build_open(Builder *b, const Graph *graph, Arena *arena, Error *err);
void build_close(Builder *b); /* accepts a zeroed one */

/* Remembers a failure of this kind, "node 'n' (Op): " before the message; returns it. */
Status build_fail(Builder *b, Status status, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Enters the current node into the list of what has no instruction and gives its outputs tensors, so that
   the rest can be looked at, too. */
Status build_unsupported(Builder *b, const char *reason);

/* ---- tensors ---- */

/* The runtime's type; false where it has none. Float types are float32 in programs. */
bool edge_type_of(ElementType type, EdgeType *result);

/* A new tensor in the arena; scale 0: not quantized. */
int32_t build_tensor(Builder *b, EdgeType type, int rank, const uint32_t *dims, float scale,
                     int32_t zero_point);
/* The same bytes under other dims (of as many elements): `tensor` itself where it has them already. */
int32_t build_alias(Builder *b, int32_t tensor, int rank, const uint32_t *dims);
/* A constant of `data`, which is copied. */
int32_t build_constant(Builder *b, EdgeType type, int rank, const uint32_t *dims, const void *data,
                       float scale, int32_t zero_point);
/* Dims of a value's tensor: those of the layout; leading ones taken together beyond EDGE_MAX_RANK. */
int build_dims(const Shape *shape, Layout layout, uint32_t dims[EDGE_MAX_RANK]);

/* ---- values ---- */

/* How a value would be stored if nothing else were asked for: codes where its spec says integers. */
Form build_form(const Value *value);
/* True if a producer has written it already. */
bool build_has(const Builder *b, const Value *value);
/* The layout in which it is: LAYOUT_PLAIN for constants. */
Layout build_layout(const Builder *b, const Value *value);
/* The value in that form and layout, by conversions where it is not there yet. LAYOUT_ANY: as it lies. */
int32_t build_get(Builder *b, const Value *value, Form form, Layout layout);
/* The same as rank-4 [N,H,W,C]. */
int32_t build_image(Builder *b, const Value *value, Form form);
/* A new tensor in which the value will be written. */
int32_t build_result(Builder *b, const Value *value, Form form, Layout layout);
/* The value is in `tensor` (an alias of its dims is made where it has others). */
void build_put(Builder *b, const Value *value, Form form, Layout layout, int32_t tensor);

/* ---- instructions ---- */

#define INPUTS(...) (const int32_t[]){__VA_ARGS__}, (int)(sizeof((const int32_t[]){__VA_ARGS__}) / 4)

/* Trailing inputs of -1 are left out. `params` is copied. */
void build_emit(Builder *b, EdgeOpcode opcode, const int32_t *inputs, int input_count, int32_t output,
                const void *params, size_t params_bytes);
/* COPY along `loops` of the operands y (0) and x (1). */
void build_copy(Builder *b, int32_t x, int64_t x_offset, int32_t y, int64_t y_offset, const Loops *loops);

/* ---- the end ---- */

/* Drops what no output needs, plans memory and fills the program. */
Status build_finish(Builder *b, EdgeProgram *program);

#endif
