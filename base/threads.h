/*
 * threads.h - a pool that runs the same body over a range of indices.
 *
 * Which worker gets which index is not fixed, so bodies write to places of their own index (or to statistics
 * whose merging does not depend on the order) and results never depend on the number of threads.
 */
#ifndef BASE_THREADS_H
#define BASE_THREADS_H

#include "base/error.h"

#include <stddef.h>

#define THREADS_MAX 256

typedef struct Pool Pool;

/* Does item `index`; `worker` is 0..pool_workers()-1 and never two bodies at a time have the same. */
typedef Status (*PoolBody)(void *context, size_t index, int worker, Error *err);

/* Processors that this process may use, at least 1. */
int threads_available(void);

/* `threads` of 1..THREADS_MAX, the calling one among them. NULL on failure. */
Pool *pool_new(int threads, Error *err);
void pool_free(Pool *pool); /* accepts NULL */
int pool_workers(const Pool *pool);

/* Runs body for 0..count-1. Stops early at a failure: the error is that of the lowest index that failed among
   those that ran. A pool of NULL runs everything in the caller, as worker 0. Not to be nested. */
Status pool_for(Pool *pool, size_t count, PoolBody body, void *context, Error *err);

#endif
