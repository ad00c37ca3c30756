/*
 * attention.h - a call of Attention: where its heads lie, and rows of scores, for both ways.
 *
 *     AttentionCase c;
 *     TRY(attention_open(run, &c));
 *     attention_load_head(&c, &c.past_key, &c.k, c.width, b, h, attention_load_float, keys);
 *     ... c.scores = the scaled products of a row with all keys ...
 *     attention_finish_row(&c, b, h, row);          // c.scores: probabilities
 */
#ifndef OPERATORS_ATTENTION_ATTENTION_H
#define OPERATORS_ATTENTION_ATTENTION_H

#include "operators/op.h"

typedef struct AttentionParams {
  bool is_causal;
  int64_t q_num_heads, kv_num_heads; /* of inputs of 3 dimensions */
  int64_t qk_matmul_output_mode;
  float scale; /* NaN: 1 / sqrt(head size) */
  float softcap;
  int64_t softmax_precision; /* an element type; sums are in double here, whatever it says */
} AttentionParams;

enum { IN_Q, IN_K, IN_V, IN_MASK, IN_PAST_KEY, IN_PAST_VALUE, IN_LENGTHS };
enum { OUT_Y, OUT_PRESENT_KEY, OUT_PRESENT_VALUE, OUT_SCORES };
enum { SCORES_RAW, SCORES_CAPPED, SCORES_BIASED, SCORES_SOFTMAX };

/* How a tensor's heads lie in memory, in elements. */
typedef struct HeadPlaces {
  const Tensor *tensor;
  int64_t batch_step, head_step, row_step;
} HeadPlaces;

typedef struct AttentionCase {
  const AttentionParams *params;
  Run *run;
  int64_t batch, heads, kv_heads, rows, past, total; /* rows of Q; keys before and all together */
  int64_t width, value_width;
  double scale;
  HeadPlaces q, k, v, y, past_key, past_value;
  int64_t mask_step[4];  /* elements between neighbours along batch, head, row, key; 0 where stretched */
  int64_t mask_keys;     /* keys that the mask speaks of; those behind are masked */
  double *scores, *bias; /* a row's */
  double *capped;        /* a row's scores behind the soft cap; NULL: not kept */
} AttentionCase;

Status attention_open(Run *run, AttentionCase *c);

/* First element of a row of a head. */
static inline int64_t attention_row_at(const HeadPlaces *places, int64_t b, int64_t h, int64_t row) {
  return b * places->batch_step + h * places->head_step + row * places->row_step;
}
/* The element of the mask for a row and a key that it speaks of. */
static inline int64_t attention_mask_at(const AttentionCase *c, int64_t b, int64_t h, int64_t row,
                                        int64_t key) {
  return b * c->mask_step[0] + h * c->mask_step[1] + row * c->mask_step[2] + key * c->mask_step[3];
}

/* From scaled products to probabilities, in c->scores; c->bias becomes what was added on the way. */
void attention_finish_row(AttentionCase *c, int64_t b, int64_t h, int64_t row);

/* Copies a row of `width` elements from `at` to row `row` of a matrix. */
typedef void (*LoadRow)(const Tensor *from, int64_t at, int64_t width, void *to, int64_t row);
void attention_load_double(const Tensor *from, int64_t at, int64_t width, void *to, int64_t row);
void attention_load_float(const Tensor *from, int64_t at, int64_t width, void *to, int64_t row);
/* All rows of a head, those of the past first. */
void attention_load_head(const AttentionCase *c, const HeadPlaces *past, const HeadPlaces *now, int64_t width,
                         int64_t b, int64_t h, LoadRow load, void *to);

Status attention_grad(Grad *grad);

#endif
