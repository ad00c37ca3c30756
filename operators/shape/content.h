/*
 * content.h - integers that flow: what is known of a shape, of indices, of axes before anything is computed.
 *
 *     Content target;
 *     if (!content_of(&infer->in[1], &target)) ...            // its length is not even known
 *     for (int i = 0; i < target.count; i++)
 *       if (target.items[i].known) use(target.items[i].value); // else value is a symbol or DIM_UNKNOWN
 */
#ifndef OPERATORS_SHAPE_CONTENT_H
#define OPERATORS_SHAPE_CONTENT_H

#include "operators/op.h"

/* The largest tensor that edgec makes out of the content of another one (4 GiB of float32): a guard against
   target shapes that a damaged model asks for. */
#define CONTENT_MAX_ELEMENTS (INT64_C(1) << 30)

/* One integer: its value where known, otherwise the symbol that stands for it, or DIM_UNKNOWN. */
typedef struct ContentItem {
  bool known;
  int64_t value;
} ContentItem;

/* The integers of a scalar or 1-D tensor. */
typedef struct Content {
  int count;
  ContentItem items[INFER_MAX_ELEMENTS];
} Content;

/* False where not even the number of elements is known, or there are more than INFER_MAX_ELEMENTS. An integer
   tensor of known length and unknown content gives unknown items. */
bool content_of(const InferValue *value, Content *content);
/* Makes the items the followed elements of an output whose shape is set; does nothing where none is known. */
void content_follow(InferValue *out, const Content *content);
/* Copies what is followed of input 0 to output 0, which has as many elements in the same order. */
void content_pass(Infer *infer);
/* A dimension from an item: its value, its symbol, or unknown. */
Dim content_dim(const ContentItem *item);
ContentItem content_item(Dim dim);
ContentItem content_known(int64_t value);

/* Integers of an input that has to be known as a whole to be of use. */
typedef struct KnownInts {
  bool known; /* the input is absent or all its values are known */
  int count;  /* 0 where absent, -1 where not known */
  int64_t values[INFER_MAX_ELEMENTS];
} KnownInts;

/* BAD_INPUT where input i has more than `most` values, or more than one dimension. */
Status known_ints(const Infer *infer, int i, const char *what, int most, KnownInts *ints);
/* The same from an attribute's list. */
Status known_ints_of(const Infer *infer, const Ints *attribute, const char *what, int most, KnownInts *ints);
/* The single known integer of input i into *value; false where it is absent or not known. */
bool known_int(const Infer *infer, int i, int64_t *value);

/* infer_set() that refuses with BAD_INPUT a shape of more than CONTENT_MAX_ELEMENTS elements. */
Status infer_set_sized(Infer *infer, int i, ElementType type, const Shape *shape);
/* Only the type: the shape stays open. */
Status infer_open(Infer *infer, int i, ElementType type);
/* Only type and rank. */
Status infer_rank(Infer *infer, int i, ElementType type, int rank);
/* BAD_INPUT unless axis is within -rank..rank-1; *result is then within 0..rank-1. */
Status infer_axis(const Infer *infer, int64_t axis, int rank, int *result);

/* Integers of a computed input while a node runs: their number, at most `most`; 0 for NULL. */
int run_ints(const Tensor *tensor, int64_t *values, int most);
/* output 0 = the bytes of input 0; the run function of every view. */
Status run_copy(Run *run);

#endif
