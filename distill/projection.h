/* projection.h - what an inner value of a student goes through before it is compared with one of a teacher of
   another size: means over windows of places, a linear map of the channels (the regressor of Romero et al.
   2015, "FitNets"). It is trained beside the student and never written. Inside distill/. */
#ifndef DISTILL_PROJECTION_H
#define DISTILL_PROJECTION_H

#include "distill/feature.h"
#include "interpreter/backward.h"

typedef struct Projection {
  Graph *graph; /* its float32 constants are what is trained */
  Backward *backward;
  Value *input, *output;
} Projection;

/* `shape` of the value, with an open batch axis; `channels`: those of the teacher's. Weights are drawn by
   `seed` and `name`. To be freed after failure too. */
Status projection_new(Projection **projection, const Shape *shape, const FeatureForm *form,
                      const FeatureWindows *windows, int64_t channels, const char *name, uint64_t seed,
                      Error *err);
void projection_free(Projection *projection); /* accepts NULL */

#endif
