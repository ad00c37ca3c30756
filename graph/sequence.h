/*
 * sequence.h - sequences of tensors, and optionals, which are sequences of none or one.
 *
 * Both are tensors too: of type ELEMENT_SEQUENCE or ELEMENT_OPTIONAL, with as many elements as they take
 * bytes. The bytes hold all items, with their types and shapes, and no address but those of strings. So what
 * keeps, passes on and copies tensors does the same with sequences, and an item can be a sequence.
 *
 *     int64_t bytes;
 *     if (!sequence_bytes(items, count, &bytes)) ...            // too large
 *     Tensor *sequence = tensor_new(arena, ELEMENT_SEQUENCE, &SHAPE(bytes), err);
 *     sequence_write(sequence, items, count);
 *     Tensor last = sequence_item(sequence, sequence_count(sequence) - 1);
 */
#ifndef GRAPH_SEQUENCE_H
#define GRAPH_SEQUENCE_H

#include "graph/tensor.h"

int64_t sequence_count(const Tensor *sequence);
/* Item i, whose data lie in the sequence. */
Tensor sequence_item(const Tensor *sequence, int64_t i);

/* Elements of a sequence of those items; false where there would be too many. */
bool sequence_bytes(const Tensor *const *items, int64_t count, int64_t *bytes);
/* Fills a sequence of sequence_bytes() elements; every byte of it is set. */
void sequence_write(Tensor *sequence, const Tensor *const *items, int64_t count);

#endif
