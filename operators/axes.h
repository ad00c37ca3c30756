/*
 * axes.h - how the axes of a node's inputs and outputs hang together: what a row's `axes` says, and what its
 * `slim` writes once channels were taken away.
 *
 * A place is one index along one axis of one value: channel 5 of a convolution's output, row 5 of its weight.
 * Two places are tied where one cannot go without the other. A row ties the places of its node; over a whole
 * graph the ties give the channels that go together (prune/channels.h).
 *
 *     static void conv_axes(AxisRules *rules) {
 *       const Value *x = rules_in(rules, 0), *weight = rules_in(rules, 1), *y = rules_out(rules, 0);
 *       axis_same(rules, x, 0, y, 0);          // the batch
 *       axis_made(rules, weight, 0, y, 1);     // output channels: made by the weight's rows
 *       axis_same(rules, weight, 1, x, 1);     // input channels: summed over by the weight's columns
 *     }                                        // not spoken of: spatial axes, of which nothing can go
 *
 * An axis of which a row says nothing keeps all its places, and so does every axis of an operator without
 * rules. Axes of unknown size have no places. NULL for a value (an absent input) is nothing to say.
 */
#ifndef OPERATORS_AXES_H
#define OPERATORS_AXES_H

#include "operators/op.h"

#define AXES_MOST_PLACES (INT64_C(1) << 24) /* of a graph */

typedef struct AxisTies AxisTies;

/* Handed to a row's `axes`. */
typedef struct AxisRules {
  const Node *node;
  const void *params;
  AxisTies *ties;
} AxisRules;

/* Input or output i, or NULL. */
const Value *rules_in(const AxisRules *rules, int i);
const Value *rules_out(const AxisRules *rules, int i);

/* Places of an axis: its size where that is known, 0 otherwise. */
int64_t axis_size(const Value *value, int axis);

/* Place i of one axis is tied to place i of the other. Of different sizes: both keep all places. */
void axis_same(AxisRules *rules, const Value *a, int axis_a, const Value *b, int axis_b);
/* from_a + i to from_b + i, for i = 0..count-1; the places outside are free. */
void axis_same_range(AxisRules *rules, const Value *a, int axis_a, int64_t from_a, const Value *b, int axis_b,
                     int64_t from_b, int64_t count);
/* One place; of both axes the others are free unless they are tied too. */
void axis_same_place(AxisRules *rules, const Value *a, int axis_a, int64_t place_a, const Value *b,
                     int axis_b, int64_t place_b);
/* axis_same() of an axis that begins here: a constant weight makes the channels of `out`. */
void axis_made(AxisRules *rules, const Value *weight, int weight_axis, const Value *out, int out_axis);
/* Places may go as far as this node is concerned: it sums over them, or only looks at them. */
void axis_free(AxisRules *rules, const Value *value, int axis);
/* All places stay; `why` (static text) is told to the user: "node 's' (Softmax): <why>". */
void axis_stop(AxisRules *rules, const Value *value, int axis, const char *why);

/* ---- rules that many operators share ---- */

/* An operand that is broadcast to `out`: axes of the same size are tied, those of 1 are not. */
void axes_broadcast(AxisRules *rules, const Value *operand, const Value *out);
/* All axes of two values of one rank, but `except` (-1: none). */
void axes_same_but(AxisRules *rules, const Value *a, const Value *b, int except);
/* Every input is broadcast to every output: functions of one element, of pairs, of many. */
void axes_elementwise(AxisRules *rules);
/* [N, C, ...] to [N, C, ...]: batch and channels stay, along the others something is done. */
void axes_planes(AxisRules *rules);
/* The same elements in the same order under another shape: Reshape, Flatten, Squeeze, Unsqueeze. Where axes
   become one, those channels count that a weight made; where one becomes several, they are the last. */
void axes_view(AxisRules *rules);
/* A normalization of axis 1 by itself or of all axes: like axes_elementwise() but for inputs 1 and on, which
   hold a number a channel. */
void axes_per_channel(AxisRules *rules);
/* Nothing flows: shapes are looked at. */
void axes_looked_at(AxisRules *rules);

/* ---- the ties of a graph ---- */

/* What makes channels: the axis of a weight of a node. */
typedef struct AxisMaker {
  const Node *node;
  const Value *weight, *out;
  int weight_axis, out_axis;
} AxisMaker;

/* Asks all rows. The graph must be bound and inferred, and stay as it is while the ties are in use; inputs
   and outputs of the graph keep all places. UNSUPPORTED beyond AXES_MOST_PLACES. */
Status axis_ties_new(AxisTies **ties, const Graph *graph, Error *err);
void axis_ties_free(AxisTies *ties); /* accepts NULL */

int64_t axis_places(const AxisTies *ties); /* of all axes; numbered by value, then axis, then index */
/* The first of an axis; -1 where the value came after the ties or the axis has none. */
int64_t axis_first_place(const AxisTies *ties, const Value *value, int axis);
/* The place that stands for all that are tied to this one, itself or a lower one. */
int64_t axis_root(const AxisTies *ties, int64_t place);
/* Does a weight make a place of that root? */
bool axis_root_made(const AxisTies *ties, int64_t root);
/* Why the places of a root stay, NULL where they need not; *node is who says so, NULL: the graph. */
const char *axis_root_stop(const AxisTies *ties, int64_t root, const Node **node);
/* Of a node, or NULL. */
const AxisMaker *axis_maker(const AxisTies *ties, const Node *node);

/* ---- what is left ---- */

/* Handed to a row's `slim`: which places are kept. Shapes and constants are those from before. */
typedef struct AxisCut {
  Graph *graph;
  Node *node;
  const void *params;
  const AxisTies *ties;
  const bool *kept; /* by place */
  Error *err;
} AxisCut;

/* Places from..to-1 of an axis that are kept; all of an axis that has none of its own. */
int64_t cut_kept(const AxisCut *cut, const Value *value, int axis, int64_t from, int64_t to);
/* Does the axis lose places? */
bool cut_changes(const AxisCut *cut, const Value *value, int axis);
/* Input i becomes a new constant of that type, of one axis. */
Status cut_set_ints(const AxisCut *cut, int i, ElementType type, const int64_t *ints, int count);
/* A `slim`: input 1, or the attribute `shape` of old versions, becomes the output's new shape, if that
   changes. */
Status cut_target_shape(AxisCut *cut);

#endif
