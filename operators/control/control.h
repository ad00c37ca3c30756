/* control.h - what If, Loop and Scan share: tensors that go into bodies and come out of them. */
#ifndef OPERATORS_CONTROL_CONTROL_H
#define OPERATORS_CONTROL_CONTROL_H

#include "operators/op.h"

/* A tensor's copy that the next iteration reads; its memory is used again where it is large enough. */
typedef struct Kept {
  Tensor tensor;
  size_t room;
} Kept;

/* `kept` zeroed before the first call. */
Status control_keep(Run *run, Kept *kept, const Tensor *tensor);
/* `count` zeroed objects of scratch memory; NULL where memory ran out. */
void *control_new(Run *run, int count, size_t size);

/* Output i becomes a copy of `tensor`; does nothing where nobody wants it. */
Status control_deliver(Run *run, int i, const Tensor *tensor);
/* Output i gets this type and shape; BAD_INPUT where inference promised another one. */
Status control_shape_output(Run *run, int i, ElementType type, const Shape *shape);

/* BAD_INPUT unless the body has so many inputs and outputs. */
Status control_check_body(const Infer *infer, const char *name, const Graph *body, int inputs, int outputs);
/* What is known of a tensor that is either `a` or `b`. */
void control_either(const InferValue *a, const InferValue *b, InferValue *out);
/* Type and shape of a value of a body. */
void control_describe(const Value *value, InferValue *known);

/* Element `at` along `axis` of `whole`, whose shape is that of `part` with `axis` put in: out of it, into it.
 */
void control_take(const Tensor *whole, int axis, int64_t at, Tensor *part);
void control_put(const Tensor *part, Tensor *whole, int axis, int64_t at);

#endif
