/*
 * roles.h - one function a role: lowers b->node, or enters it into the list of what has no instruction.
 */
#ifndef LOWER_ROLES_H
#define LOWER_ROLES_H

#include "lower/builder.h"
#include "lower/requant.h"

Status lower_linear(Builder *b);
Status lower_same_scale(Builder *b);
Status lower_view(Builder *b);
Status lower_table(Builder *b);
Status lower_sum(Builder *b);
Status lower_product(Builder *b);
Status lower_pick(Builder *b);
Status lower_average(Builder *b);
Status lower_softmax(Builder *b);
Status lower_norm(Builder *b);
Status lower_gather(Builder *b);
Status lower_index(Builder *b);
Status lower_float(Builder *b);

#endif
