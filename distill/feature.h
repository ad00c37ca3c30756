/* feature.h - inner values that a student's and a teacher's are compared by: how they lie in memory, and the
   nodes that bring two of different size together. Inside distill/. */
#ifndef DISTILL_FEATURE_H
#define DISTILL_FEATURE_H

#include "operators/op.h"

#define FEATURE_MAX_AXES 3

/* Of one sample. Rank 2: channels only; rank 3: places, then channels, as tokens have them; rank 4 and 5:
   channels, then places. */
typedef struct FeatureForm {
  int rank, channel_axis;
  int64_t channels, positions;
  int axes; /* of the places */
  int64_t sizes[FEATURE_MAX_AXES];
} FeatureForm;

/* Means are taken over windows of places, 1 where nothing is to be done. */
typedef struct FeatureWindows {
  int axes;
  int64_t sizes[FEATURE_MAX_AXES];
} FeatureWindows;

/* BAD_INPUT where the value is no float32 tensor that a node computes for each sample of a batch, of 2 to 5
   axes with known sizes; `whose` it is goes into the message. */
Status feature_form(FeatureForm *form, const Value *value, const char *whose, Error *err);

/* The windows that make the places of both the same. BAD_INPUT where the ranks differ or a size is no
   multiple of the other. */
Status feature_windows(const FeatureForm *student, const FeatureForm *teacher, FeatureWindows *of_student,
                       FeatureWindows *of_teacher, Error *err);
bool feature_is_pooled(const FeatureWindows *windows);

/* Nodes behind `value`; the graph must be refreshed, bound and inferred afterwards. NULL on failure.
   An AveragePool, a linear map of the channels with new weights that are named after `name`, and the sum of
   squares over the channels. */
Value *feature_pool(Graph *graph, Value *value, const FeatureWindows *windows, Error *err);
Value *feature_map_channels(Graph *graph, Value *value, const FeatureForm *form, int64_t channels,
                            const char *name, Error *err);
Value *feature_sum_squares(Graph *graph, Value *value, const FeatureForm *form, Error *err);

#endif
