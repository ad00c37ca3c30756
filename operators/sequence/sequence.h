/* sequence.h - what the operators on sequences and optionals share. */
#ifndef OPERATORS_SEQUENCE_SEQUENCE_H
#define OPERATORS_SEQUENCE_SEQUENCE_H

#include "graph/sequence.h"
#include "operators/op.h"

#define SEQUENCES ELEMENT_BIT(ELEMENT_SEQUENCE)
#define OPTIONALS ELEMENT_BIT(ELEMENT_OPTIONAL)
#define POSITIONS (ELEMENT_BIT(ELEMENT_INT32) | ELEMENT_BIT(ELEMENT_INT64))
#define NO_SEQUENCES "an .edge program has tensors only"

/* Output 0 is a sequence. */
Status sequence_infer(Infer *infer);
/* Output 0 is one of the items: what it is, only the run tells. */
Status sequence_infer_item(Infer *infer);

/* Output i becomes a sequence (or an optional) of copies of the items. */
Status sequence_deliver(Run *run, int i, ElementType type, const Tensor *const *items, int64_t count);

/* The items of a sequence, as many as sequence_count() says, with room for one more; NULL where memory ran
 * out. */
const Tensor **sequence_items(Run *run, const Tensor *sequence);

/* The position that input i gives, counted from the end where negative, or `otherwise` without that input; it
   must be at least 0 and below `end`. */
Status sequence_position(Run *run, int i, int64_t count, int64_t end, int64_t otherwise, int64_t *position);

#endif
