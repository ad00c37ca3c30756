/*
 * moves.h - elements that only change their place: strided copies, and rows picked by index. The same for
 * codes, float32 and the model's own integers.
 */
#ifndef LOWER_MOVES_H
#define LOWER_MOVES_H

#include "lower/elementwise.h"

/* Codes where input and output are in codes, else as the model has them. */
Form move_form(const Value *in, const Value *out);
/* An operand in the codes of `out` (or in real form), as it lies. */
Operand move_operand(Builder *b, const Value *in, const Value *out, Form form);

/* A box of y: for each of y's axes where it starts, the step, how many; and how x advances with them. */
typedef struct MoveBox {
  int64_t start[GRAPH_MAX_RANK], extent[GRAPH_MAX_RANK];
  int32_t y_step[GRAPH_MAX_RANK], x_stride[GRAPH_MAX_RANK];
  int64_t x_offset;
} MoveBox;

/* All of y, x not advancing. */
MoveBox move_box(const Shape *y);
void move_emit(Builder *b, int32_t x, const Operand *y, const MoveBox *box);

/* y[.., i, ..] = x[.., index[i], ..] along one of the model's axes. */
Operand move_pick(Builder *b, const Operand *x, int axis, const int32_t *index, int64_t count);
/* Elements before, along and behind an axis, as the operand lies. */
typedef struct AxisView {
  int32_t outer, length, inner;
} AxisView;
AxisView axis_view(const Operand *x, int axis);
/* A new tensor like x but with another extent along one axis. */
Operand resized_operand(Builder *b, const Operand *x, int axis, int64_t count);

/* The axes that a node names by an attribute "axes" or a constant input; all of them where it names none. */
bool node_axes(const Node *node, int input, int rank, bool axes[GRAPH_MAX_RANK], bool *given);

/* ---- operators ---- */

Status lower_concat(Builder *b);
Status lower_split(Builder *b);
Status lower_slice(Builder *b);
Status lower_expand(Builder *b);
Status lower_transpose(Builder *b);
Status lower_pad(Builder *b);
Status lower_resize(Builder *b); /* nearest and linear */
Status lower_where(Builder *b);
Status lower_moved(Builder *b); /* any other that moves elements in a fixed pattern */

#endif
