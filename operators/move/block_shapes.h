/* block_shapes.h - what DepthToSpace and SpaceToDepth share: blocks of pixels against channels. */
#ifndef OPERATORS_MOVE_BLOCK_SHAPES_H
#define OPERATORS_MOVE_BLOCK_SHAPES_H

#include "operators/op.h"

/* *dim times factor, or divided by it where that is exact; unknown stays unknown. */
Status block_multiply(const Infer *infer, Dim *dim, int64_t factor);
Status block_divide(const Infer *infer, int axis, Dim *dim, int64_t factor);
/* BAD_INPUT unless input 0 is [N, C, H, W], where its shape is known. */
Status block_check(const Infer *infer);

#define BLOCK_MAX 65536 /* of a block's side: its square then fits an int64 with ease */

#endif
