/* importance.h - which channels matter most. */
#ifndef PRUNE_IMPORTANCE_H
#define PRUNE_IMPORTANCE_H

#include "prune/channels.h"

typedef enum Importance {
  IMPORTANCE_L2, /* the norm of the weights that make a channel, times what BatchNormalization makes of them
                  */
  IMPORTANCE_L1
} Importance;

/* `scores` by channel: the sum over all weights that make it. Only within a group are they to be compared. */
Status importance_score(const Graph *graph, const Channels *channels, Importance by, double *scores,
                        Error *err);

#endif
