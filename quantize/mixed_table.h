/*
 * mixed_table.h - how the layers of a model can be represented, what that takes and what it costs, and the
 * best choices for a number of bytes. Knows nothing of graphs. Inside quantize/.
 *
 *     MixedTable table;
 *     TRY(mixed_table_new(&table, layers, candidates, &arena, &err));
 *     *mixed_option(&table, l, k) = (MixedOption){.exists = true, .bytes = 1024, .noise = 1e-4};
 *     TRY(mixed_front(&front, &table, &arena, &err));      // plans from the finest to the smallest
 *     fits = mixed_fit(&table, &front, 60000, plan);       // the best plan within so many bytes
 *
 * A plan has the number of a candidate for each layer. Noise of layers adds up: that is an approximation,
 * which whoever measures a plan as a whole can correct in the table.
 */
#ifndef QUANTIZE_MIXED_TABLE_H
#define QUANTIZE_MIXED_TABLE_H

#include "base/base.h"

/* A layer as one of the candidates. */
typedef struct MixedOption {
  bool exists;
  bool is_measured; /* the noise; else it is estimated */
  int64_t bytes;    /* of the weights, as they are written */
  double noise;     /* of the outputs with this layer alone in it: error power over signal power */
} MixedOption;

typedef struct MixedTable {
  int layers, candidates;
  MixedOption *options; /* [layers][candidates] */
} MixedTable;

typedef struct MixedPlan {
  uint8_t *choice; /* candidate by layer */
  int64_t bytes;
  double noise; /* sum over the layers */
} MixedPlan;

/* Plans none of which is both smaller and better than another one. */
typedef struct MixedFront {
  MixedPlan *plans; /* fewer and fewer bytes */
  int count;
  uint8_t *room; /* for the choices of one more plan */
} MixedFront;

#define MIXED_MAX_CANDIDATES 8

Status mixed_table_new(MixedTable *table, int layers, int candidates, Arena *arena, Error *err);

static inline MixedOption *mixed_option(const MixedTable *table, int layer, int candidate) {
  return &table->options[layer * table->candidates + candidate];
}

/* Sums bytes and noise of the plan's choices anew. */
void mixed_sum(const MixedTable *table, MixedPlan *plan);

/* From each layer at its least noise, step by step to the fewest bytes: each step saves bytes where that adds
   the least noise a byte, in ties in the earlier layer. Every layer must have a candidate. */
Status mixed_front(MixedFront *front, const MixedTable *table, Arena *arena, Error *err);

/* Into `plan`, whose `choice` has room, the best plan of at most `bytes`: that of the front, improved by
   exchanges. False where even the smallest plan is larger: `plan` is the smallest. */
bool mixed_fit(const MixedTable *table, const MixedFront *front, int64_t bytes, MixedPlan *plan);

#endif
