/*
 * ranks.h - one training on several processes, on one machine or many: what they tell one another. The only
 * file that knows MPI is ranks.c. In a program that is not built for it (make MPI=1), or was not started by
 * mpirun, there is one rank, and nothing here does anything.
 *
 * Every rank has the whole state and does the same steps. What may end differently on one of them (reading,
 * writing, memory) is agreed on before the next step, so that none waits for another that has given up.
 */
#ifndef DISTILL_RANKS_H
#define DISTILL_RANKS_H

#include "base/base.h"

/* Once, before anything else here; ranks_end() when the work is done, also after a failure. */
Status ranks_begin(Error *err);
void ranks_end(void);

int ranks_count(void);
int ranks_own(void);       /* 0..ranks_count()-1 */
bool ranks_is_first(void); /* rank 0: the one that prints and writes */

/* To and from rank 0, in order. Never by two threads at a time, like everything here. */
void ranks_send(const void *bytes, size_t size);
void ranks_receive(int from, void *bytes, size_t size);
/* Every rank calls it, and has then what rank `from` had. */
void ranks_broadcast(int from, void *bytes, size_t size);

/* Does any rank say so? Every rank calls it. */
bool ranks_any(bool flag);
/* The status of the first rank that failed, with its line; every rank calls it. */
Status ranks_agree(Status status, Error *err);

#endif
