/*
 * layout.h - how a value's elements lie in memory, and loops over several tensors that lie differently.
 *
 * A value has the axes of the model. In PLAIN order they lie as the model has them, row-major. In LAST order
 * the channels of [N,C,W] or [N,C,H,W] lie last: [N,W,C], [N,H,W,C]. Other ranks have PLAIN only.
 */
#ifndef LOWER_LAYOUT_H
#define LOWER_LAYOUT_H

#include "graph/tensor.h"
#include "runtime/edge.h"

typedef enum Layout { LAYOUT_PLAIN = 0, LAYOUT_LAST = 1, LAYOUT_ANY = 2 } Layout;

/* True for rank 3 and 4. */
bool layout_has_channels(const Shape *shape);
/* Both orders are the same bytes: one channel, one position, or no channels at all. */
bool layout_is_same(const Shape *shape);
/* Elements between neighbours along each of the model's axes. */
void layout_strides(const Shape *shape, Layout layout, int32_t strides[GRAPH_MAX_RANK]);
/* order[k] is the model's axis that lies at position k. */
void layout_order(const Shape *shape, Layout layout, int order[GRAPH_MAX_RANK]);
/* [N,C,H,W], [N,C,W] or [N,C] as the [N,H,W,C] that image instructions see. */
void layout_image(const Shape *shape, uint32_t dims[4]);

#define LOOP_OPERANDS 3

/* Nested loops, outermost first: each operand advances by a stride of its own. */
typedef struct Loops {
  int rank, operands;
  int32_t dims[GRAPH_MAX_RANK];
  int32_t stride[LOOP_OPERANDS][GRAPH_MAX_RANK];
} Loops;

/* Adds an innermost loop: dropped where dim is 1, merged with the one around it where all operands allow. */
void loops_add(Loops *loops, int64_t dim, const int32_t stride[LOOP_OPERANDS]);
/* Loops over `out` in the order of `layout`, operands broadcast to it. */
void loops_broadcast(Loops *loops, const Shape *out, Layout layout, int operands, const Shape *const shapes[],
                     const Layout layouts[]);
/* Copies to an instruction's arrays of EDGE_MAX_RANK: dims filled with 1, strides with 0. False where there
   are too many loops. */
bool loops_store(const Loops *loops, int32_t *rank, int32_t *dims, int32_t *const strides[]);

#endif
