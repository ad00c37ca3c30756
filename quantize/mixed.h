/*
 * mixed.h - a number of bits for each layer: those that cost the outputs least for the bytes that they save.
 *
 *     Mixed *mixed;
 *     TRY(mixed_new(&mixed, graph, calibration, &settings, &reader, pool, &err));  // the candidates, first
 * runs
 *     TRY(mixed_measure_home(mixed, &err));                                        // the time of one run
 *     ... mixed_runs(mixed) tells how many there may be ...
 *     TRY(mixed_search(mixed, &goal, &hooks, &err));
 *     ... mixed->chosen, mixed->points ...
 *     mixed_apply(mixed, other_graph);                  // which quantize_graph() then obeys
 *     mixed_free(mixed);
 *
 * Each layer is measured alone as each candidate, the rest in float, on samples that recovery is not fitted
 * to. What layers do together is predicted by adding up, then measured, and the table is corrected around the
 * plan that is chosen. The graph is the search's own: it is left with the specs of some plan.
 */
#ifndef QUANTIZE_MIXED_H
#define QUANTIZE_MIXED_H

#include "quantize/damage.h"
#include "quantize/mixed_table.h"
#include "quantize/quantize.h"

/* A form that a layer can have. */
typedef struct MixedCandidate {
  const char *name;
  int weight_bits; /* 32: float */
  int group;       /* of weights that share a factor; 0: one scale a channel */
  ActivationForm activations;
  int level; /* 0: tried first; others only where the quality that is wanted cannot be had with less, and of
                layers that do much of the harm in 8 bits */
} MixedCandidate;

typedef struct MixedSettings {
  QuantizeOptions quantize;
  RecoveryOptions recovery;
  int group;         /* of the candidate that has groups; 0: no such candidate */
  bool may_be_wide;  /* results of layers that are bad in 8 bits may have 16 */
  bool may_be_float; /* layers that are bad even in 8 bits may stay in float */
  int64_t samples;   /* that calibrate, from the first one on */
  int64_t measured;  /* at most so many, the last of these, measure */
  bool is_fitted;    /* recovery has something to fit to: the samples are real */
} MixedSettings;

typedef struct MixedLayer {
  const char *name, *type; /* of the first node that reads the weights; the graph's */
  int64_t weights;
} MixedLayer;

/* A plan with what it costs. */
typedef struct MixedPoint {
  MixedPlan plan;
  double predicted; /* noise over signal */
  bool is_measured;
  Damage measured;
  int64_t file_bytes; /* 0: not known */
} MixedPoint;

/* What is wanted; 0 where it is not. */
typedef struct MixedGoal {
  int64_t most_weight_bytes, most_file_bytes;
  bool has_quality;                   /* the smallest plan that keeps these: */
  double least_sqnr, least_agreement; /* dB; percent; -INFINITY and 0: any */
  bool is_estimate; /* least_agreement is only a guess: where no plan keeps it, the search begins with all
                       layers as the first candidate */
} MixedGoal;

typedef struct MixedHooks {
  void *context;
  bool (*is_over)(void *context); /* time is up; NULL: never */
  Status (*file_bytes)(void *context, const Graph *graph, int64_t *bytes,
                       Error *err); /* NULL: not to be known */
  SampleProgress progress;          /* counts runs; may be NULL */
  void *progress_context;
} MixedHooks;

#define MIXED_MAX_POINTS 12

typedef struct Mixed {
  MixedCandidate
      candidates[MIXED_MAX_CANDIDATES]; /* the first is the one that all layers have in an INT8 file */
  int candidate_count;
  MixedLayer *layers; /* in the order in which they are run */
  MixedTable table;
  int64_t measured_samples;
  bool is_classifier;
  MixedPoint home; /* all layers as the first candidate */
  MixedFront front;
  MixedPoint points[MIXED_MAX_POINTS]; /* of the front */
  int point_count;
  MixedPoint chosen;
  bool is_reached;          /* the goal, as far as the search can tell */
  bool is_cut_short;        /* by the time */
  int64_t runs;             /* that were done */
  bool is_fitted;           /* weights of candidates are recovered */
  int64_t recovery_samples; /* that is fitted to, about */
  int corrections, flips;   /* rounds around the chosen plan, options in each */
  int level;                /* up to which candidates were tried */
  int *order;               /* of the layers: the largest first */
  double *errors;           /* [layers][candidates]: relative, of the weights */
  struct MixedBench *bench;
  Arena arena;
} Mixed;

/* `graph` is clean and has no specs but those that came with the model. */
Status mixed_new(Mixed **mixed, Graph *graph, const Calibration *calibration, const MixedSettings *settings,
                 const SampleReader *reader, Pool *pool, Error *err);
/* The first run, of all layers as the first candidate: what the others will take, too. */
Status mixed_measure_home(Mixed *mixed, Error *err);
/* How many runs the recovery of the candidates' weights takes about as long as; 0: none is. */
int64_t mixed_recovery_runs(const Mixed *mixed);
/* Runs of the samples that a search takes at most. */
int64_t mixed_runs(const Mixed *mixed);
Status mixed_search(Mixed *mixed, const MixedGoal *goal, const MixedHooks *hooks, Error *err);

/* After the real file has missed the goal: the best plan of at most so many bytes of weights, or the next
   larger one of the front. False where there is none. */
bool mixed_choose_within(Mixed *mixed, int64_t bytes);
bool mixed_choose_larger(Mixed *mixed, int64_t step);
/* The candidates of the next level are measured, too, and the finest plan is chosen. *is_finer false: there
 * are none. */
Status mixed_choose_finer(Mixed *mixed, const MixedHooks *hooks, bool *is_finer, Error *err);
Status mixed_measure_chosen(Mixed *mixed, Error *err);

/* The chosen plan on the nodes of a graph that was made in the same way. */
Status mixed_apply(const Mixed *mixed, Graph *graph, Error *err);
void mixed_free(Mixed *mixed); /* accepts NULL */

#endif
